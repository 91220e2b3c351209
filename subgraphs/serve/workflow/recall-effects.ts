import type { ClientSession } from 'mongodb';
import { moveBySystem } from '../../../schema/workflow/engine/system.ts';
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
  if (of === null || stored === null) return;
  const known = { progress: stored.progress, fields: at.content };
  const progress = moveBySystem(of, name, known, made.happenedAt, at.endOf);
  if (progress === null) return;
  const subject = { workflow: of.name, organisation: null, part: null, isHidden: false };
  const states = { from: stored.progress.state, to: progress.state };
  const move = { ...made, ...bySystem, ...subject, ...states, move: name };
  await writeMove(store, { ...at, of }, move, { progress }, stored, session);
}
