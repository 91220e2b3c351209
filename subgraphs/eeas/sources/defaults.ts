import { publicDefaultsAt } from '../../serve/ingest/sources/defaults.ts';

/** Envelope defaults for records of public sources, by originator. */
export const publicDefaults = publicDefaultsAt('eeas', [
  'incident-response',
  'threat-analysis',
  'situational-awareness',
  'diplomatic-response',
]);
