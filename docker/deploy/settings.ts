import { filePath, oneOf, text } from '../../schema/runtime/settings/forms.ts';
import { secret, setting } from '../../schema/runtime/settings/settings.ts';
import { owners } from './folder.ts';

/** What the preparation of one store is told. */
export const setupSettings = {
  owner: setting('JCU_STORE_OWNER', 'whose store it is', oneOf(...owners)),
  member: setting(
    'JCU_STORE_ADDRESS',
    'HOST:PORT by which its one user reaches it, and its replica set knows it',
    text,
  ),
  local: setting(
    'JCU_STORE_LOCAL',
    'HOST:PORT by which it is prepared, which is its loopback for the first time',
    text,
    '127.0.0.1:27017',
  ),
  caFile: setting('JCU_STORE_CA_FILE', 'the authority (PEM) of its certificate', filePath),
  adminPassword: secret(
    'JCU_STORE_ADMIN_PASSWORD',
    'of the administrator of its users and set, who reads no record',
    text,
  ),
  password: secret('JCU_STORE_PASSWORD', 'of its one user', text),
};

/** What fills the registry with the trial's fictional readers. */
export const registrySettings = {
  storeUri: secret('JCU_STORE_URI', "the MongoDB URI of the hub's own store", text),
};
