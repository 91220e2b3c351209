import type { ClientSession, Collection } from 'mongodb';
import { createHash } from 'node:crypto';
import type { StoredRecord } from '../../../../schema/record/envelope.ts';
import { organisationsIn } from '../../../../schema/workflow/engine/condition.ts';
import type { Progress } from '../../../../schema/workflow/engine/progress.ts';
import { Refused } from '../../changes/refused.ts';
import type { Kind } from '../../kind.ts';
import type { Connected, InWorkflow, Threaded } from '../parties.ts';

/** A period, with its start and without its end. */
export type Period = { readonly from: Date; readonly until: Date };

/** A time in which one thread takes a person or a service unit. */
export type Taken = {
  /** The id of the thread's progress. */
  readonly progress: string;
  readonly record: string;
  /** Null for a rest and a time away. */
  readonly mobilisation: string | null;
  readonly from: Date;
  /** Null if the end is not known. */
  readonly until: Date | null;
  /** `offered`, `committed`, `deployed`, `recovering` or `unavailable`. */
  readonly state: string;
};

/**
 * The bookings of one person or service unit of one provider, in all teams that name it. Each booking changes this
 * document, so that of two at once the second sees the first, in whatever process they are made.
 */
export type Booking = { readonly _id: string; readonly taken: readonly Taken[]; readonly changes: number };

/** Where a thread stands after a move. */
type Stood = Threaded & {
  readonly _id: string;
  readonly record: string;
  readonly workflow: string;
  readonly progress: Progress;
};

/** The most teams in which one person or unit is booked, and the most persons and units of one mobilisation. */
export const maxTaken = 100;
export const maxBooked = 50;

const bookedStates: ReadonlySet<string> = new Set(['offered', 'committed', 'deployed']);
const restingStates: ReadonlySet<string> = new Set(['recovering', 'unavailable']);

/** The bookings of a store. */
export function bookingsIn({ connection }: Connected): Collection<Booking> {
  return connection.collection<Booking>('bookings');
}

/** Creates the indexes of bookings, by the thread and by the mobilisation. Does nothing in a store without bookings. */
export async function createBookingIndexes(
  store: Connected,
  kinds: readonly Pick<Kind, 'hasBookings'>[],
): Promise<void> {
  if (!kinds.some(({ hasBookings }) => hasBookings === true)) return;
  await bookingsIn(store).createIndexes([
    { key: { 'taken.progress': 1 } },
    { key: { 'taken.mobilisation': 1 } },
  ]);
}

/**
 * Writes the booking that follows from where a thread stands, in the transaction of its move. Does nothing for another
 * workflow. Throws Refused if the person or unit is taken in the time of an offer; a rest and a time away are never refused
 * for it. Every move of every thread passes here.
 */
export async function keepBooking(
  store: Connected,
  at: Pick<InWorkflow, 'kind' | 'content'>,
  after: Stood,
  now: Date,
  session: ClientSession,
): Promise<void> {
  if (after.workflow !== 'booking') return;
  const bookings = bookingsIn(store);
  const taken = takenBy(after);
  if (taken === null) {
    const [own, pull] = [{ 'taken.progress': after._id }, { $pull: { taken: { progress: after._id } } }];
    await bookings.updateMany(own, pull, { session });
    return;
  }
  const _id = await idOfUnit(store, at, after, session);
  // Changing the document first makes another transaction that books the same person or unit conflict.
  const found = await bookings.findOneAndUpdate(
    { _id },
    { $inc: { changes: 1 }, $setOnInsert: { taken: [] } },
    { session, upsert: true, returnDocument: 'after' },
  );
  const others = (found?.taken ?? []).filter(({ progress }) => progress !== after._id);
  if (others.length === found?.taken.length) {
    const { from, until, mobilisation } = taken;
    if (mobilisation !== null && until !== null)
      refuseTaken(await ofRunning(store, at, others, session), { from, until }, now);
    if (others.length >= maxTaken)
      throw new Refused('CLOSED', ['unit'], `expected ${maxTaken} bookings of one unit at most`);
    if (mobilisation !== null) await refuseMany(store, mobilisation, session);
  }
  await bookings.updateOne({ _id }, { $set: { taken: [...others, taken] } }, { session });
}

/** Returns the bookings for a mobilisation. */
export async function bookedFor(
  store: Connected,
  mobilisation: string,
  session: ClientSession,
): Promise<readonly Booking[]> {
  return await bookingsIn(store).find({ 'taken.mobilisation': mobilisation }, { session }).toArray();
}

/** Returns whether a person or unit of a team is offered, committed or deployed. */
export async function isBooked(store: Connected, team: string, session: ClientSession): Promise<boolean> {
  const booked = { record: team, state: { $in: [...bookedStates] } };
  return (await bookingsIn(store).findOne({ taken: { $elemMatch: booked } }, { session })) !== null;
}

/** Returns whether a person or unit is deployed in another thread than this one. */
export async function isDeployedElsewhere(
  store: Connected,
  { _id }: Pick<Booking, '_id'>,
  { progress }: Pick<Taken, 'progress'>,
  session: ClientSession,
): Promise<boolean> {
  const found = await bookingsIn(store).findOne({ _id }, { session });
  return found?.taken.some((other) => other.progress !== progress && other.state === 'deployed') ?? false;
}

function takenBy({ _id, record, progress: { state, since, facts } }: Stood): Taken | null {
  const { from, until, mobilisation } = facts;
  const by = { progress: _id, record, state };
  if (restingStates.has(state))
    return { ...by, mobilisation: null, from: since, until: until instanceof Date ? until : null };
  if (!bookedStates.has(state)) return null;
  if (!(from instanceof Date && until instanceof Date && typeof mobilisation === 'string'))
    throw new Error(`expected a period and a mobilisation in the state ${state}`);
  // The start of a mobilisation deploys at once, also before the start of the booking.
  const start = state === 'deployed' && since < from ? since : from;
  return { ...by, mobilisation, from: start, until };
}

/** The id differs between an exercise and the real picture, so a booking in one takes no person in the other. It is a hash. */
async function idOfUnit(
  { connection }: Connected,
  { kind, content }: Pick<InWorkflow, 'kind' | 'content'>,
  { record, part = null }: Stood,
  session: ClientSession,
): Promise<string> {
  const projection = { 'envelope.exercise': 1 };
  const records = connection.collection<StoredRecord>(kind.collection);
  const found = await records.findOne({ _id: record }, { session, projection });
  const [provider] = organisationsIn(content['provider']);
  return unitId(found?.envelope.exercise ?? null, provider ?? '', part ?? '');
}

/** Returns the id of the bookings of a person or unit. Spellings that differ in case or spaces are one person. */
export function unitId(exercise: string | null, provider: string, name: string): string {
  const normal = name.normalize('NFKC').trim().toLowerCase();
  return createHash('sha256')
    .update(JSON.stringify([exercise, provider, normal]))
    .digest('base64url');
}

/** Returns the bookings without those of retracted teams: no move on such a team can end them. */
async function ofRunning(
  { connection }: Connected,
  { kind }: Pick<InWorkflow, 'kind'>,
  taken: readonly Taken[],
  session?: ClientSession,
): Promise<readonly Taken[]> {
  if (taken.length === 0) return [];
  const ids = taken.map(({ record }) => record);
  const ended = {
    _id: { $in: ids },
    'envelope.recordState': { $in: ['RETRACTED' as const, 'ERASED' as const] },
  };
  const records = connection.collection<StoredRecord>(kind.collection);
  const by = { projection: { _id: 1 }, ...(session !== undefined && { session }) };
  const found = await records.find(ended, by).toArray();
  const gone = new Set(found.map(({ _id }) => _id));
  return taken.filter(({ record }) => !gone.has(record));
}

/** Returns those of the units of one provider that are free in a period, by their names. */
export async function findFree(
  store: Connected,
  {
    kind,
    exercise,
    provider,
  }: Pick<InWorkflow, 'kind'> & { readonly exercise: string | null; readonly provider: string },
  names: readonly string[],
  period: Period,
  now: Date,
): Promise<ReadonlySet<string>> {
  const ids = new Map(names.map((name) => [name, unitId(exercise, provider, name)]));
  const found = await bookingsIn(store)
    .find({ _id: { $in: [...ids.values()] } })
    .toArray();
  const running = new Set(
    await ofRunning(
      store,
      { kind },
      found.flatMap(({ taken }) => taken),
    ),
  );
  const isFree = (id: string): boolean => {
    const taken = found.find(({ _id }) => _id === id)?.taken.filter((one) => running.has(one)) ?? [];
    return freeFrom(taken, period, now)?.getTime() === period.from.getTime();
  };
  return new Set(names.filter((name) => isFree(ids.get(name) ?? '')));
}

/** The answer says from when the person or unit is free, and nothing of the booking that takes it. */
function refuseTaken(taken: readonly Taken[], asked: Period, now: Date): void {
  const free = freeFrom(taken, asked, now);
  if (free?.getTime() === asked.from.getTime()) return;
  const when = free === null ? 'the end is not known yet' : `free from ${free.toISOString()}`;
  throw new Refused('WRONG_STATE', ['from'], `the person or unit is taken in that time: ${when}`);
}

/** Returns the first instant from which a person or unit is free for as long as asked. Null if it is not known. */
export function freeFrom(taken: readonly Taken[], { from, until }: Period, now: Date): Date | null {
  const ms = until.getTime() - from.getTime();
  let start = from.getTime();
  for (;;) {
    const clashing = taken.filter((one) => one.from.getTime() < start + ms && start < endOf(one, now));
    if (clashing.length === 0) return new Date(start);
    start = Math.min(...clashing.map((one) => endOf(one, now)));
    if (start === Infinity) return null;
  }
}

/** A deployment that goes on beyond its end has no known end. A rest and a time away are over at their end. */
function endOf({ state, until }: Taken, now: Date): number {
  return until === null || (state === 'deployed' && until <= now) ? Infinity : until.getTime();
}

/** The start and the end of a mobilisation move all that is booked for it, in one transaction. */
async function refuseMany(store: Connected, mobilisation: string, session: ClientSession): Promise<void> {
  const of = { 'taken.mobilisation': mobilisation };
  const count = await bookingsIn(store).countDocuments(of, { session, limit: maxBooked });
  if (count >= maxBooked)
    throw new Refused(
      'CLOSED',
      ['mobilisation'],
      `expected ${maxBooked} persons and units of one mobilisation at most: release one first`,
    );
}
