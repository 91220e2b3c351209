import { createHash } from 'node:crypto';
import { HubError } from '../../../schema/errors.ts';
import { readKey } from '../../../schema/policy/decide/access-keys.ts';
import type { ChangesAsked } from '../../../schema/record/changes-key.ts';
import { nameOfKind } from '../../../schema/record/record-kinds.ts';
import { edgesOf, type PageArguments, pageSize } from '../read/connection.ts';
import { openCursor, sealCursor } from '../read/cursor.ts';
import type { ReadContext } from '../read/read-context.ts';
import type { Row } from '../read/row.ts';
import { changeKey, type ChangeRow } from './change-rows.ts';
import { findChangeRows, findKeysInUse, type RowPlace } from './find-change-rows.ts';

/** A change of a record, as the graph shows it to one reader. */
export type SeenChange = {
  readonly recordId: string;
  readonly kind: string;
  readonly isGone: boolean;
  readonly version: number | null;
  readonly at: Date;
  readonly mayRepeat: boolean;
};

/** A page of changes, in the form of a Relay connection. */
export type ChangeConnection = {
  readonly edges: readonly { readonly cursor: string; readonly node: SeenChange }[];
  readonly nodes: readonly SeenChange[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string;
  };
  readonly startsOver: boolean;
  readonly upTo: Date | null;
};

/** `load` returns the records that the reader may see. `give` and `giveEnd` note what is disclosed: a record, or the end of one. */
export type ChangedRecords = {
  readonly load: (kind: string, ids: readonly string[]) => Promise<ReadonlyMap<string, Row>>;
  readonly give: (row: Row) => void;
  readonly giveEnd: (kind: string, id: string) => void;
};

/**
 * The longest time from the time that a change states until it can be read: the server ends a transaction after 60 s, and
 * the clocks of two programs can differ. A pass repeats the changes of this time before the previous pass began.
 */
export const settleMs = 75_000;
/** Times that one page reads further rows, because the reader may not see the records of some. */
const maxReads = 5;

/**
 * The rights of a reader: a hash of the access keys, and the grants that open a record here. A further grant does not start the
 * changes over, since its records are changed with it. Others enter grants, also for releases that are refused then.
 */
type Rights = { readonly keys: string; readonly grants: readonly string[] };

/** A place in the changes. A pass reads them from an earlier place up to the present, in pages. */
type Place = {
  /** The rights of the reader: under others, the changes start over. */
  readonly rights: Rights;
  /** The last row that was read in this pass; null at its start, and once it is over. */
  readonly after: RowPlace | null;
  /** The time at which this pass began, or the previous one if it is over. */
  readonly began: Date;
  /** The time up to which earlier passes had changes; null in the first one. */
  readonly seenTo: Date | null;
  /** The start of the changes of this pass; null for all. */
  readonly from: Date | null;
  /** Ends of records are listed after this time: in the first pass after it began, since no earlier one is the reader's. */
  readonly endsFrom: Date;
  readonly isOver: boolean;
};

/** Reads a page of the changes of a community's records, the oldest first. Throws BAD_CURSOR, BAD_USER_INPUT or PART_UNAVAILABLE. */
export async function changesPage(
  context: ReadContext,
  asked: ChangesAsked,
  args: PageArguments,
  records: ChangedRecords,
): Promise<ChangeConnection> {
  if (!context.filled)
    throw new HubError('PART_UNAVAILABLE', 'the changes of the records are still being written');
  const size = pageSize(args.first);
  // Whether there is a change would be disclosed without a record of it.
  if (size === 0) throw new HubError('BAD_USER_INPUT', 'first: expected 1 to 100, got 0');
  const scope = context.cursorScope('Changes', asked, 'ASC');
  const kinds = [...context.kinds.keys()].filter((kind) => asked.kinds?.includes(nameOfKind(kind)) ?? true);
  const held = heldKeys(context, kinds);
  const rights = await rightsOf(context, held);
  const known = args.after ? readPlace(openCursor(args.after, scope, context.cursorKey)) : null;
  const startsOver = known !== null && !hasRights(rights, known.rights);
  const { now } = context.readerAccess;
  const from =
    known === null || startsOver ? firstPass(known, rights, asked, now) : { ...nextPage(known, now), rights };
  const seal = (place: Place) => sealCursor(writePlace(place), scope, context.cursorKey);
  const keys = held.map(({ hashed }) => hashed);
  const { found, next } = await readChanges(context, keys, from, size, records);
  return {
    edges: edgesOf(found, seal),
    nodes: found.map(({ node }) => node),
    pageInfo: {
      hasNextPage: !next.isOver,
      hasPreviousPage: known !== null && !startsOver,
      startCursor: found[0] === undefined ? null : seal(found[0].place),
      endCursor: seal(next),
    },
    startsOver,
    upTo: next.isOver ? next.began : null,
  };
}

type HeldKey = { readonly key: string; readonly hashed: string };

/** All access keys by which the reader may know of changes. */
function heldKeys({ readerAccess }: ReadContext, kinds: readonly string[]): readonly HeldKey[] {
  return kinds.flatMap((kind) =>
    [...readerAccess.keys(kind, 'subscribe')].map((key) => ({ key, hashed: changeKey(kind, key) })),
  );
}

async function rightsOf(context: ReadContext, held: readonly HeldKey[]): Promise<Rights> {
  const of = (some: readonly HeldKey[]) => some.map(({ hashed }) => hashed).toSorted();
  const keys = createHash('sha256').update(of(held.filter((one) => !isGrant(one))).join());
  const grants = await findKeysInUse(context, of(held.filter(isGrant)));
  return { keys: keys.digest('base64url').slice(0, 16), grants };
}

function isGrant({ key }: HeldKey): boolean {
  return readKey(key)?.value.startsWith('grant:') === true;
}

/** Returns whether a reader still has all rights of a cursor, and no others but further grants. */
function hasRights(now: Rights, before: Rights): boolean {
  return now.keys === before.keys && before.grants.every((grant) => now.grants.includes(grant));
}

/**
 * The start of the first pass, or of a pass that starts over: it lists all records, and no earlier ends. One that starts over
 * repeats what the passes before it had.
 */
function firstPass(known: Place | null, rights: Rights, { since }: ChangesAsked, now: Date): Place {
  const seenTo = known === null ? null : later(known.seenTo, known.after?.at ?? null);
  const from = known === null ? since : null;
  return { rights, after: null, began: now, seenTo, from, endsFrom: now, isOver: false };
}

function later(one: Date | null, other: Date | null): Date | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? other : one;
}

/** The next page of a pass, or the start of the next pass once one is over. */
function nextPage(known: Place, now: Date): Place {
  if (!known.isOver) return known;
  const from = new Date(known.began.getTime() - settleMs);
  return { ...known, after: null, began: now, from, endsFrom: from, isOver: false };
}

type Found = { readonly node: SeenChange; readonly place: Place };

/**
 * Reads rows up to the present until a page is full. Decides each record again from its envelope: a record that the reader may
 * subscribe to is listed as changed, and any other one as gone. A row that contradicts this decision is left out.
 */
async function readChanges(
  context: ReadContext,
  keys: readonly string[],
  from: Place,
  size: number,
  records: ChangedRecords,
): Promise<{ readonly found: readonly Found[]; readonly next: Place }> {
  const { now } = context.readerAccess;
  const found = new Map<string, Found>();
  let place = from;
  for (let read = 0; read < maxReads; read += 1) {
    const limit = size - found.size + 1;
    const rows = await findChangeRows(context, keys, { ...place, to: now }, limit);
    const seen = await loadAll(rows, records);
    for (const row of rows) {
      context.timeLeft();
      const record = seen.get(row.record) ?? null;
      const isListed = record !== null && maySubscribe(context, record);
      if (isListed !== row.isGone && found.size >= size && !found.has(row.record))
        return { found: [...found.values()], next: place };
      place = { ...place, after: { at: row.at, id: row._id.toHexString() } };
      if (isListed === row.isGone) continue;
      if (isListed) records.give(record);
      else records.giveEnd(row.kind, row.record);
      found.delete(row.record);
      found.set(row.record, { node: toNode(row, isListed ? record : null, place), place });
    }
    if (rows.length < limit) {
      const over = { ...place, after: null, seenTo: now, from: null, isOver: true };
      return { found: [...found.values()], next: over };
    }
  }
  return { found: [...found.values()], next: place };
}

async function loadAll(
  rows: readonly ChangeRow[],
  { load }: ChangedRecords,
): Promise<ReadonlyMap<string, Row>> {
  const ofKinds = [...Map.groupBy(rows, ({ kind }) => kind)];
  const loaded = ofKinds.map(
    async ([kind, ofKind]) => await load(kind, [...new Set(ofKind.map(({ record }) => record))]),
  );
  return new Map((await Promise.all(loaded)).flatMap((ofKind) => [...ofKind]));
}

function maySubscribe({ policy, readerAccess }: ReadContext, { type, envelope }: Row): boolean {
  return policy.may(readerAccess, 'subscribe', type, 'content', envelope);
}

function toNode({ record, kind, at, isGone }: ChangeRow, row: Row | null, { seenTo }: Place): SeenChange {
  return {
    recordId: record,
    kind: nameOfKind(kind),
    isGone,
    version: row?.envelope.version ?? null,
    at,
    mayRepeat: seenTo !== null && at <= seenTo,
  };
}

/** Writes a place in the form of a cursor of a list. */
function writePlace({ rights, after, began, seenTo, from, endsFrom, isOver }: Place) {
  const times = [began, seenTo, from, endsFrom, after?.at ?? null].map((time) => time?.getTime() ?? null);
  return {
    sortAt: new Date(0),
    id: JSON.stringify([rights.keys, rights.grants, times, after?.id ?? '', isOver]),
  };
}

function readPlace({ id }: { readonly id: string }): Place {
  const [keys, grants, times, row, isOver] = JSON.parse(id) as [
    string,
    readonly string[],
    readonly (number | null)[],
    string,
    boolean,
  ];
  const [began = null, seenTo = null, from = null, endsFrom = null, at = null] = times.map(dateOf);
  const after = at === null ? null : { at, id: row };
  const rights = { keys, grants };
  const [start, ends] = [began ?? new Date(0), endsFrom ?? new Date(0)];
  return { rights, after, began: start, seenTo, from, endsFrom: ends, isOver };
}

function dateOf(time: number | null): Date | null {
  return time === null ? null : new Date(time);
}
