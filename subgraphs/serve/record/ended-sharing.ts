import { isDeepStrictEqual } from 'node:util';
import type { Envelope, Portion } from '../../../schema/record/envelope.ts';

/**
 * Returns the next envelope of a record without the onward shares and releases that its new reading has ended. They do not
 * begin again with a later marking: the recipient would have to record them, and the originator to release again.
 * `before` is the envelope that `next` replaces.
 */
export function withoutEndedSharing(next: Envelope, before: Envelope): Envelope {
  return keepReleases(withoutEndedShares(next), before);
}

function withoutEndedShares(envelope: Envelope): Envelope {
  const { onwardShares, marking, audience } = envelope;
  const isKept = ({ by }: Envelope['onwardShares'][number]): boolean =>
    marking.tlp === 'AMBER' && audience.organisations.includes(by);
  return onwardShares.every(isKept) ? envelope : { ...envelope, onwardShares: onwardShares.filter(isKept) };
}

/** A release of a record or of a field lasts as long as its marking: it was decided on that one. */
function keepReleases(next: Envelope, before: Envelope): Envelope {
  const { releases: _releases, released: _released, ...rest } = next;
  const ofRecord = isDeepStrictEqual(next.marking, before.marking) ? (before.releases ?? []) : [];
  const portions = next.portions.map((portion) => withReleases(portion, before.portions));
  const kept = new Set([...ofRecord, ...portions.flatMap(({ releases = [] }) => releases)]);
  const released = (before.released ?? []).filter(({ id }) => kept.has(id));
  return {
    ...rest,
    portions,
    ...(ofRecord.length === 0 ? {} : { releases: ofRecord }),
    ...(released.length === 0 ? {} : { released }),
  };
}

function withReleases(portion: Portion, before: readonly Portion[]): Portion {
  const { releases: _releases, ...own } = portion;
  const same = before.find(({ releases: _own, ...one }) => isDeepStrictEqual(one, own));
  return same?.releases === undefined ? own : { ...own, releases: same.releases };
}
