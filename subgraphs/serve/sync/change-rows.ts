import { hash } from 'node:crypto';
import type { ClientSession, Collection } from 'mongodb';
import type { Connection } from 'mongoose';
import { isForAnyone, readKey } from '../../../schema/policy/decide/access-keys.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { Envelope } from '../../../schema/record/envelope.ts';

/**
 * The last change of a record, for the readers that hold one of its access keys: those of the action `subscribe`, of one
 * policy version. A record has rows of its last change. It also keeps one for each change by which readers lost it.
 */
export type ChangeRow = {
  readonly record: string;
  readonly kind: string;
  /** The version of the policy that its keys belong to. */
  readonly policy: number;
  /** Hashes of the access keys and the kind. */
  readonly keys: readonly string[];
  /** The time from which its readers know of the change: the end of the embargo, if that is later than the change. */
  readonly at: Date;
  /** The time of the change. */
  readonly changedAt: Date;
  /** True if its readers lost the record at `at`, false if they see it changed. */
  readonly isGone: boolean;
};

type Connected = { readonly connection: Connection };
type KeyPolicy = Pick<Policy, 'subscribeKeys'>;

/** A record as its change rows are made of it. */
export type Changed = { readonly id: string; readonly kind: string; readonly envelope: Envelope };

/** The index of a reader's changes: MongoDB merges the held keys in the order of the changes. */
export const changeIndex = { keys: 1, at: 1, _id: 1 } as const;
/** The same for records that readers lost. */
export const goneIndex = { isGone: 1, keys: 1, at: 1, _id: 1 } as const;
const recordIndex = { record: 1, at: 1 } as const;

/** The change rows of a community's store. */
export function changeRowsIn({ connection }: Connected): Collection<ChangeRow> {
  return connection.collection<ChangeRow>('changeRows');
}

/** Creates the indexes of the change rows. */
export async function createChangeRowIndexes(store: Connected): Promise<void> {
  await changeRowsIn(store).createIndexes([
    { key: changeIndex, partialFilterExpression: { isGone: false } },
    { key: goneIndex, partialFilterExpression: { isGone: true } },
    { key: recordIndex },
  ]);
}

/** Returns the hash of an access key as change rows have it. */
export function changeKey(kind: string, key: string): string {
  return hash('sha256', JSON.stringify([kind, key]), 'base64url').slice(0, 12);
}

/** Makes the rows of a record that was changed at a time. During an embargo some of them are for later. */
export function toChangeRows(
  changed: Changed,
  changedAt: Date,
  now: Date,
  keyPolicy: KeyPolicy,
): readonly ChangeRow[] {
  const { kind, envelope } = changed;
  const { embargoUntil } = envelope;
  const rowsOf = (keys: readonly string[], at: Date, isGone = false) =>
    toRows(changed, needed(keys), { at, changedAt, isGone });
  const present = keyPolicy.subscribeKeys(envelope, kind, now);
  if (embargoUntil === null || embargoUntil <= now) return rowsOf(present, later(changedAt, embargoUntil));
  const afterwards = keyPolicy.subscribeKeys(envelope, kind, embargoUntil);
  return [
    ...rowsOf(present, changedAt),
    ...rowsOf(without(afterwards, present), embargoUntil),
    ...rowsOf(without(present, afterwards), embargoUntil, true),
  ];
}

/** Makes the rows for the readers who lose a record by a change. */
function toGoneRows(
  changed: Changed,
  before: Envelope,
  now: Date,
  keyPolicy: KeyPolicy,
): readonly ChangeRow[] {
  const lost = without(
    keyPolicy.subscribeKeys(before, changed.kind, now),
    keyPolicy.subscribeKeys(changed.envelope, changed.kind, now),
  );
  return toRows(changed, lost, { at: now, changedAt: now, isGone: true });
}

/** Makes one row for the keys of each policy version. */
function toRows(
  { id, kind }: Changed,
  keys: readonly string[],
  times: Pick<ChangeRow, 'at' | 'changedAt' | 'isGone'>,
): readonly ChangeRow[] {
  const versions = Map.groupBy(keys, versionOf);
  return [...versions].map(([policy, ofVersion]) => ({
    record: id,
    kind,
    policy,
    keys: ofVersion.map((key) => changeKey(kind, key)),
    ...times,
  }));
}

/** A record that is written, and its stored envelope before; null for a new record. */
export type WrittenRecord = Changed & { readonly before: Envelope | null };

/** Writes the rows of changed records in the transaction that changes them. */
export async function writeChangeRows(
  store: Connected,
  written: readonly WrittenRecord[],
  { session, keyPolicy, now }: Writing,
): Promise<void> {
  const rows = written.map(({ before, ...changed }) => ({
    record: changed.id,
    isNew: before === null,
    present: toChangeRows(changed, now, now, keyPolicy),
    gone: before === null ? [] : toGoneRows(changed, before, now, keyPolicy),
  }));
  const replaced = rows.filter(({ isNew }) => !isNew).map(({ record }) => record);
  const all = changeRowsIn(store);
  if (replaced.length > 0)
    await all.deleteMany({ record: { $in: replaced }, ...ofLastChange(now) }, { session });
  // An earlier end for readers who lose the record again, or have it again, is of no use: there would be one more each time.
  const repeated = rows.flatMap(({ record, present, gone }) =>
    gone.length === 0 ? [] : [{ record, isGone: true, keys: onlyOf([...present, ...gone]) }],
  );
  for (const filter of repeated) await all.deleteMany(filter, { session });
  const made = rows.flatMap(({ present, gone }) => [...gone, ...present]);
  if (made.length > 0) await all.insertMany(made, { session, ordered: false });
}

/** Matches lists that have only keys of these rows. */
function onlyOf(rows: readonly ChangeRow[]) {
  return { $not: { $elemMatch: { $nin: rows.flatMap(({ keys }) => keys) } } };
}

type Writing = { readonly session: ClientSession; readonly keyPolicy: KeyPolicy; readonly now: Date };

/**
 * Writes rows for those who may see a record that was opened to them without a new version. The rows of its other readers
 * stay as they are, and so does their time.
 */
export async function writeOpenedRows(
  store: Connected,
  record: Changed,
  before: Envelope,
  { session, keyPolicy, now }: Writing,
): Promise<void> {
  const known = new Set(
    toChangeRows({ ...record, envelope: before }, now, now, keyPolicy).flatMap(({ keys }) => keys),
  );
  const rows = toChangeRows(record, now, now, keyPolicy).map((row) => ({
    ...row,
    keys: row.keys.filter((key) => !known.has(key)),
  }));
  const added = rows.filter(({ keys }) => keys.length > 0);
  if (added.length > 0) await changeRowsIn(store).insertMany(added, { session, ordered: false });
}

/**
 * Gives records rows of another policy. Rows of the policy version that `stays` are kept; those of others are removed. All
 * new rows of a record have the time of its oldest row: later rows are those of readers to whom it was opened.
 */
export async function relabelChangeRows(
  store: Connected,
  records: readonly Changed[],
  { stays, keyPolicy }: { readonly stays: number; readonly keyPolicy: KeyPolicy | null },
  { session, now }: Pick<Writing, 'session' | 'now'>,
): Promise<void> {
  const rows = changeRowsIn(store);
  const changedAt = new Map<string, Date>();
  for (const row of await findCurrent(store, records, session)) {
    const other = changedAt.get(row.record);
    if (other === undefined || row.changedAt < other) changedAt.set(row.record, row.changedAt);
  }
  await rows.deleteMany(
    { record: { $in: records.map(({ id }) => id) }, policy: { $ne: stays } },
    { session },
  );
  if (keyPolicy === null) return;
  const made = records.flatMap((one) => toChangeRows(one, changedAt.get(one.id) ?? now, now, keyPolicy));
  if (made.length > 0) await rows.insertMany(made, { session, ordered: false });
}

/**
 * Makes the rows of records that a program without them wrote. It did not note the change, so they count as changed now, and
 * the readers that are in no row any more lose the record now.
 */
export async function refillChangeRows(
  store: Connected,
  records: readonly Changed[],
  { session, keyPolicy, now }: Writing,
): Promise<void> {
  const rows = changeRowsIn(store);
  const known = await findCurrent(store, records, session);
  const made = records.flatMap((one) => toChangeRows(one, now, now, keyPolicy));
  const kept = new Map(records.map(({ id }) => [id, new Set<string>()]));
  for (const { record, keys } of made) for (const key of keys) kept.get(record)?.add(key);
  const gone = known.flatMap((row): readonly ChangeRow[] => {
    const { record, kind, policy } = row;
    const keys = row.keys.filter((key) => kept.get(record)?.has(key) !== true);
    return keys.length === 0 ? [] : [{ record, kind, policy, keys, at: now, changedAt: now, isGone: true }];
  });
  const ids = records.map(({ id }) => id);
  await rows.deleteMany({ record: { $in: ids }, ...ofLastChange(now) }, { session });
  if (made.length + gone.length > 0) await rows.insertMany([...made, ...gone], { session, ordered: false });
}

async function findCurrent(
  store: Connected,
  records: readonly Changed[],
  session: ClientSession,
): Promise<readonly ChangeRow[]> {
  const filter = { record: { $in: records.map(({ id }) => id) }, isGone: false };
  return await changeRowsIn(store).find(filter, { session }).toArray();
}

/** The rows that a further change replaces: also a loss that was due at the end of the embargo. */
function ofLastChange(now: Date) {
  return { $or: [{ isGone: false }, { at: { $gt: now } }] };
}

/** Removes the rows of earlier policy versions. No cursor of them is valid any more. */
export async function removeChangeRowsBefore(store: Connected, version: number): Promise<void> {
  await changeRowsIn(store).deleteMany({ policy: { $lt: version } });
}

/** Leaves out the keys of a version that has one for anyone: all readers of the picture hold that one. */
function needed(keys: readonly string[]): readonly string[] {
  const open = new Set(keys.filter(isForAnyone).map(versionOf));
  return keys.filter((key) => isForAnyone(key) || !open.has(versionOf(key)));
}

function versionOf(key: string): number {
  return readKey(key)?.version ?? 0;
}

function without(keys: readonly string[], others: readonly string[]): readonly string[] {
  const known = new Set(others);
  return keys.filter((key) => !known.has(key));
}

function later(at: Date, other: Date | null): Date {
  return other !== null && other > at ? other : at;
}
