import type { ClientSession } from 'mongodb';
import type { CommunityStore } from '../store/store.ts';
import type { Follow, FollowedIn } from './follow.ts';
import { makeOnRecord } from './make-on-record.ts';
import { progressIn, setFacts, type StoredMove, threadsOf } from './progress-store.ts';
import { isClosed, nextDueOf } from './run-steps.ts';

/** The moves of the system on a run that follow from those of its steps. */
export const followsOfSteps: Readonly<Record<string, Follow>> = {
  'procedure-step.finishStep': settleRun,
  'procedure-step.skipStep': settleRun,
  'procedure-step.failStep': settleRun,
  'procedure-step.retryStep': settleRun,
  'procedure-step.reopenStep': settleRun,
};

/** Completes a run after its last step. Otherwise the run states when its next step is due. */
async function settleRun(
  store: CommunityStore,
  at: FollowedIn,
  move: StoredMove,
  session: ClientSession,
): Promise<void> {
  const parts = await threadsOf(store, move.record, session);
  if (parts.every(({ progress }) => isClosed(progress.state))) {
    await makeOnRecord(store, at, move, 'complete', session);
    return;
  }
  const run = await progressIn(store).findOne({ _id: move.record }, { session });
  if (run === null || at.record === null) return;
  const times = { happenedAt: move.happenedAt, now: move.recordedAt };
  await setFacts(store, { ...at, of: at.record }, run, { nextStepDueAt: nextDueOf(parts) }, times, session);
}
