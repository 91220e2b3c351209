import type { ClientSession } from 'mongodb';
import type { StoredRecord } from '../../../../schema/record/envelope.ts';
import { moveBySystem } from '../../../../schema/workflow/engine/system.ts';
import { workflowsOf } from '../../../../schema/workflow/served.ts';
import type { Content } from '../../record/content.ts';
import { modelOf, recordsOf, schemaOf } from '../../store/collections.ts';
import type { CommunityStore } from '../../store/store.ts';
import { type Booking, bookedFor, isDeployedElsewhere, type Taken } from './bookings.ts';
import { bySystem } from '../move-steps.ts';
import { partOf } from '../named-parts.ts';
import { type MovedIn, progressIn, type StoredMove, writeMove } from '../progress-store.ts';

const type = 'ResponseTeam';

/**
 * Makes one of these moves of the system on each person and unit that is booked for a mobilisation: the first that leads out
 * of its state. Their number is bounded (`maxBooked`).
 */
export async function moveBooked(
  store: CommunityStore,
  at: MovedIn,
  made: StoredMove,
  moves: readonly string[],
  session: ClientSession,
): Promise<void> {
  for (const booking of await bookedFor(store, made.record, session))
    for (const taken of booking.taken.filter(({ mobilisation }) => mobilisation === made.record))
      await moveTaken(store, at, made, { moves, booking, taken }, session);
}

async function moveTaken(
  store: CommunityStore,
  { endOf }: MovedIn,
  made: StoredMove,
  {
    moves,
    booking,
    taken,
  }: { readonly moves: readonly string[]; readonly booking: Booking; readonly taken: Taken },
  session: ClientSession,
): Promise<void> {
  const of = workflowsOf('joint-unit').get(type)?.thread ?? null;
  const stored = await progressIn(store).findOne({ _id: taken.progress }, { session });
  const content = await contentOf(store, taken.record, session);
  if (of === null || stored === null || content === null) return;
  const known = { progress: stored.progress, fields: content };
  for (const move of moves) {
    const progress = moveBySystem(of, move, known, made.happenedAt, endOf);
    if (progress === null) continue;
    // A unit that was taken out of its team, or that another deployment still keeps, is not deployed. A move before this one
    // can have deployed it for the same mobilisation.
    if (progress.state === 'deployed') {
      const isKept = await isDeployedElsewhere(store, booking, taken, session);
      if (isKept || partOf(of, content, stored) === null) continue;
    }
    const { record, organisation, part = null } = stored;
    const subject = { record, workflow: of.name, organisation, part };
    const states = { from: stored.progress.state, to: progress.state, isHidden: false };
    const kind = { type, collection: modelOf(store, type).collection.name };
    const entry = { ...made, ...bySystem, ...subject, ...states, move };
    await writeMove(store, { of, kind, content, thread: of, endOf }, entry, { progress }, stored, session);
    return;
  }
}

/** The content of a team. Null for one that was retracted or erased: no move of it can be made. */
async function contentOf(store: CommunityStore, id: string, session: ClientSession): Promise<Content | null> {
  const found = await recordsOf(store, type).findOne({ _id: id }, { session });
  const record: StoredRecord | null = found === null ? null : schemaOf(store, type).read(found);
  const state = record?.envelope.recordState;
  return record === null || state === 'RETRACTED' || state === 'ERASED' ? null : (record.content as Content);
}
