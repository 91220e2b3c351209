import { fileURLToPath } from 'node:url';
import { filePath, orNone } from '../../schema/runtime/settings/forms.ts';
import { setting } from '../../schema/runtime/settings/settings.ts';

const besidePackage = fileURLToPath(new URL('../../.jcu', import.meta.url));

/** The settings of the trial. It sets those of its processes itself. */
export const trialSettings = {
  home: setting('JCU_HOME', "folder for the trial's stores, keys and logs", filePath, besidePackage),
  cache: setting(
    'JCU_CACHE',
    "folder for a downloaded mongod; without it, `jcu-hub` in the user's cache folder",
    orNone(filePath),
    '',
  ),
  mongod: setting(
    'MONGOMS_SYSTEM_BINARY',
    'path of the mongod to start; without it, the trial searches for one or downloads it',
    orNone(filePath),
    '',
  ),
};
