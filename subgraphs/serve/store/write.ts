import {
  type AnyBulkWriteOperation,
  type ClientSession,
  MongoNetworkError,
  MongoServerSelectionError,
  type TransactionOptions,
} from 'mongodb';
import type { Envelope, Released, StoredRecord } from '../../../schema/record/envelope.ts';
import { isDuplicateKey } from '../../../schema/runtime/duplicate-key.ts';
import { within } from '../../../schema/runtime/within.ts';
import type { Content } from '../record/content.ts';
import type { SchemaVersions } from '../record/schema-versions.ts';
import { replaceWords, wordsOf } from '../search/write-words.ts';
import { writeChangeRows, writeOpenedRows } from '../sync/change-rows.ts';
import { rekeyed } from '../workflow/parties.ts';
import { linksOf, partyRowsOf, recordsOf } from './collections.ts';
import { derivation, deriveFilters, deriveSortAt, type FilterFields } from './derive.ts';
import type { KeyAssigner, KeyPolicy } from './key-assigner.ts';
import { KeyStateChanged } from './key-state.ts';
import { toLinks } from './links.ts';
import type { CommunityStore } from './store.ts';

/** A record to write, together with its join rows. */
export type RecordWrite = {
  readonly kind: string;
  readonly record: StoredRecord;
  /** The stored envelope that this write replaces; null for a new record. */
  readonly before: Envelope | null;
  /** The shared keys and parent records that the record names: each gets a join row. */
  readonly keys: readonly string[];
  /** Keys that get no join row, because only a marked portion names them. */
  readonly unlisted: ReadonlySet<string>;
};

/** The transaction of a write, the policy versions that give access keys, and the time. */
export type WriteOptions = {
  readonly session: ClientSession;
  readonly keyPolicy: Pick<KeyPolicy, 'subscribeKeys' | 'searchTerms'>;
  readonly now: Date;
};

/** Another writer changed the record between reading and writing it. */
class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/** The store went away during a transaction and did not come back in time. */
export class StoreLost extends Error {
  override readonly name = 'StoreLost';
}

const attempts = 5;
const lostMs = 20_000;

/**
 * Runs `write` again where another writer was faster, five times at most. A change of the access keys' state does not
 * count as an attempt: the records get their keys again, however often the state changes.
 */
export async function retryOvertaken<Result>(write: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write();
    } catch (error) {
      if (error instanceof KeyStateChanged) continue;
      if (!(error instanceof Overtaken || isDuplicateKey(error)) || attempt >= attempts) throw error;
    }
  }
}

/**
 * Runs `work` in a transaction that commits only if the access keys' state is still the one that `keyAssigner` gave
 * last. Throws KeyStateChanged where it is not, StoreLost where the store goes away for 20 s, and DeadlineExceeded
 * after `ms`.
 */
export async function inWriteTransaction<Result>(
  store: Pick<CommunityStore, 'connection'>,
  keyAssigner: KeyAssigner,
  { ms, ...options }: TransactionOptions & { readonly ms: number },
  work: (session: ClientSession) => Promise<Result>,
): Promise<Result> {
  const session = await store.connection.startSession();
  const lostAt = performance.now() + lostMs;
  const held = async (): Promise<Result> => {
    await keyAssigner.hold(session);
    return await work(session);
  };
  try {
    return await within(
      ms,
      session.withTransaction(async () => await untilLost(lostAt, held()), options),
    );
  } finally {
    // A store that is lost ends the session after its own timeout: do not wait for it.
    void session.endSession().catch(() => undefined);
  }
}

/** Waits for the work. After `lostAt`, a network failure becomes StoreLost, which the driver does not retry. */
async function untilLost<Result>(lostAt: number, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    const isLost = error instanceof MongoNetworkError || error instanceof MongoServerSelectionError;
    if (isLost && performance.now() > lostAt) throw new StoreLost(error.message, { cause: error });
    throw error;
  }
}

/**
 * Writes records and replaces their join rows, words and change rows. A record is replaced only in the version that the write is based on;
 * otherwise it throws, and `retryOvertaken` reads again. With a replaced record, it stores which subscribers could see it
 * before. This is the only function that inserts and replaces records: the change stream follows these two (live/).
 */
export async function writeRecords(
  store: CommunityStore,
  writes: readonly RecordWrite[],
  { session, keyPolicy, now }: WriteOptions,
): Promise<void> {
  for (const [kind, ofKind] of Map.groupBy(writes, (write) => write.kind)) {
    const replaced = ofKind.filter(({ before }) => before !== null);
    const operations = ofKind.map((write) => toOperation(write, keyPolicy, now));
    const { matchedCount } = await recordsOf(store, kind).bulkWrite(operations, { session, ordered: false });
    if (matchedCount !== replaced.length) throw new Overtaken('a record was changed meanwhile');
    const rekey = rekeyed(ofKind.map(({ record }) => record));
    for (const rows of partyRowsOf(store, kind)) await rows.bulkWrite(rekey, { session, ordered: false });
  }
  const links = linksOf(store);
  const replaced = writes.filter(({ before }) => before !== null).map(({ record }) => record._id);
  if (replaced.length > 0) await links.deleteMany({ record: { $in: replaced } }, { session });
  const rows = writes.flatMap(({ kind, record, keys, unlisted }) =>
    toLinks(
      record,
      kind,
      keys.filter((key) => !unlisted.has(key)),
    ),
  );
  if (rows.length > 0) await links.insertMany(rows, { session, ordered: false });
  const words = writes.flatMap(({ kind, record }) => wordsOf(store, kind, record, keyPolicy));
  await replaceWords(store, replaced, words, session);
  const changes = writes.map(({ kind, record: { _id: id, envelope }, before }) => ({
    id,
    kind,
    envelope,
    before,
  }));
  await writeChangeRows(store, changes, { session, keyPolicy, now });
}

/**
 * Opens a stored record to a further organisation, with its join rows and its rows for that organisation, and leaves its version
 * and its time as they are: its other readers must not learn of it. The change stream has no line for it, so the subscribers of
 * records get no event. `record` has the new audience and its access keys. The rows for other organisations keep their keys:
 * no query for them uses the new ones, and otherwise each row would have the keys of up to a hundred recipients.
 */
export async function openRecord(
  store: CommunityStore,
  kind: string,
  record: StoredRecord,
  { to, before }: { readonly to: string; readonly before: Envelope },
  { session, keyPolicy, now }: WriteOptions,
): Promise<void> {
  const { _id, envelope, admits, admitsEarly, policy } = record;
  const keys = { admits, admitsEarly, policy };
  const { matchedCount } = await recordsOf(store, kind).updateOne(
    { _id, 'envelope.version': envelope.version },
    { $set: { ...keys, 'envelope.audience': envelope.audience } },
    { session },
  );
  if (matchedCount === 0) throw new Overtaken('a record was changed meanwhile');
  await linksOf(store).updateMany({ record: _id }, { $set: keys }, { session });
  for (const rows of partyRowsOf(store, kind)) await rows.bulkWrite([...rekeyed([record], to)], { session });
  await replaceWords(store, [_id], wordsOf(store, kind, record, keyPolicy), session);
  await writeOpenedRows(store, { id: _id, kind, envelope }, before, { session, keyPolicy, now });
}

/**
 * Replaces what the originator states about the releases of a record, such as a proposal, without a new version. It decides
 * nothing: access follows from the grants in the envelope. Throws Overtaken if the record has another version. A write that
 * read the record before is overtaken by it.
 */
export async function setReleased(
  store: CommunityStore,
  kind: string,
  {
    _id,
    version,
    released,
  }: { readonly _id: string; readonly version: number; readonly released: readonly Released[] },
  session: ClientSession,
): Promise<void> {
  const change =
    released.length === 0
      ? { $unset: { 'envelope.released': 1 as const } }
      : { $set: { 'envelope.released': released } };
  const { matchedCount } = await recordsOf(store, kind).updateOne(
    { _id, 'envelope.version': version },
    change,
    { session },
  );
  if (matchedCount === 0) throw new Overtaken('a record was changed meanwhile');
}

function toOperation(
  { kind, record, before }: RecordWrite,
  keyPolicy: WriteOptions['keyPolicy'],
  now: Date,
): AnyBulkWriteOperation<StoredRecord> {
  if (before === null) return { insertOne: { document: record } };
  // A proposal or its withdrawal writes no version: a write that is based on the releases before it would undo it.
  const released = before.released ?? { $exists: false };
  const filter = { _id: record._id, 'envelope.version': before.version, 'envelope.released': released };
  const admittedBefore = keyPolicy.subscribeKeys(before, kind, now);
  return { replaceOne: { filter, replacement: { ...record, admittedBefore } } };
}

/** A record before it has access keys, derived values and the form of its document version. */
export type Unkeyed = Pick<
  StoredRecord<Content>,
  '_id' | 'feed' | 'envelope' | 'content' | 'sortAt' | 'contentHash'
>;

/**
 * Returns the document to store, with the access keys of `keyPolicy` and in the current document version. The sort key
 * and the values of filters are derived again at each write, so that they follow the marking; the given `sortAt` is for a
 * record without a date. `left` is the stored record whose content stays as it is: fields of newer versions are kept.
 */
export function toDocument(
  kind: string,
  { content, ...record }: Unkeyed,
  keyPolicy: KeyPolicy,
  schema: SchemaVersions,
  left?: StoredRecord,
): StoredRecord {
  const { envelope } = record;
  const { admits, early } = keyPolicy.admittedKeys(envelope, kind);
  const form = schema.write(content, keyPolicy.shed ?? {}, left);
  const whole = { envelope, content: form.content as Content };
  const filters = deriveFilters(kind, whole, keyPolicy, schema);
  const derived =
    form.schemaVersion > schema.current
      ? withNewer(filters, envelope, left)
      : { ...filters, derived: derivation };
  return {
    ...record,
    ...form,
    ...derived,
    sortAt: deriveSortAt(kind, whole, record.sortAt, keyPolicy, schema),
    openFrom: envelope.embargoUntil ?? new Date(0),
    admits,
    admitsEarly: early,
    policy: keyPolicy.version,
  };
}

/**
 * Keeps the values of a newer document version, which this program cannot derive. Drops them where a field is hidden,
 * because it does not know which of them: they are derived again when the store is refilled.
 */
function withNewer(
  own: FilterFields,
  { portions }: Envelope,
  left: StoredRecord | undefined,
): FilterFields & Pick<StoredRecord, 'derived'> {
  if (portions.length > 0 || own.terms !== undefined || left?.terms !== undefined) return own;
  return {
    filters: { ...left?.filters, ...own.filters },
    ...(left?.derived !== undefined && { derived: left.derived }),
  };
}
