import type { ClientSession } from 'mongodb';
import { statesTo } from '../../../schema/workflow/language/check-states.ts';
import type { CommunityStore } from '../store/store.ts';
import type { Follow, FollowedIn } from './follow.ts';
import { bySystem } from './move-steps.ts';
import { progressIn, type StoredMove, threadsOf, writeMove } from './progress-store.ts';

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
  // Without this, the last two recipients could each see the other as open in their transactions.
  await progressIn(store).updateOne({ _id: move.record }, { $inc: { partMoves: 1 } }, { session });
  const threads = await threadsOf(store, move.record, session);
  if (threads.every(({ progress }) => at.thread?.states[progress.state]?.final === true))
    await makeOnRecord(store, at, move, 'complete', session);
}

/** Makes a move of the system on the record, if it leads out of its state. */
async function makeOnRecord(
  store: CommunityStore,
  at: FollowedIn,
  made: StoredMove,
  name: string,
  session: ClientSession,
): Promise<void> {
  const { record: of } = at;
  const stored = await progressIn(store).findOne({ _id: made.record }, { session });
  const declared = of?.moves[name];
  if (of === null || declared === undefined || stored === null) return;
  const { progress: before } = stored;
  if (typeof declared.from === 'string' || !declared.from.includes(before.state)) return;
  const [state = before.state] = statesTo(declared);
  const progress = { ...before, state, since: made.happenedAt, former: null };
  const subject = { workflow: of.name, organisation: null, part: null, isHidden: false };
  const move = { ...made, ...bySystem, ...subject, move: name, from: before.state, to: state };
  await writeMove(store, { ...at, of }, move, { progress }, stored, session);
}
