import { purposes } from '../../../schema/record/vocabulary.ts';
import { publicDefaultsAt } from '../../serve/ingest/sources/defaults.ts';
import { markingOf } from '../../serve/record/marking.ts';
import type { Defaults } from '../../serve/ingest/sources/source.ts';

/** What holds for reference material that its author publishes. */
export const publicDefaults = publicDefaultsAt('defence', [
  'incident-response',
  'threat-analysis',
  'situational-awareness',
  'cyber-defence',
]);

/** What holds for what partners send: AMBER, for its originator alone, unless an operator says more. */
export const sharedDefaults: Defaults = {
  ...publicDefaults('defence'),
  marking: markingOf('AMBER'),
  purposes,
};
