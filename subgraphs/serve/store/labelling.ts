import type { ClientSession, Collection } from 'mongodb';
import { randomInt } from 'node:crypto';
import { within } from '../../../schema/runtime/within.ts';
import type { Oldest } from '../record/schema-versions.ts';
import { recordsOf } from './collections.ts';
import { type CommunityStore, isOpen } from './store.ts';

/**
 * By which version's keys a store's rows are found, and which one's are being written beside them. What every writer
 * must know of the documents' own versions stands with it, since it is held in the same way.
 */
export type Labelling = Held & {
  /** Every row bears this version's keys: rows are found by them. */
  readonly serving: number;
  /** The version whose keys are being added. */
  readonly next: number | null;
  /** The version that rows were found by before: somebody may still find them so, and every row bears its keys yet. */
  readonly leaving: number | null;
  /** The version that every row bears the keys of, and of no other; null while that is not known. */
  readonly settled: number | null;
  /** When rows were last begun to be found by other keys. */
  readonly switchedAt: Date;
};

/** The versions that a store's documents are held to (subgraphs/serve/migrate/contract.ts). */
export type Held = {
  /** Nothing older is written any more, and filters compare what every document has since. */
  readonly oldest?: Oldest;
  /** What is older cannot read what is written any more. */
  readonly shed?: Oldest;
  /** When `oldest` was last raised. */
  readonly raisedAt?: Date;
};

type Shard = Labelling & { readonly _id: number; readonly batches: number };

/** What was found is not so any more: read again. */
export class Relabelled extends Error {
  override readonly name = 'Relabelled';
}

/** The store holds documents that this program does not know, and takes nothing from it any more. */
export class Outgrown extends Error {
  override readonly name = 'Outgrown';
}

/**
 * The same words in so many documents. Whoever writes rows touches one of them in its transaction, whoever changes
 * what is written touches all: so no batch that was labelled for another state is ever committed after the change, and
 * imports at once seldom wait for each other.
 */
const shards = 16;
const answerMs = 5000;
const durable = { writeConcern: { w: 'majority', j: true }, readConcern: { level: 'snapshot' } } as const;

/** The state of a store's labels; null where it was never written. Rejects where the store does not answer. */
export async function readLabelling(store: CommunityStore): Promise<Labelling | null> {
  if (!isOpen(store)) throw new Error('the store is not connected');
  return await within(answerMs, shardsOf(store).findOne({ _id: 0 }, { readConcern: 'majority' }));
}

/**
 * Begins a store's labels with a version, where nothing is said of them yet. A store without a record is held to the
 * versions of the program that begins it: nothing older was ever there.
 */
export async function beginLabelling(store: CommunityStore, version: number): Promise<Labelling> {
  const known = await readLabelling(store);
  if (known !== null) return known;
  await store.connection.createCollection('labelling').catch(ignore);
  const first: Labelling = {
    serving: version,
    next: null,
    leaving: null,
    settled: null,
    switchedAt: new Date(0),
  };
  await inTransaction(store, async (session) => {
    const all = shardsOf(store);
    if ((await all.findOne({ _id: 0 }, { session })) !== null) return;
    const held = (await isEmpty(store, session)) ? newestOf(store) : {};
    const documents = Array.from({ length: shards }, (_, _id): Shard => ({
      _id,
      batches: 0,
      ...first,
      ...held,
    }));
    await all.insertMany(documents, { session });
  }).catch(ignore);
  const begun = await readLabelling(store);
  if (begun === null) throw new Error('the state of the labels cannot be begun');
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

/** Changes the state from what it was read as. Throws Relabelled where it is another by now. */
export async function changeLabelling(
  store: CommunityStore,
  from: Labelling,
  to: Partial<Labelling>,
): Promise<void> {
  const { serving, next, leaving, settled } = from;
  await inTransaction(store, async (session) => {
    const { matchedCount } = await shardsOf(store).updateMany(
      { serving, next, leaving, settled },
      { $set: to, $inc: { batches: 1 } },
      { session },
    );
    if (matchedCount !== shards) throw new Relabelled('the labels are of another state by now');
  });
}

/** Holds the state for a transaction that writes rows: it is committed only where nobody has changed it meanwhile. */
export async function holdLabelling(
  store: CommunityStore,
  shard: number,
  expected: Labelling,
  session: ClientSession,
): Promise<void> {
  const found = await shardsOf(store).findOneAndUpdate({ _id: shard }, { $inc: { batches: 1 } }, { session });
  if (found === null || !isSame(found, expected))
    throw new Relabelled('the labels are of another state by now');
}

/**
 * Raises what a store is held to for some kinds. From then on no transaction is committed that was begun under less:
 * each holds one of these documents.
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

/** Throws Outgrown where a store is held to a version of some kind that this program does not know. */
export function refuseOutgrown({ schemas }: Pick<CommunityStore, 'schemas'>, { oldest = {} }: Held): void {
  for (const { type, current } of schemas.values()) {
    const held = oldest[type] ?? 1;
    if (held > current)
      throw new Outgrown(
        `expected a program that knows version ${held} of ${type}, which this store is held to, got one of version ${current}`,
      );
  }
}

/** Whether rows that are written now bear the same versions' keys. */
export function isSame(one: Labelling, other: Labelling): boolean {
  const isFoundAlike =
    one.serving === other.serving && one.next === other.next && one.leaving === other.leaving;
  return isFoundAlike && isHeldAlike(one.oldest, other.oldest) && isHeldAlike(one.shed, other.shed);
}

function isHeldAlike(one: Oldest = {}, other: Oldest = {}): boolean {
  const kinds = [...Object.keys(one), ...Object.keys(other)];
  return kinds.every((kind) => (one[kind] ?? 1) === (other[kind] ?? 1));
}

/** The document that one writer touches for its whole life. */
export function chooseShard(): number {
  return randomInt(shards);
}

/** Runs work in a transaction that is durable on a majority; the driver runs it again where another was faster. */
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

/** Another process was faster, or what is read next says what is wrong. */
function ignore(): void {
  // Nothing to do.
}
