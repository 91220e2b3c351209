import type { ClientSession } from 'mongodb';
import { moveBySystem } from '../../../schema/workflow/engine/system.ts';
import type { CommunityStore } from '../store/store.ts';
import { moveBooked } from './kinds/booking-follow.ts';
import { followsOfAssessments } from './kinds/cause-prompts.ts';
import type { FollowedIn, Follow } from './follow.ts';
import { bySystem } from './move-steps.ts';
import { findVersion } from './kinds/plan-grounds.ts';
import { remindOfDuty } from './kinds/duty-reminders.ts';
import { followsOfNotifications } from './kinds/notification-effects.ts';
import { followsOfPlatform } from './kinds/platform-incidents.ts';
import { followsOfPostures } from './kinds/posture-effects.ts';
import { type MovedIn, type StoredMove, writeMove } from './progress-store.ts';
import { followsOfReleaseRequests } from './kinds/release-effects.ts';
import { followsOfRecalls } from './kinds/recall-effects.ts';
import { followsOfRuns } from './kinds/run-follow.ts';
import { proposeRuns } from './kinds/run-proposals.ts';

const follows: Readonly<Record<string, Follow>> = {
  'response-plan.force': supersedeParent,
  'mobilisation.start': movingBooked('deploy'),
  'mobilisation.end': movingBooked('rest', 'free'),
  'mobilisation.cancel': movingBooked('rest', 'free'),
  'mobilisation.withdraw': movingBooked('free'),
  ...followsOfRecalls,
  ...followsOfRuns,
  ...followsOfAssessments,
  ...followsOfPlatform,
  ...followsOfPostures,
  ...followsOfReleaseRequests,
  ...followsOfNotifications,
};

/** Makes what follows from a move on other records, or on the record of its thread, proposes runs, and reminds of duties. */
export async function followOnOthers(
  store: CommunityStore,
  at: FollowedIn,
  move: StoredMove,
  session: ClientSession,
): Promise<void> {
  await follows[`${move.workflow}.${move.move}`]?.(store, at, move, session);
  await proposeRuns(store, at, move, session);
  await remindOfDuty(store, at, move, session);
}

/** The persons and units that are booked for a mobilisation are deployed and freed with it. */
function movingBooked(...moves: readonly string[]): Follow {
  return async (store, at, move, session) => await moveBooked(store, at, move, moves, session);
}

/** A version of a plan supersedes the one that it replaces at the instant at which it comes into force. */
async function supersedeParent(
  store: CommunityStore,
  at: MovedIn,
  made: StoredMove,
  session: ClientSession,
): Promise<void> {
  const { parent } = at.content;
  const found = typeof parent === 'string' ? await findVersion(store, parent, session) : null;
  if (found === null) return;
  const { content, stored } = found;
  const known = { progress: stored.progress, fields: content };
  const progress = moveBySystem(at.of, 'supersede', known, made.happenedAt, at.endOf);
  if (progress === null) return;
  const states = { from: stored.progress.state, to: progress.state };
  const move = { ...made, ...bySystem, ...states, record: stored.record, move: 'supersede' };
  await writeMove(store, { ...at, content }, move, { progress }, stored, session);
}
