import type { Envelope } from '../../../schema/record/envelope.ts';
import { keepReleases } from './released.ts';

/**
 * Returns the next envelope of a record without the onward shares and releases that its new reading has ended. They do not
 * begin again with a later marking: the recipient would have to record them, and the originator to release again.
 * `before` is the envelope that `next` replaces at `now`.
 */
export function withoutEndedSharing(next: Envelope, before: Envelope, now: Date): Envelope {
  return keepReleases(withoutEndedShares(next), before, now);
}

function withoutEndedShares(envelope: Envelope): Envelope {
  const { onwardShares, marking, audience } = envelope;
  const isKept = ({ by }: Envelope['onwardShares'][number]): boolean =>
    marking.tlp === 'AMBER' && audience.organisations.includes(by);
  return onwardShares.every(isKept) ? envelope : { ...envelope, onwardShares: onwardShares.filter(isKept) };
}
