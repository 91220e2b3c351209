import type { ClientSession, Collection, ObjectId } from 'mongodb';
import { createHash } from 'node:crypto';
import type { Content } from '../record/content.ts';
import type { EndOfClock, Progress } from '../../../schema/workflow/engine/progress.ts';
import type { Workflow } from '../../../schema/workflow/language/load.ts';
import { isKnown } from '../../../schema/workflow/language/opening.ts';
import { keepBooking } from './kinds/bookings.ts';
import { tell, tellOfMove } from './notices.ts';
import { type Connected, type InWorkflow, isOfRecord, type Threaded } from './parties.ts';
import { setTimers, type Timed, type TimesOfChange } from './timers.ts';

/**
 * Where a record or one of its threads stands. It is a document separate from the record, so that a move in one thread changes
 * nothing that readers of the record see: neither its version nor its time.
 */
export type StoredProgress = Threaded & {
  /** The id of the record; for a thread or a part followed by a space and the organisation or the name of the part. */
  readonly _id: string;
  readonly record: string;
  readonly workflow: string;
  readonly version: number;
  readonly progress: Progress;
  /** The moves in its parts, and those that settle its threads. Each changes this document: a move of the record conflicts. */
  readonly partMoves?: number;
  /** Moves that wait for their second person: at most one of each organisation. A move of the record ends all of them. */
  readonly proposals?: readonly Proposal[];
};

/** A move that one person proposed and another person of the same organisation must confirm. */
export type Proposal = {
  readonly id: string;
  readonly move: string;
  readonly by: StoredMove['by'];
  readonly at: Date;
  /** When it ends, and the version of the record that it was made on. */
  readonly until: Date;
  readonly recordVersion: number;
  readonly input: StoredMove['input'];
};

/** A move is made at once. One that needs a second person is proposed first, then made or dismissed. */
export const stages = ['made', 'proposed', 'dismissed'] as const;

/** A move that was made. None is ever changed or deleted: a wrong one is corrected by another. */
export type StoredMove = Threaded & {
  readonly record: string;
  readonly workflow: string;
  readonly move: string;
  readonly stage: (typeof stages)[number];
  readonly from: string | null;
  readonly to: string;
  readonly by: { readonly organisation: string; readonly subject: string };
  readonly happenedAt: Date;
  readonly recordedAt: Date;
  readonly late: { readonly reason: string; readonly channel: string } | null;
  readonly input: Readonly<Record<string, unknown>>;
  /** Whether a mask hides the state that it leads to. The query for the other side leaves it out. */
  readonly isHidden: boolean;
  /** The key that the client chose for the request. */
  readonly key: string;
};

/** Returns the id by which another move names a move. Its length is fixed, and it says nothing of other moves. */
export function idOfMove(_id: ObjectId): string {
  return createHash('sha256').update(_id.toHexString()).digest('base64url').slice(0, 22);
}

/** The most addressees or parts of one record. */
export const maxThreads = 100;

/** The progress of records and threads. */
export function progressIn({ connection }: Connected): Collection<StoredProgress> {
  return connection.collection<StoredProgress>('progress');
}

/** The moves that were made. */
export function movesIn({ connection }: Connected): Collection<StoredMove> {
  return connection.collection<StoredMove>('moves');
}

/** Creates the indexes of both collections. Reads find progress and moves by their record, threads of one reader too. */
export async function createWorkflowIndexes(store: Connected): Promise<void> {
  const progress = progressIn(store);
  await progress.createIndex({ record: 1, organisation: 1, part: 1 }, { unique: true });
  await movesIn(store).createIndex({ record: 1, isHidden: 1, organisation: 1, recordedAt: 1 });
  // Stores of programs without parts have an index that permits one part of a record only.
  const older = 'record_1_organisation_1';
  if (!(await progress.indexExists(older))) return;
  await progress.dropIndex(older).catch((error: unknown) => {
    // Another process removed it meanwhile.
    if ((error as { readonly codeName?: string }).codeName !== 'IndexNotFound') throw error;
  });
}

/** Returns the id of the progress of a record, of the thread of an organisation, or of a part. */
export function progressId(record: string, { organisation, part = null }: Threaded): string {
  const thread = organisation ?? part;
  return thread === null ? record : `${record} ${thread}`;
}

/**
 * Writes a move and the progress that it leads to, tells the organisations that take part, and sets the timers. Returns
 * the progress. `before` is null for a new progress. `at` has the content of the record after the move. Every move passes here.
 */
export async function writeMove(
  store: Connected,
  at: MovedIn,
  move: StoredMove,
  { progress, proposals = [] }: Pick<StoredProgress, 'progress' | 'proposals'>,
  before: StoredProgress | null,
  session: ClientSession,
): Promise<StoredProgress> {
  const { record, workflow, organisation, part = null } = move;
  const _id = progressId(record, move);
  const version = (before?.version ?? 0) + 1;
  const after: StoredProgress = { _id, record, workflow, organisation, part, version, progress, proposals };
  if (before === null) await progressIn(store).insertOne(after, { session });
  else await progressIn(store).replaceOne({ _id }, after, { session });
  await movesIn(store).insertOne({ ...move }, { session });
  const { move: name, happenedAt, recordedAt: sortAt } = move;
  await keepBooking(store, at, after, sortAt, session);
  // The time of a move of the clock tells the instants that it follows from.
  const dependsOn = move.by.subject === 'clock' ? instantsIn(at.of) : [];
  const event = { id: `move ${version}`, event: 'move', name, happenedAt, sortAt, dependsOn } as const;
  const threads = isOfRecord(move) && before !== null ? await threadsOf(store, record, session) : [];
  const made = { event, progress, mover: move.by.organisation };
  const organisations = threads.flatMap((one) =>
    at.thread === null || isKnown(at.thread, one.progress) ? (one.organisation ?? []) : [],
  );
  const members = {
    ...at,
    record,
    organisation,
    part,
    content: await membersIn(store, at.content, after, session),
  };
  // Another organisation learns of a move that needs a second person once it is made.
  if (move.stage === 'made') await tellOfMove(store, members, made, organisations, session);
  if (move.stage === 'proposed')
    await tell(store, members, { ...event, name: `${name}Proposed` }, move.by.organisation, session);
  const times = { happenedAt, now: sortAt };
  await setTimers(store, timedOf(members, at.of, after), times, session);
  // The deadlines of threads can depend on fields of the record.
  for (const thread of threads)
    if (at.thread !== null) await setTimers(store, timedOf(members, at.thread, thread), times, session);
  return after;
}

/**
 * Changes facts of a record that follow from its parts, and sets the timers of the record. No move is made: the history has
 * those of the parts.
 */
export async function setFacts(
  store: Connected,
  at: MovedIn,
  before: StoredProgress,
  changed: Content,
  times: TimesOfChange,
  session: ClientSession,
): Promise<void> {
  const progress = { ...before.progress, facts: { ...before.progress.facts, ...changed } };
  const after = { ...before, progress };
  await progressIn(store).updateOne({ _id: before._id }, { $set: { progress } }, { session });
  const content = await membersIn(store, at.content, after, session);
  await setTimers(store, timedOf({ ...at, content }, at.of, after), times, session);
}

/** Returns the values that name the members: fields of the record, facts of the record, and those of the thread. */
async function membersIn(
  store: Connected,
  content: Content,
  after: StoredProgress,
  session: ClientSession,
): Promise<Content> {
  const ofRecord = isOfRecord(after)
    ? null
    : await progressIn(store).findOne({ _id: after.record }, { session });
  return { ...content, ...ofRecord?.progress.facts, ...after.progress.facts };
}

function timedOf(
  { kind, content, endOf }: MovedIn,
  of: Workflow,
  { _id, record, organisation, part = null, progress }: StoredProgress,
): Timed {
  const known = { progress, fields: content };
  return { of, kind, record, organisation, part, content, progress: _id, known, endOf };
}

/** The workflow of a move, the content of its record after it, and the workflow of the record's threads. */
export type MovedIn = Pick<InWorkflow, 'of' | 'kind' | 'content' | 'readers'> & {
  readonly thread: Workflow | null;
  readonly endOf: EndOfClock;
};

/** Returns the facts and the fields of a workflow that are instants: the time of a timer can depend on each. */
export function instantsIn({ facts, fields }: Workflow): readonly string[] {
  const all = Object.entries({ ...facts, ...fields });
  return all.flatMap(([name, { type }]) => (type === 'instant' ? [name] : []));
}

/** Returns whether a mask hides a standing from one of the sides. */
export function isMasked({ masks }: Workflow, { state }: Progress): boolean {
  return masks.some(({ states }) => states.includes(state));
}

/** Returns the threads and the parts of a record. */
export async function threadsOf(
  store: Connected,
  record: string,
  session: ClientSession,
): Promise<readonly StoredProgress[]> {
  return await progressIn(store)
    .find({ record, _id: { $ne: record } }, { session })
    .toArray();
}

/**
 * Returns the threads of a record after all others that ask in turn: two transactions that ask at once conflict, and one is
 * made again. Otherwise the last two recipients could each see the thread of the other as open.
 */
export async function threadsInTurn(
  store: Connected,
  record: string,
  session: ClientSession,
): Promise<readonly StoredProgress[]> {
  await progressIn(store).updateOne({ _id: record }, { $inc: { partMoves: 1 } }, { session });
  return await threadsOf(store, record, session);
}
