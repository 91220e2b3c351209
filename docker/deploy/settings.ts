import { filePath, oneOf, text } from '../../schema/runtime/settings/forms.ts';
import { secret, setting } from '../../schema/runtime/settings/settings.ts';
import { owners } from './folder.ts';

/** The settings for the setup of one store. */
export const setupSettings = {
  owner: setting('JCU_STORE_OWNER', 'owner of the store', oneOf(...owners)),
  member: setting('JCU_STORE_ADDRESS', 'HOST:PORT of the store for its user and its replica set', text),
  local: setting(
    'JCU_STORE_LOCAL',
    'HOST:PORT of the store for its setup; the first time, its loopback address',
    text,
    '127.0.0.1:27017',
  ),
  caFile: setting('JCU_STORE_CA_FILE', "certificate authority (PEM) of the store's certificate", filePath),
  adminPassword: secret(
    'JCU_STORE_ADMIN_PASSWORD',
    'password of the administrator, who manages users and replica set and cannot read records',
    text,
  ),
  password: secret('JCU_STORE_PASSWORD', "password of the store's only user", text),
};

/** The settings for the command that adds the trial's fictional readers to the registry. */
export const registrySettings = {
  storeUri: secret('JCU_STORE_URI', "MongoDB URI of the hub's own store", text),
};
