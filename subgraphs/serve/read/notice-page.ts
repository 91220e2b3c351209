import { HubError } from '../../../schema/errors.ts';
import { type Notice, noticesIn } from '../workflow/notices.ts';
import { isOfRecord, type PartyRow } from '../workflow/parties.ts';
import { pageSize } from './connection.ts';
import { type CursorScope, openCursor, type Place } from './cursor.ts';
import { findPartyRow, findPartyRows } from './party-rows.ts';
import type { ReadContext } from './read-context.ts';
import type { RecordLoader } from './record-loader.ts';
import type { Row } from './row.ts';

/** A row on a record for the reader's organisation, and the record as the reader may see it. */
export type Seen<Stored> = { readonly stored: Stored; readonly row: Row };

/** A page of the notices to the reader's organisation. `notices` has one more than `size` if there is a next page. */
export type NoticePage = {
  readonly notices: readonly Seen<Notice>[];
  readonly size: number;
  readonly after: Place | null;
  readonly scope: CursorScope;
};

/** The most notices of one query while the guard rejects many of their records. */
const maxBatch = 1000;

/**
 * Reads a page of the notices to the reader's organisation, newest first. Each has the access keys of its record, so the
 * index finds only those whose record the reader may see; each record is then decided again from its envelope. Throws
 * BAD_USER_INPUT, BAD_CURSOR or PART_UNAVAILABLE.
 */
export async function readNotices(
  context: ReadContext,
  records: RecordLoader,
  args: { readonly first?: number | null; readonly after?: string | null },
): Promise<NoticePage> {
  const size = pageSize(args.first);
  const { organisation } = context.readerAccess.reader;
  const scope = context.cursorScope(`notices@${organisation}`, null, 'DESC');
  const after = args.after ? openCursor(args.after, scope, context.cursorKey) : null;
  const read = async (place: Place | null, limit: number) =>
    await findPartyRows(context, noticesIn(context.store), place, limit);
  const notices = await readSeen(context, records, read, { after, wanted: size + 1, isShown });
  return { notices, size, after, scope };
}

/**
 * Reads one notice to the reader's organisation by its id in the store. Null if it does not exist, or if the inbox does not
 * show it to the reader now.
 */
export async function readNotice(
  context: ReadContext,
  records: RecordLoader,
  id: string,
): Promise<Seen<Notice> | null> {
  const found = await findPartyRow(context, noticesIn(context.store), id);
  const [seen] = await withRecords(context, records, found);
  return seen !== undefined && isShown(seen) ? seen : null;
}

/** Returns whether the reader may see the standing that a notice is about, and all fields that its time depends on. */
function isShown({ stored, row: { decision } }: Seen<Notice>): boolean {
  const standing = isOfRecord(stored) ? 'progress' : 'threads';
  return ![standing, ...stored.dependsOn].some((name) => decision.hidden.has(name));
}

/** Reads rows until `wanted` are found whose records the reader may see. */
export async function readSeen<Stored extends PartyRow>(
  context: ReadContext,
  records: RecordLoader,
  read: (place: Place | null, limit: number) => Promise<readonly Stored[]>,
  {
    after,
    wanted,
    isShown: mayShow = () => true,
  }: {
    readonly after: Place | null;
    readonly wanted: number;
    readonly isShown?: (seen: Seen<Stored>) => boolean;
  },
): Promise<readonly Seen<Stored>[]> {
  const seen: Seen<Stored>[] = [];
  let place = after;
  let limit = wanted;
  for (;;) {
    const found = await read(place, limit);
    seen.push(...(await withRecords(context, records, found)).filter(mayShow));
    const last = found.at(-1);
    if (last === undefined || found.length < limit || seen.length >= wanted) return seen.slice(0, wanted);
    if (performance.now() > context.deadline)
      throw new HubError('PART_UNAVAILABLE', 'the guard rejected the records of too many rows');
    limit = Math.min(2 * limit, maxBatch);
    place = { sortAt: last.sortAt, id: last._id };
  }
}

/** Decides the records of rows. A row whose record the reader may not see is left out. */
async function withRecords<Stored extends PartyRow>(
  { readerAccess }: ReadContext,
  records: RecordLoader,
  found: readonly Stored[],
): Promise<readonly Seen<Stored>[]> {
  const rows = new Map<string, Row>();
  for (const [kind, ofKind] of Map.groupBy(found, (stored) => stored.kind)) {
    const wanted = ofKind.map(({ record: id, openFrom }) => ({
      id,
      clock: openFrom <= readerAccess.now ? ('open' as const) : ('early' as const),
    }));
    for (const row of await records.loadMany(kind, wanted)) if (row !== null) rows.set(row.id, row);
  }
  return found.flatMap((stored) => {
    const row = rows.get(stored.record);
    return row === undefined ? [] : [{ stored, row }];
  });
}
