import type { Envelope } from '../../../schema/record/envelope.ts';

/**
 * Returns an envelope without the onward shares that its marking or its audience has ended. They do not begin again with a
 * later marking: the recipient would have to record them.
 */
export function withoutEndedShares(envelope: Envelope): Envelope {
  const { onwardShares, marking, audience } = envelope;
  const isKept = ({ by }: Envelope['onwardShares'][number]): boolean =>
    marking.tlp === 'AMBER' && audience.organisations.includes(by);
  return onwardShares.every(isKept) ? envelope : { ...envelope, onwardShares: onwardShares.filter(isKept) };
}
