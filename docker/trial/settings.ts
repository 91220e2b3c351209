import { fileURLToPath } from 'node:url';
import { filePath, orNone } from '../../schema/runtime/settings/forms.ts';
import { setting } from '../../schema/runtime/settings/settings.ts';

const besidePackage = fileURLToPath(new URL('../../.jcu', import.meta.url));

/** What the trial is told from outside; what its parts are told, it says itself. */
export const trialSettings = {
  home: setting('JCU_HOME', 'where the trial keeps its stores, keys and logs', filePath, besidePackage),
  cache: setting(
    'JCU_CACHE',
    "where a fetched mongod is kept; else `jcu-hub` in the user's cache folder",
    orNone(filePath),
    '',
  ),
  mongod: setting(
    'MONGOMS_SYSTEM_BINARY',
    'the mongod to start; else one is looked for',
    orNone(filePath),
    '',
  ),
};
