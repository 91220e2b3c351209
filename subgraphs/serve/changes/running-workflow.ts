import type { ClientSession } from 'mongodb';
import type { ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import type { Community } from '../../../schema/record/vocabulary.ts';
import { standingAt } from '../../../schema/workflow/engine/progress.ts';
import { addressedByHub, isByMovesOnly, opensThreads, workflowsOf } from '../../../schema/workflow/served.ts';
import { isBooked } from '../workflow/kinds/bookings.ts';
import type { Kind } from '../kind.ts';
import type { Content } from '../record/content.ts';
import { recordsOf, schemaOf } from '../store/collections.ts';
import { workflowRulesOf } from '../workflow/rules.ts';
import { progressIn } from '../workflow/progress-store.ts';
import type { CommunityStore } from '../store/store.ts';
import { Refused } from './refused.ts';

type Place = {
  readonly store: CommunityStore;
  readonly community: Community;
  readonly readerAccess: Pick<ReaderAccess, 'now'>;
};

/**
 * Refuses to retract a record while its workflow runs, or while one of its items is booked. No move can be made on a retracted
 * record, so those who wait for one would wait for ever. A record without a stored state was entered without a workflow.
 */
export async function refuseRunning(
  place: Place,
  { type, hasBookings = false, hasLaterMoves = false }: Pick<Kind, 'type' | 'hasBookings' | 'hasLaterMoves'>,
  id: string,
  session: ClientSession,
): Promise<void> {
  const isRunning = isByMovesOnly(type) && hasLaterMoves && (await runs(place, type, id, session));
  if (!isRunning && !(hasBookings && (await isBooked(place.store, id, session)))) return;
  throw new Refused(
    'WRONG_STATE',
    ['id'],
    'its workflow is not over: make the moves that end it, then retract the record',
  );
}

/** Refuses to mark a record whose readers its workflow sets, while it runs: those who must answer could not any more. */
export async function refuseNewReaders(
  place: Place,
  type: string,
  id: string,
  session: ClientSession,
): Promise<void> {
  const of = workflowsOf(place.community).get(type);
  const setsReaders = of !== undefined && (addressedByHub(of) !== null || opensThreads(of));
  if (!setsReaders || !(await runs(place, type, id, session))) return;
  throw new Refused('WRONG_STATE', ['id'], 'its workflow sets its readers until it is over');
}

/** Judges by the clock too: a state that it computes can be final, and no move leads there. */
async function runs(
  { store, community, readerAccess: { now } }: Place,
  type: string,
  id: string,
  session: ClientSession,
): Promise<boolean> {
  const stored = await progressIn(store).findOne({ _id: id }, { session });
  if (stored === null) return false;
  const of = workflowsOf(community).get(type)?.record ?? null;
  const found = await recordsOf(store, type).findOne({ _id: id }, { session });
  const record = found === null ? null : schemaOf(store, type).read(found);
  if (of === null || record === null) return true;
  const known = { progress: stored.progress, fields: record.content as Content };
  const { state } = standingAt(of, known, now, workflowRulesOf(community).endOf);
  return of.states[state]?.final !== true;
}
