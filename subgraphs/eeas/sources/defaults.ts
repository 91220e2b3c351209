import { markingOf, noAudience } from '../../serve/ingest/marking.ts';
import type { Defaults } from '../../serve/ingest/source.ts';

/** What holds for records of a public source that say nothing else of themselves. */
export function publicDefaults(originator: string, provider: string): Defaults {
  return {
    originator,
    provider,
    custodian: 'eeas',
    marking: markingOf('CLEAR'),
    audience: noAudience,
    purposes: ['incident-response', 'threat-analysis', 'situational-awareness', 'diplomatic-response'],
    exercise: null,
    sourceUrl: null,
  };
}
