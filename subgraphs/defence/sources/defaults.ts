import { purposes } from '../../../schema/record/vocabulary.ts';
import { publicDefaultsAt } from '../../serve/ingest/sources/defaults.ts';
import type { Defaults } from '../../serve/ingest/sources/source.ts';
import { markingOf } from '../../serve/record/marking.ts';

/** Envelope defaults for published reference material, by originator. */
export const publicDefaults = publicDefaultsAt('defence', [
  'incident-response',
  'threat-analysis',
  'situational-awareness',
  'cyber-defence',
]);

/** Envelope defaults for bundles of partners: AMBER, for the originator only. An import may set others. */
export const sharedDefaults: Defaults = {
  ...publicDefaults('defence'),
  marking: markingOf('AMBER'),
  purposes,
};
