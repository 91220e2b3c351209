import { createHash } from 'node:crypto';
import type { WithId } from 'mongodb';
import { ObjectId } from 'mongodb';
import { HubError } from '../../../schema/errors.ts';
import { maxHeldKeys } from '../../../schema/policy/decide/filter.ts';
import type { ChangesAsked } from '../../../schema/record/changes-key.ts';
import { nameOfKind } from '../../../schema/record/record-kinds.ts';
import { type PageArguments, pageSize } from '../read/connection.ts';
import { openCursor, sealCursor } from '../read/cursor.ts';
import type { ReadContext } from '../read/read-context.ts';
import type { Row } from '../read/row.ts';
import { changeIndex, changeKey, type ChangeRow, changeRowsIn } from './change-rows.ts';

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

/** How a page reads records: `load` returns one that the reader may see; both others count a change as disclosed. */
export type ChangedRows = {
  readonly load: (kind: string, id: string) => Promise<Row | null>;
  readonly give: (row: Row) => void;
  readonly giveEnd: (kind: string, id: string) => void;
};

/**
 * The longest time from the time that a change states until it can be read: the server ends a transaction after 60 s, and
 * the clocks of two programs can differ. The first page after an end repeats the changes of this time.
 */
export const settleMs = 75_000;
/** Times that one page reads further rows, because the reader may not see the records of some. */
const maxReads = 5;

/** A place in the changes. */
type Place = {
  /** A hash of the access keys that the reader held: with others, the changes begin again. */
  readonly rights: string;
  /** The last row that was read; null at the start. */
  readonly after: { readonly at: Date; readonly id: string } | null;
  /** The end of the changes that were read before, some of which are repeated. Null at the first reading. */
  readonly seenTo: Date | null;
  /** The end of the changes that are being read; null if all were read. */
  readonly end: Date | null;
  /** Whether records that the reader lost are left out: in a reading from the start. */
  readonly isWhole: boolean;
};

/** Reads a page of the changes of a community's records, the oldest first. Throws BAD_CURSOR, BAD_USER_INPUT or PART_UNAVAILABLE. */
export async function changesPage(
  context: ReadContext,
  asked: ChangesAsked,
  args: PageArguments,
  rows: ChangedRows,
): Promise<ChangeConnection> {
  if (!context.filled)
    throw new HubError('PART_UNAVAILABLE', 'the changes of the records are still being written');
  const size = pageSize(args.first);
  const scope = context.cursorScope('Changes', asked, 'ASC');
  const { now } = context.readerAccess;
  const kinds = [...context.kinds.keys()].filter((kind) => asked.kinds?.includes(nameOfKind(kind)) ?? true);
  const held = heldKeys(context, kinds);
  const rights = createHash('sha256').update(held.toSorted().join()).digest('base64url').slice(0, 16);
  const known = args.after ? readPlace(openCursor(args.after, scope, context.cursorKey)) : null;
  const startsOver = known !== null && known.rights !== rights;
  const from = beginAt(startsOver ? null : known, { rights, now, asked, seenBefore: seenBefore(known) });
  const seal = (place: Place) => sealCursor(writePlace(place), scope, context.cursorKey);
  const { found, next } = await readChanges(context, held, { from, since: asked.since, size }, rows);
  return {
    edges: found.map(({ node, place }) => ({
      node,
      get cursor() {
        return seal(place);
      },
    })),
    nodes: found.map(({ node }) => node),
    pageInfo: {
      // A long reading has the changes up to its first page only: a further one has those since then.
      hasNextPage: next.end !== null || (next.seenTo !== null && isLongAgo(next.seenTo, now)),
      hasPreviousPage: known !== null && !startsOver,
      startCursor: found[0] === undefined ? null : seal(found[0].place),
      endCursor: seal(next),
    },
    startsOver,
    upTo: next.end === null ? next.seenTo : null,
  };
}

function isLongAgo(time: Date, now: Date): boolean {
  return now.getTime() - time.getTime() > settleMs;
}

/** The hashes of all access keys by which the reader may know of changes. */
function heldKeys({ readerAccess }: ReadContext, kinds: readonly string[]): readonly string[] {
  return kinds.flatMap((kind) =>
    [...readerAccess.keys(kind, 'subscribe')].map((key) => changeKey(kind, key)),
  );
}

/** Returns up to when the changes before a place were read, at least in part. */
function seenBefore(known: Place | null): Date | null {
  return known === null ? null : (known.end ?? known.seenTo);
}

/** Returns the place at which a page begins: a known one that has more, or the start of a new reading. */
function beginAt(
  known: Place | null,
  {
    rights,
    now,
    asked,
    seenBefore: seenTo,
  }: {
    readonly rights: string;
    readonly now: Date;
    readonly asked: ChangesAsked;
    readonly seenBefore: Date | null;
  },
): Place & { readonly end: Date } {
  if (known === null)
    return { rights, after: null, seenTo, end: now, isWhole: asked.since === null || seenTo !== null };
  if (known.end !== null) return { ...known, end: known.end };
  return { ...known, after: null, end: now };
}

type Found = { readonly node: SeenChange; readonly place: Place };

type Reading = {
  readonly from: Place & { readonly end: Date };
  readonly since: Date | null;
  readonly size: number;
};

/**
 * Reads rows until a page is full. The record of each is decided again from its envelope: of a record that the reader sees
 * there is no end, and of one that the reader does not see there is nothing else.
 */
async function readChanges(
  context: ReadContext,
  held: readonly string[],
  { from, since, size }: Reading,
  { load, give, giveEnd }: ChangedRows,
): Promise<{ readonly found: readonly Found[]; readonly next: Place }> {
  const found = new Map<string, Found>();
  let place: Place & { readonly end: Date } = from;
  for (let read = 0; read < maxReads; read += 1) {
    const limit = size - found.size + 1;
    const rows = await findRows(context, held, place, since, limit);
    const records = await Promise.all(rows.map(async ({ kind, record }) => await load(kind, record)));
    for (const [at, row] of rows.entries()) {
      context.timeLeft();
      const record = records[at] ?? null;
      const isSeen = record !== null && maySubscribe(context, record);
      const isChange = isSeen !== row.isGone;
      if (isChange && found.size >= size && !found.has(row.record))
        return { found: [...found.values()], next: place };
      place = { ...place, after: { at: row.at, id: row._id.toHexString() } };
      if (!isChange) continue;
      if (isSeen) give(record);
      else giveEnd(row.kind, row.record);
      const node = toNode(row, isSeen ? record : null, place.seenTo);
      found.delete(row.record);
      found.set(row.record, { node, place });
    }
    if (rows.length < limit) return { found: [...found.values()], next: atEnd(place) };
  }
  return { found: [...found.values()], next: place };
}

function maySubscribe({ policy, readerAccess }: ReadContext, { type, envelope }: Row): boolean {
  return policy.may(readerAccess, 'subscribe', type, 'content', envelope);
}

function toNode({ record, kind, at, isGone }: ChangeRow, row: Row | null, seenTo: Date | null): SeenChange {
  return {
    recordId: record,
    kind: nameOfKind(kind),
    isGone,
    version: row?.envelope.version ?? null,
    at,
    mayRepeat: seenTo !== null && at <= seenTo,
  };
}

/** Returns the place after the last change of a reading. */
function atEnd({ rights, end }: Place & { readonly end: Date }): Place {
  return { rights, after: null, seenTo: end, end: null, isWhole: false };
}

/** Finds the rows after a place, the oldest first, by the reader's keys. No row of other readers is examined. */
async function findRows(
  context: ReadContext,
  held: readonly string[],
  { after, seenTo, end, isWhole }: Place & { readonly end: Date },
  since: Date | null,
  limit: number,
): Promise<readonly WithId<ChangeRow>[]> {
  const start = isWhole ? null : seenTo === null ? since : new Date(seenTo.getTime() - settleMs);
  const period = { $lte: end, ...(start !== null && { $gte: start }) };
  const beyond =
    after === null
      ? {}
      : { $or: [{ at: { $gt: after.at } }, { at: after.at, _id: { $gt: new ObjectId(after.id) } }] };
  const lower = after === null ? {} : { at: { $gte: after.at, $lte: end } };
  const pages = batchesOf(held).map(async (keys) => {
    const filter = {
      $and: [{ keys: { $in: [...keys] }, at: period }, lower, beyond, isWhole ? { isGone: false } : {}],
    };
    return await changeRowsIn(context.store)
      .find(filter, { maxTimeMS: Math.max(1, Math.floor(context.timeLeft())) })
      .hint(changeIndex)
      .sort({ at: 1, _id: 1 })
      .limit(limit)
      .toArray();
  });
  const all = (await Promise.all(pages)).flat();
  const byId = new Map(all.map((row) => [row._id.toHexString(), row]));
  return [...byId.values()].toSorted(byPlace).slice(0, limit);
}

function byPlace(one: WithId<ChangeRow>, other: WithId<ChangeRow>): number {
  const order = one._id.toHexString() < other._id.toHexString() ? -1 : 1;
  return one.at.getTime() - other.at.getTime() || order;
}

/** MongoDB merges the keys of one query in the order of the changes up to a number of them. */
function batchesOf(keys: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(keys.length / maxHeldKeys);
  return Array.from({ length: count }, (_, at) => keys.slice(at * maxHeldKeys, (at + 1) * maxHeldKeys));
}

/** Writes a place in the form of a cursor of a list. */
function writePlace({ rights, after, seenTo, end, isWhole }: Place): {
  readonly sortAt: Date;
  readonly id: string;
} {
  const times = [seenTo, end, after?.at ?? null].map((time) => time?.getTime() ?? null);
  return { sortAt: new Date(0), id: JSON.stringify([rights, ...times, after?.id ?? '', isWhole]) };
}

function dateOf(time: number | null): Date | null {
  return time === null ? null : new Date(time);
}

function readPlace({ id }: { readonly id: string }): Place {
  const [rights, seenTo, end, at, row, isWhole] = JSON.parse(id) as [
    string,
    number | null,
    number | null,
    number | null,
    string,
    boolean,
  ];
  return {
    rights,
    after: at === null ? null : { at: new Date(at), id: row },
    seenTo: dateOf(seenTo),
    end: dateOf(end),
    isWhole,
  };
}
