import type { ClientSession } from 'mongodb';
import type { CommunityStore } from '../../store/store.ts';
import type { Follow, FollowedIn } from '../follow.ts';
import { makeOnRecord } from '../make-on-record.ts';
import { type StoredMove, threadsInTurn } from '../progress-store.ts';

/** The moves of the system that moves of recalls and of their recipients cause. */
export const followsOfRecalls: Readonly<Record<string, Follow>> = {
  // The threads of the recipients are written before: each has its notice.
  'recall.issue': async (store, at, move, session) => await makeOnRecord(store, at, move, 'tell', session),
  'recall-recipient.act': completeSettled,
  'recall-recipient.acceptObjection': completeSettled,
};

/** Completes a recall once each recipient acted, or its objection is settled. */
async function completeSettled(
  store: CommunityStore,
  at: FollowedIn,
  move: StoredMove,
  session: ClientSession,
): Promise<void> {
  const threads = await threadsInTurn(store, move.record, session);
  if (threads.every(({ progress }) => at.thread?.states[progress.state]?.final === true))
    await makeOnRecord(store, at, move, 'complete', session);
}
