import type { ClientSession } from 'mongodb';
import { moveBySystem } from '../../../schema/workflow/engine/system.ts';
import type { CommunityStore } from '../store/store.ts';
import type { FollowedIn } from './follow.ts';
import { bySystem } from './move-steps.ts';
import { progressIn, type StoredMove, writeMove } from './progress-store.ts';

/** Makes a move of the system on the record of a move, if it leads out of its state. */
export async function makeOnRecord(
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
