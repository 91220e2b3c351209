import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import { communities } from '../../../schema/record/vocabulary.ts';
import type { Content } from '../record/content.ts';
import { isMarkedByHand } from '../ingest/kept-by-hand.ts';
import { contractOf, namedIn } from '../record/contract.ts';
import type { SchemaVersions } from '../record/schema-versions.ts';
import { linksOf, modelOf, recordsOf, schemaOf } from '../store/collections.ts';
import {
  derivation,
  derivedFrom,
  deriveFilters,
  deriveSortAt,
  type FilterFields,
  isDerived,
} from '../store/derive.ts';
import type { KeyAssigner, KeyPolicy } from '../store/key-assigner.ts';
import { KeyStateChanged, readKeyState, setDerived } from '../store/key-state.ts';
import { derivesLess, goneMs } from '../store/processes.ts';
import type { CommunityStore } from '../store/store.ts';
import { type Range, walk, type WalkOptions } from '../store/walk/walk.ts';
import { inWriteTransaction } from '../store/write.ts';
import { refillRows, rowsRound } from './rewrite-rows.ts';

type Row = Pick<StoredRecord<Content>, '_id' | 'envelope' | 'content' | 'sortAt'>;

const transactionMs = 60_000;

/**
 * Returns whether records have to be refilled, and can be. While a program without these rules uses the store, it writes
 * records without the values: the store then notes that some lack them.
 */
export async function isRefillDue(store: CommunityStore, recentlyMs = goneMs): Promise<boolean> {
  const state = await readKeyState(store);
  if (state === null) return false;
  const isShared = await derivesLess(store, derivation, recentlyMs);
  if (isShared && isDerived(state)) await setDerived(store, null);
  return !isShared && !isDerived(state);
}

/**
 * Derives the values of every record that lacks them: filters, terms, words, change rows, the sort key, and join rows without the keys
 * that only portions name. The store then notes that all records have them. Safe to kill and to repeat. Returns how many
 * records were written.
 */
export async function refill(
  store: CommunityStore,
  keyAssigner: KeyAssigner,
  options: WalkOptions = {},
): Promise<number> {
  let all = 0;
  for (;;) {
    const kinds = [...store.records.keys()];
    const written = await walk(
      store,
      kinds,
      'adding',
      options,
      async (kind, range) => await refillRange(store, keyAssigner, kind, range),
    );
    all += written;
    // A walk that wrote nothing proves that every record has the values.
    if (written > 0) continue;
    await setDerived(store, derivation);
    await dropOldIndexes(store);
    return all;
  }
}

async function refillRange(
  store: CommunityStore,
  keyAssigner: KeyAssigner,
  kind: string,
  range: Range,
): Promise<number> {
  for (;;) {
    try {
      return await refillOnce(store, keyAssigner, kind, range);
    } catch (error) {
      if (!(error instanceof KeyStateChanged)) throw error;
    }
  }
}

async function refillOnce(
  store: CommunityStore,
  keyAssigner: KeyAssigner,
  kind: string,
  { after, last }: Range,
): Promise<number> {
  const records = recordsOf(store, kind);
  const schema = schemaOf(store, kind);
  const inRange = { _id: { $gt: after, $lte: last }, derived: { $ne: derivation } };
  if ((await records.findOne(inRange, { projection: { _id: 1 }, hint: { _id: 1 } })) === null) return 0;
  const keyPolicy = await keyAssigner.current();
  const limits = {
    ms: transactionMs,
    writeConcern: { w: 'majority' },
    readConcern: { level: 'snapshot' },
  } as const;
  await refillRows(store, kind, inRange, keyPolicy, async (work) => {
    await inWriteTransaction(store, keyAssigner, limits, work);
  });
  return await inWriteTransaction(store, keyAssigner, limits, async (session) => {
    const rows = await records
      .find(inRange, { session })
      .project<Row>(neededFor(schema))
      .hint({ _id: 1 })
      .toArray();
    if (rows.length === 0) return 0;
    const made = rows.map((row) => ({ row, ...valuesOf(row, kind, keyPolicy, schema) }));
    const updates = made.map(({ row, sortAt, filters }) => ({
      updateOne: {
        filter: { _id: row._id },
        update: {
          $set: { ...filters, sortAt, derived: derivation },
          $unset: { [rowsRound]: 1 as const, ...(filters.terms === undefined && { terms: 1 as const }) },
        },
      },
    }));
    await records.bulkWrite(updates, { session, ordered: false });
    const moved = made.filter(({ row, sortAt }) => row.sortAt.getTime() !== sortAt.getTime());
    const links = moved.map(({ row, sortAt }) => ({
      updateMany: { filter: { record: row._id }, update: { $set: { sortAt } } },
    }));
    if (links.length > 0) await linksOf(store).bulkWrite(links, { session, ordered: false });
    const hides = (envelope: Envelope) => isMarkedByHand(envelope) || schema.guarded.length > 0;
    for (const { row } of made.filter(({ row: { envelope } }) => hides(envelope))) {
      const stored = await records.findOne({ _id: row._id }, { session, projection: { content: 1 } });
      const unlisted = unlistedIn(schema, row.envelope, (stored?.content ?? {}) as Content);
      if (unlisted.length > 0)
        await linksOf(store).deleteMany({ record: row._id, key: { $in: unlisted } }, { session });
    }
    return rows.length;
  });
}

function neededFor(schema: SchemaVersions): Record<string, 1> {
  const paths = derivedFrom(schema).map((path) => `content.${path}`);
  return Object.fromEntries([...paths, 'envelope', 'sortAt'].map((name) => [name, 1]));
}

function valuesOf(
  row: Row,
  kind: string,
  keyPolicy: KeyPolicy,
  schema: SchemaVersions,
): { readonly sortAt: Date; readonly filters: FilterFields } {
  const whole = { envelope: row.envelope, content: row.content ?? {} };
  return {
    sortAt: deriveSortAt(kind, whole, row.sortAt, keyPolicy, schema),
    filters: deriveFilters(kind, whole, keyPolicy, schema),
  };
}

/**
 * Returns the keys of join rows that would disclose what a guarded field says, or a portion that was marked by hand. Mappings
 * omit the keys of portions that a feed marks.
 */
function unlistedIn(
  schema: SchemaVersions,
  { portions, custodian }: Envelope,
  content: Content,
): readonly string[] {
  const community = communities.find((one) => one === custodian);
  if (community === undefined) return [];
  return [...namedIn(contractOf(community), schema, content, portions).unlisted];
}

/** Drops the indexes of earlier programs, which compare content in filters. No program needs them any more. */
async function dropOldIndexes(store: CommunityStore): Promise<void> {
  for (const kind of store.records.keys()) {
    const { collection } = modelOf(store, kind);
    const known = new Set(
      modelOf(store, kind)
        .schema.indexes()
        .map(([key]) => JSON.stringify(key)),
    );
    const found = await collection.indexes();
    const old = found.filter(
      ({ key, name }) => name !== '_id_' && !known.has(JSON.stringify(key)) && isOurs(key),
    );
    for (const { name = '' } of old) await collection.dropIndex(name).catch(() => undefined);
  }
}

/** Returns whether an index is one of the lists of an earlier program: an operator may have added others. */
function isOurs(key: object): boolean {
  const names = Object.keys(key);
  return (
    names.slice(-3).join() === 'admits,sortAt,_id' &&
    names.slice(0, -3).every((name) => name.startsWith('content.'))
  );
}
