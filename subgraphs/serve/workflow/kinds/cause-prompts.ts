import type { ClientSession } from 'mongodb';
import type { CommunityStore } from '../../store/store.ts';
import type { Follow, FollowedIn } from '../follow.ts';
import { progressIn, setFacts, type StoredMove, threadsOf } from '../progress-store.ts';
import { statesOfUnclassified } from './unclassified-case.ts';

/** The moves of assessments after which the prompt of a case begins or ends. */
export const followsOfAssessments: Readonly<Record<string, Follow>> = {
  'level.assessLevel': settlePrompt,
  'level.assessLevelAgain': settlePrompt,
  'level.reviseLevel': settlePrompt,
  'level.withdrawLevel': settlePrompt,
};

/**
 * Begins or ends the prompt for one cause in several states. While it stands, the participants of the case are reminded at once
 * and then daily. They see all assessments of the case, so the reminder tells them nothing more.
 */
async function settlePrompt(
  store: CommunityStore,
  at: FollowedIn,
  move: StoredMove,
  session: ClientSession,
): Promise<void> {
  const { record: of } = at;
  const stored = await progressIn(store).findOne({ _id: move.record }, { session });
  if (of === null || stored === null) return;
  const assessments = await threadsOf(store, move.record, session);
  const current = assessments.filter(({ progress: { state } }) => state === 'current');
  const stands = statesOfUnclassified(current.map(({ progress: { facts } }) => facts)).length > 0;
  const isSet = stored.progress.facts['promptAt'] instanceof Date;
  if (stands === isSet) return;
  const promptAt = stands ? move.recordedAt : null;
  const times = { happenedAt: move.happenedAt, now: move.recordedAt, beginsNow: true };
  await setFacts(store, { ...at, of }, stored, { promptAt }, times, session);
}
