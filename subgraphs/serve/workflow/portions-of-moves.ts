import type { Envelope, Portion } from '../../../schema/record/envelope.ts';
import { noAudience } from '../record/marking.ts';

/**
 * Returns a portion for some organisations only. It is AMBER+STRICT: a wider colour would open the field to a whole
 * community, whatever its audience is.
 */
export function portionFor(
  { marking }: Pick<Envelope, 'marking'>,
  path: string,
  organisations: readonly string[],
): Portion {
  return {
    path,
    marking: { ...marking, tlp: 'AMBER_STRICT' },
    audience: { ...noAudience, reach: 'NAMED', organisations },
  };
}

/** Returns whether a portion is one that a move made for no other organisations than these. */
export function isPortionFor({ marking, audience }: Portion, organisations: readonly string[]): boolean {
  const { sharingGroups, persons, agreements } = audience;
  return (
    marking.tlp === 'AMBER_STRICT' &&
    [...sharingGroups, ...persons, ...agreements].length === 0 &&
    audience.organisations.length > 0 &&
    audience.organisations.every((one) => organisations.includes(one))
  );
}
