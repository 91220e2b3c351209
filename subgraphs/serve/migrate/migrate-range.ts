import { type AnyBulkWriteOperation, BSON, type Collection, MongoBulkWriteError } from 'mongodb';
import type { StoredRecord } from '../../../schema/record/envelope.ts';
import type { Tally } from '../preview/tally.ts';
import type { Content } from '../record/content.ts';
import type { CommunityStore } from '../store/store.ts';
import { recordsOf } from '../store/collections.ts';
import type { Range } from '../store/walk/walk.ts';
import { type FilterValue, type SchemaVersions, versionsOf } from '../record/schema-versions.ts';
import { isComparable, isDerived, valueAt } from '../store/derive.ts';
import { setDerived } from '../store/key-state.ts';

type Row = Pick<
  StoredRecord<Content>,
  '_id' | 'readableFrom' | 'content' | 'filters' | 'terms' | 'derived'
> & {
  /** Documents of version 1 may lack it. */
  readonly schemaVersion?: number | null;
  readonly envelope: Pick<StoredRecord['envelope'], 'version' | 'portions'>;
};
type Update = {
  readonly id: string;
  readonly operation: AnyBulkWriteOperation<StoredRecord>;
  /** Whether the values of filters have to be derived again. */
  readonly isIncomplete: boolean;
};

const durable = { writeConcern: { w: 'majority', j: true } } as const;
/** A batch of large records is split into writes of this size, in bytes. */
const maxBytes = 8 * 1024 * 1024;

/** Matches documents of older versions than this program's. A document without a version has version 1. */
export function isBehind({ current }: SchemaVersions): object {
  return { $or: [{ schemaVersion: { $lt: current } }, { schemaVersion: null }] };
}

/** Matches documents of this program's version that still have fields of older versions. */
export function hasOldFields({ current }: SchemaVersions): object {
  return { schemaVersion: current, readableFrom: { $lt: current } };
}

const attempts = 5;

/**
 * Adds the new fields to the older documents of a range and keeps the old fields. A document that an import or a change
 * writes meanwhile is read again, never overwritten. Returns how many were written. Documents on which a migration
 * fails are counted by the name of the error only.
 */
export async function expandRange(
  store: CommunityStore,
  schema: SchemaVersions,
  range: Range,
  tally: Tally,
): Promise<number> {
  let all = 0;
  for (let attempt = 1; ; attempt += 1) {
    const failed: Failed[] = [];
    const { tried, written } = await expandOnce(store, schema, range, failed);
    all += written;
    if (tried - failed.length <= written || attempt === attempts) {
      for (const { id, why } of failed) tally.add(`${schema.type}: ${why}`, id);
      return all;
    }
  }
}

type Failed = { readonly id: string; readonly why: string };

async function expandOnce(
  store: CommunityStore,
  schema: SchemaVersions,
  { after, last }: Range,
  failed: Failed[],
): Promise<{ readonly tried: number; readonly written: number }> {
  const records = recordsOf(store, schema.type);
  const rows = records
    .find({ $and: [{ _id: { $gt: after, $lte: last } }, isBehind(schema)] } as never)
    .project<Row>(neededFor(schema))
    .hint({ _id: 1 });
  const flush = async (): Promise<void> => {
    if (updates.some(({ isIncomplete }) => isIncomplete)) await setDerived(store, null);
    written += await write(records, updates, failed);
    [updates, bytes] = [[], 0];
  };
  let [tried, written] = [0, 0];
  let [updates, bytes]: [Update[], number] = [[], 0];
  for await (const row of rows) {
    tried += 1;
    const update = updateOf(row, schema);
    if (update instanceof Error) failed.push({ id: row._id, why: update.name });
    else updates.push(update);
    bytes += BSON.calculateObjectSize(row.content ?? {}) * 2;
    if (bytes > maxBytes) await flush();
  }
  await flush();
  return { tried, written };
}

/** Removes the fields of older versions from the documents of a range. Returns how many documents had them. */
export async function removeOldFields(
  store: CommunityStore,
  schema: SchemaVersions,
  { after, last }: Range,
): Promise<number> {
  const inRange = { $and: [{ _id: { $gt: after, $lte: last } }, hasOldFields(schema)] };
  const retired = schema.retired().flatMap((name) => [
    [`content.${name}`, ''],
    [`filters.${name}`, ''],
  ]);
  const { modifiedCount } = await recordsOf(store, schema.type).updateMany(
    inRange,
    {
      $set: { readableFrom: schema.current },
      ...(retired.length > 0 ? { $unset: Object.fromEntries(retired) } : {}),
    },
    { ...durable, hint: { _id: 1 } },
  );
  return modifiedCount;
}

/** Reads only the fields that migrations need. */
function neededFor({ migrations }: SchemaVersions): Record<string, 1> {
  const fields = migrations.flatMap(({ adds }) =>
    Object.entries(adds).flatMap(([name, { from }]) => [name, ...from]),
  );
  const paths = [...new Set(fields)].map((name) => [`content.${name}`, 1]);
  return {
    schemaVersion: 1,
    readableFrom: 1,
    'envelope.version': 1,
    'envelope.portions': 1,
    filters: 1,
    terms: 1,
    derived: 1,
    ...Object.fromEntries(paths),
  };
}

function updateOf(row: Row, schema: SchemaVersions): Update | Error {
  try {
    const versions = versionsOf(row);
    if (versions === null) return new TypeError('expected a document version');
    const added = schema.added(row.content, versions.of);
    const stale = schema.addedBy(versions.of).filter((name) => !Object.hasOwn(added, name));
    const { _id, schemaVersion = null, envelope } = row;
    const { filters, isIncomplete } = filtersOf(row, added, schema);
    const unset = [...stale.map((name) => `content.${name}`), ...(isIncomplete ? ['derived'] : [])];
    const operation: AnyBulkWriteOperation<StoredRecord> = {
      updateOne: {
        filter: { _id, schemaVersion, 'envelope.version': envelope.version } as never,
        update: {
          $set: {
            schemaVersion: schema.current,
            readableFrom: versions.from,
            ...Object.fromEntries(Object.entries(added).map(([name, value]) => [`content.${name}`, value])),
            ...Object.fromEntries(filters),
          } as never,
          ...(unset.length > 0 && { $unset: Object.fromEntries(unset.map((path) => [path, ''])) as never }),
        },
      },
    };
    return { id: _id, operation, isIncomplete };
  } catch (error) {
    return error instanceof Error ? error : new TypeError('expected an Error');
  }
}

/**
 * Returns the values that lists of this version filter by and that the document lacks, by path. Of a document in which a
 * field is hidden only copies of a value are taken: the others are derived again when the store is refilled.
 */
function filtersOf(
  { content, envelope, filters = {}, terms, derived }: Row,
  added: Content,
  schema: SchemaVersions,
): { readonly filters: readonly (readonly [string, unknown])[]; readonly isIncomplete: boolean } {
  if (!isDerived({ ...(derived !== undefined && { derived }) })) return { filters: [], isIncomplete: false };
  const isHidden = envelope.portions.length > 0 || terms !== undefined;
  const whole = { ...content, ...added };
  const lacking = schema.filterValues.filter(({ path }) => valueAt(filters, path) === undefined);
  const isMade = ({ path }: FilterValue) => Object.hasOwn(added, path.split('.', 1)[0] ?? '');
  const found = lacking.flatMap((one) => {
    const value = valueAt(whole, one.path);
    const isPlain = isCopied(one) ? valueAt(filters, one.root) === value : isMade(one) && !isHidden;
    return isPlain && isComparable(value) ? [[`filters.${one.path}`, value] as const] : [];
  });
  const isTerm = (value: unknown) =>
    Array.isArray(value) ? value.some(isComparable) : isHidden && isComparable(value);
  const isIncomplete = lacking.some(
    (one) => !isCopied(one) && isMade(one) && isTerm(valueAt(whole, one.path)),
  );
  return { filters: found, isIncomplete };
}

function isCopied({ path, root }: FilterValue): boolean {
  return path !== root;
}

/** Writes the updates. Documents that the store refuses, such as those that would be too large, go to `failed`. */
async function write(
  records: Collection<StoredRecord>,
  updates: readonly Update[],
  failed: Failed[],
): Promise<number> {
  if (updates.length === 0) return 0;
  try {
    const options = { ...durable, ordered: false, ignoreUndefined: true };
    const operations = updates.map(({ operation }) => operation);
    return (await records.bulkWrite(operations, options)).matchedCount;
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error;
    const refused = [error.writeErrors].flat();
    if (refused.length === 0) throw error;
    for (const { index, code } of refused)
      failed.push({ id: updates[index]?.id ?? '', why: `the store refuses it (${code})` });
    return error.result.matchedCount;
  }
}
