import { markingOf, noAudience } from '../../serve/ingest/marking.ts';
import { purposes } from '../../../schema/vocabulary.ts';
import type { Defaults } from '../../serve/ingest/source.ts';

/** What holds for reference material that its author publishes. */
export function publicDefaults(originator: string): Defaults {
  return {
    originator,
    provider: originator,
    custodian: 'defence',
    marking: markingOf('CLEAR'),
    audience: noAudience,
    purposes: ['incident-response', 'threat-analysis', 'situational-awareness', 'cyber-defence'],
    exercise: null,
    sourceUrl: null,
  };
}

/** What holds for what partners send: AMBER, for its originator alone, unless an operator says more. */
export const sharedDefaults: Defaults = {
  ...publicDefaults('defence'),
  marking: markingOf('AMBER'),
  purposes,
};
