import { randomUUID } from 'node:crypto';
import type { ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import type { StoredRecord } from '../../../schema/record/envelope.ts';
import { Refused } from '../changes/refused.ts';
import type { Proposal, StoredMove, StoredProgress } from './progress-store.ts';

/**
 * Returns the proposal of a move that needs a second person. It ends after a week, and with the first office of its
 * proposer that ends: then nobody with the right stands for it.
 */
export function newProposal(
  { move, by, recordedAt, input }: Pick<StoredMove, 'move' | 'by' | 'recordedAt' | 'input'>,
  { envelope }: StoredRecord,
  readerAccess: ReaderAccess,
): Proposal {
  const until = endOfProposal(readerAccess);
  return { id: randomUUID(), move, by, at: recordedAt, until, recordVersion: envelope.version, input };
}

/** Returns the proposal of an organisation by its id. Throws Refused if it ended. */
export function proposalOf({ proposals = [] }: StoredProgress, organisation: string, id: string): Proposal {
  const proposal = proposals.find((one) => one.id === id && one.by.organisation === organisation);
  if (proposal === undefined)
    throw new Refused('WRONG_STATE', ['proposal'], 'this move is no longer proposed: read the record again');
  return proposal;
}

function endOfProposal({ reader, now }: ReaderAccess): Date {
  const ends = reader.offices.map(({ until }) => Date.parse(until)).filter((end) => end > now.getTime());
  return new Date(Math.min(now.getTime() + 7 * 86_400_000, ...ends));
}

/** Throws Refused for a proposal that is over, or that was made on another version of the record. */
export function refuseOutdated(
  { until, recordVersion }: Proposal,
  { envelope }: StoredRecord,
  now: Date,
): void {
  if (until > now && recordVersion === envelope.version) return;
  throw new Refused(
    'WRONG_STATE',
    ['proposal'],
    'the proposal is over, or the record was changed since: dismiss it, and propose the move again',
  );
}

/** Returns the proposals of other organisations. Throws Refused if the organisation has one. */
export function refuseSecondProposal(
  { proposals = [] }: StoredProgress,
  organisation: string,
): readonly Proposal[] {
  if (proposals.some(({ by }) => by.organisation === organisation))
    throw new Refused('WRONG_STATE', [], 'a move is proposed already: confirm or dismiss it first');
  return proposals;
}
