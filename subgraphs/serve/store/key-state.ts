import type { ClientSession, Collection } from 'mongodb';
import { randomInt } from 'node:crypto';
import { within } from '../../../schema/runtime/within.ts';
import type { Oldest } from '../record/schema-versions.ts';
import { recordsOf } from './collections.ts';
import { derivation } from './derive.ts';
import { type CommunityStore, isOpen } from './store.ts';

/**
 * The policy versions whose access keys a store's rows have, and the version that rows are found by. The minimum
 * versions of the documents are part of it, because writers must hold both in the same way.
 */
export type KeyState = Held & {
  /** The version of the rules by which the values of all records are derived (derive.ts); absent if some have none. */
  readonly derived?: number;
  /** Rows are found by the keys of this version. Every row has them. */
  readonly serving: number;
  /** The version whose keys are being added; null while none is. */
  readonly next: number | null;
  /**
   * The version that rows were found by before the last switch. Requests may still use its keys, so every row has
   * them.
   */
  readonly leaving: number | null;
  /** The version that is known to be the only one with keys on any row; null while there may be others. */
  readonly settled: number | null;
  /** The time of the last switch to another version's keys. */
  readonly switchedAt: Date;
};

/** The oldest document version of each kind that a store may contain; a contracted store accepts no older one. */
export type Held = {
  /** No older version is written. Filters use fields that every document has since this version. */
  readonly oldest?: Oldest;
  /** Programs of older versions cannot read what is written now. */
  readonly shed?: Oldest;
  /** The time when `oldest` was last raised. */
  readonly raisedAt?: Date;
};

type Shard = KeyState & { readonly _id: number; readonly batches: number };

/** The key state changed since it was read. Read it again and repeat the write. */
export class KeyStateChanged extends Error {
  override readonly name = 'KeyStateChanged';
}

/** The store requires a newer document version than this program knows, so this program must not write. */
export class ProgramTooOld extends Error {
  override readonly name = 'ProgramTooOld';
}

/**
 * The key state is replicated in 16 documents. A writer of rows updates one of them in its transaction; a state change
 * updates all 16. A commit that is based on an old state therefore conflicts, and concurrent imports rarely do.
 */
const shards = 16;
const answerMs = 10_000;
const durable = { writeConcern: { w: 'majority', j: true }, readConcern: { level: 'snapshot' } } as const;

/** Returns a store's key state; null if it was never written. Rejects if the store does not answer. */
export async function readKeyState(store: CommunityStore): Promise<KeyState | null> {
  if (!isOpen(store)) throw new Error('the store is not connected');
  return await within(answerMs, shardsOf(store).findOne({ _id: 0 }, { readConcern: 'majority' }));
}

/**
 * Returns a store's key state, and first writes it with this policy version if there is none. A store without records
 * requires the document versions of this program, because it never had older ones.
 */
export async function beginKeyState(store: CommunityStore, version: number): Promise<KeyState> {
  const known = await readKeyState(store);
  if (known !== null) return known;
  await store.connection.createCollection('labelling').catch(ignore);
  const first: KeyState = {
    serving: version,
    next: null,
    leaving: null,
    settled: null,
    switchedAt: new Date(0),
  };
  await inTransaction(store, async (session) => {
    const all = shardsOf(store);
    if ((await all.findOne({ _id: 0 }, { session })) !== null) return;
    const held = (await isEmpty(store, session)) ? { ...newestOf(store), derived: derivation } : {};
    const documents = Array.from({ length: shards }, (_, _id): Shard => ({
      _id,
      batches: 0,
      ...first,
      ...held,
    }));
    await all.insertMany(documents, { session });
  }).catch(ignore);
  const begun = await readKeyState(store);
  if (begun === null) throw new Error("the store's key state could not be written");
  return begun;
}

async function isEmpty(store: CommunityStore, session: ClientSession): Promise<boolean> {
  for (const kind of store.records.keys())
    if ((await recordsOf(store, kind).findOne({}, { session, projection: { _id: 1 } })) !== null)
      return false;
  return true;
}

function newestOf({ schemas }: CommunityStore): Held {
  const migrated = [...schemas.values()].filter(({ current }) => current > 1);
  const versions = Object.fromEntries(migrated.map(({ type, current }) => [type, current]));
  return migrated.length === 0 ? {} : { oldest: versions, shed: versions };
}

/** Changes the key state, if it is still the one that was read. Throws KeyStateChanged otherwise. */
export async function changeKeyState(
  store: CommunityStore,
  from: KeyState,
  to: Partial<KeyState>,
): Promise<void> {
  const { serving, next, leaving, settled } = from;
  await inTransaction(store, async (session) => {
    const { matchedCount } = await shardsOf(store).updateMany(
      { serving, next, leaving, settled },
      { $set: to, $inc: { batches: 1 } },
      { session },
    );
    if (matchedCount !== shards) throw new KeyStateChanged('the key state changed since it was read');
  });
}

/**
 * Ties a transaction to the key state: it cannot commit after a state change. Throws KeyStateChanged if it changed
 * already.
 */
export async function holdKeyState(
  store: CommunityStore,
  shard: number,
  expected: KeyState,
  session: ClientSession,
): Promise<void> {
  const found = await shardsOf(store).findOneAndUpdate({ _id: shard }, { $inc: { batches: 1 } }, { session });
  if (found === null || !isSame(found, expected))
    throw new KeyStateChanged('the key state changed since it was read');
}

/**
 * Raises a minimum version of documents for some kinds. No transaction that began under a lower minimum can commit
 * after it, because each one holds a document of the key state.
 */
export async function raise(
  store: CommunityStore,
  what: 'oldest' | 'shed',
  versions: Oldest,
  now: Date,
): Promise<void> {
  const raised = Object.entries(versions).map(([kind, version]) => [`${what}.${kind}`, version]);
  await inTransaction(store, async (session) => {
    await shardsOf(store).updateMany(
      {},
      {
        $max: Object.fromEntries(raised),
        $inc: { batches: 1 },
        ...(what === 'oldest' ? { $set: { raisedAt: now } } : {}),
      },
      { session },
    );
  });
}

/** Stores the version of the rules by which all records are derived; null if some records have to be derived again. */
export async function setDerived(store: CommunityStore, derived: number | null): Promise<void> {
  const change = derived === null ? { $unset: { derived: 1 as const } } : { $set: { derived } };
  await inTransaction(store, async (session) => {
    await shardsOf(store).updateMany({}, { ...change, $inc: { batches: 1 } }, { session });
  });
}

/** Throws ProgramTooOld if a store requires a version of some kind that this program does not know. */
export function refuseOldProgram({ schemas }: Pick<CommunityStore, 'schemas'>, { oldest = {} }: Held): void {
  for (const { type, current } of schemas.values()) {
    const held = oldest[type] ?? 1;
    if (held > current)
      throw new ProgramTooOld(
        `expected a program that knows version ${held} of ${type}, which this store requires, got one that knows version ${current}`,
      );
  }
}

/** Returns whether both states require the same of rows that are written. */
export function isSame(one: KeyState, other: KeyState): boolean {
  const hasSameKeys =
    one.serving === other.serving && one.next === other.next && one.leaving === other.leaving;
  return hasSameKeys && hasSameMinimum(one.oldest, other.oldest) && hasSameMinimum(one.shed, other.shed);
}

function hasSameMinimum(one: Oldest = {}, other: Oldest = {}): boolean {
  const kinds = [...Object.keys(one), ...Object.keys(other)];
  return kinds.every((kind) => (one[kind] ?? 1) === (other[kind] ?? 1));
}

/** Returns the document of the key state that a writer updates in all its transactions. */
export function chooseShard(): number {
  return randomInt(shards);
}

/** Runs work in a transaction with majority write concern. The driver repeats it after a write conflict. */
export async function inTransaction(
  store: CommunityStore,
  work: (session: ClientSession) => Promise<void>,
): Promise<void> {
  const session = await store.connection.startSession();
  try {
    await session.withTransaction(async () => await work(session), durable);
  } finally {
    await session.endSession();
  }
}

function shardsOf(store: CommunityStore): Collection<Shard> {
  return store.connection.collection<Shard>('labelling');
}

/** Another process wrote it first, or the read that follows fails with the reason. */
function ignore(): void {
  // Nothing to do.
}
