import type { Envelope } from '../../../schema/record/envelope.ts';
import { Refused } from './refused.ts';

/** Returns whether two persons of the originator release a part: RED, and the handling codes H1 and H2. */
export function needsSecondPerson(part: Pick<Envelope, 'marking'>): boolean {
  return part.marking.tlp === 'RED' || isCoded(part);
}

/** Refuses to lower the marking of a part with H1 or H2, or to name new readers of it: two persons release it. */
export function refuseHandlingCodes(parts: readonly Pick<Envelope, 'marking'>[]): void {
  if (!parts.some(isCoded)) return;
  throw new Refused(
    'NOT_ALLOWED',
    ['reading'],
    'one person cannot open a record with the handling code H1 or H2, and no mutation lowers its marking: two persons release it with the mutation that begins with proposeRelease',
  );
}

function isCoded({ marking: { handlingCodes } }: Pick<Envelope, 'marking'>): boolean {
  return handlingCodes.some((code) => code === 'H1' || code === 'H2');
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
