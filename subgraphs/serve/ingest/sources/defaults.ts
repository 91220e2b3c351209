import type { Community, Purpose } from '../../../../schema/record/vocabulary.ts';
import { markingOf, noAudience } from '../../record/marking.ts';
import type { Defaults } from './source.ts';

/** What public catalogues of vulnerabilities and of actors are read for. */
export const cataloguePurposes: readonly Purpose[] = [
  'incident-response',
  'threat-analysis',
  'vulnerability-handling',
  'situational-awareness',
];

/** Makes, for one community, what holds for records of a public source that say nothing else of themselves. */
export function publicDefaultsAt(
  custodian: Community,
  purposes: readonly Purpose[],
): (originator: string, provider?: string) => Defaults {
  return (originator, provider = originator) => ({
    originator,
    provider,
    custodian,
    marking: markingOf('CLEAR'),
    audience: noAudience,
    purposes,
    exercise: null,
    sourceUrl: null,
  });
}
