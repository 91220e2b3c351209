import { publicDefaultsAt } from '../../serve/ingest/sources/defaults.ts';

/** What holds for records of a public source that say nothing else of themselves. */
export const publicDefaults = publicDefaultsAt('eeas', [
  'incident-response',
  'threat-analysis',
  'situational-awareness',
  'diplomatic-response',
]);
