import type { Community, Purpose } from '../../../../schema/record/vocabulary.ts';
import { markingOf, noAudience } from '../../record/marking.ts';
import type { Defaults } from './source.ts';

/** The purposes of public catalogues of vulnerabilities and actors. */
export const cataloguePurposes: readonly Purpose[] = [
  'incident-response',
  'threat-analysis',
  'vulnerability-handling',
  'situational-awareness',
];

/** Returns a function that gives the defaults of a public source in one community. */
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
