import type { Envelope } from '../../../schema/record/envelope.ts';
import { Refused } from './refused.ts';

/** Returns whether two persons of the originator release a part: RED, and the handling codes H1 and H2. */
export function needsSecondPerson({ marking: { tlp, handlingCodes } }: Pick<Envelope, 'marking'>): boolean {
  return tlp === 'RED' || handlingCodes.some((code) => code === 'H1' || code === 'H2');
}

/** Refuses to release a part that another rule than its TLP holds back from each release. */
export function refuseHeld(
  { marking, embargoUntil }: Pick<Envelope, 'marking' | 'embargoUntil'>,
  now: Date,
): void {
  const { handlingCodes, extraRestrictions, distribution } = marking;
  const isHeld =
    (embargoUntil !== null && embargoUntil > now) ||
    handlingCodes.includes('H3') ||
    extraRestrictions.length > 0 ||
    distribution !== 'NONE';
  if (!isHeld) return;
  throw new Refused(
    'NOT_ALLOWED',
    ['id'],
    'an embargo, the handling code H3, a restriction or a distribution limit holds it back: change its marking first',
  );
}
