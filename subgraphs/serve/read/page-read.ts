import { HubError } from '../../../schema/errors.ts';
import type { CursorScope, Place } from './cursor.ts';
import type { CountedGroup } from './queries.ts';
import type { Row } from './row.ts';

/** A row that the store returned. `row` is null if the guard rejects it. */
export type FoundRow = { readonly row: Row | null; readonly id: string; readonly sortAt: Date };

/** Reads up to `limit` rows that follow a place in a list. */
export type ReadRows = (after: Place | null, limit: number) => Promise<readonly FoundRow[]>;

/** One page of a list to be read. */
export type PageRead = {
  readonly type: string;
  readonly size: number;
  readonly after: Place | null;
  readonly scope: CursorScope;
  /** The values that the list is filtered by, for the audit log. */
  readonly filter: unknown;
  readonly read: ReadRows;
  /** Reads only the rows that a total may count: those that the reader may search for. RED is never counted (J07a). */
  readonly readCounted: ReadRows;
  /** Counts these rows on the index, up to `max` + 1. Null if only the guard can count them. */
  readonly count: ((max: number) => Promise<readonly CountedGroup[]>) | null;
};

type List = Pick<PageRead, 'type' | 'read'>;

/** The most rows of one query while the guard rejects many of them. */
const maxBatch = 1000;
const countBatch = 500;

/**
 * Reads until `wanted` rows are found that the guard allows, so that a rejected row leaves no gap in the page. Each
 * query that follows a rejected row reads twice as many rows. Throws PART_UNAVAILABLE after the deadline.
 */
export async function readRows(
  { type, read }: List,
  wanted: number,
  after: Place | null,
  deadline: number,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let place = after;
  let batch = 0;
  for (;;) {
    const limit = Math.max(wanted - rows.length, batch);
    const found = await read(place, limit);
    rows.push(...found.flatMap(({ row }) => (row?.type === type ? [row] : [])));
    const last = found.at(-1);
    if (last === undefined || found.length < limit || rows.length >= wanted) return rows.slice(0, wanted);
    if (performance.now() > deadline)
      throw new HubError('PART_UNAVAILABLE', `the guard rejected too many rows of ${type}`);
    batch = Math.min(2 * limit, maxBatch);
    place = { sortAt: last.sortAt, id: last.id };
  }
}

/** Counts the rows that the guard allows, up to `max` + 1. Needed where the index counts rows that the guard rejects. */
export async function countRows(list: List, max: number, deadline: number): Promise<readonly CountedGroup[]> {
  const counted: CountedGroup[] = [];
  let place: Place | null = null;
  while (counted.length <= max) {
    const rows: readonly Row[] = await readRows(list, countBatch, place, deadline);
    counted.push(...rows.map(({ envelope }) => ({ envelope, count: 1 })));
    const last = rows.at(-1);
    if (last === undefined || rows.length < countBatch) break;
    place = { sortAt: last.sortAt, id: last.id };
  }
  return counted.slice(0, max + 1);
}
