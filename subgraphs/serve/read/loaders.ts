import { HubError } from '../../../schema/errors.ts';
import { embargoAt } from '../../../schema/policy/decide/policy.ts';
import type { SearchAsked } from '../../../schema/record/search-key.ts';
import type { ChangesAsked } from '../../../schema/record/changes-key.ts';
import { isShareable } from '../../../schema/protocol/shareable.ts';
import { type Disclosure, endOfRecord } from '../../../schema/protocol/disclosure.ts';
import { type Connection, type PageArguments, toConnection, type Total } from './connection.ts';
import { type NoticeConnection, type ShownNotice, toNoticeConnection, toShown } from './notice-connection.ts';
import { readNotice, readNotices, readSeen } from './notice-page.ts';
import { partiesIn } from '../workflow/parties.ts';
import { toCountDisclosure } from './count.ts';
import { type Place, sealCursor } from './cursor.ts';
import { LinkLoader } from './link-loader.ts';
import { linkedPage } from './linked-page.ts';
import { listPage } from './list-page.ts';
import { loadEnvelopes } from './load-envelopes.ts';
import type { CountedGroup } from './queries.ts';
import { countRows, type PageRead, readRows } from './page-read.ts';
import { findPartyRows } from './party-rows.ts';
import { ReadContext, type ReadOptions } from './read-context.ts';
import { isKey, RecordLoader } from './record-loader.ts';
import { type Row, toDisclosure } from './row.ts';
import { Turns } from '../../../schema/runtime/turns.ts';
import {
  type Hit,
  type HitConnection,
  type HitRows,
  searchPage,
  suggestHits,
} from '../search/search-page.ts';
import { type ChangeConnection, changesPage } from '../sync/changes-page.ts';

const maxOfOrganisation = 300;

/**
 * Counts at once in this process, half of them for one organisation: several hundred at once would occupy the store, so that every
 * other reader would wait for it.
 */
const counting = new Turns(4, 4000);

/**
 * Every read of one request by one reader. Create one for each request: a batch must never serve two readers. Each
 * row is decided twice, by the store's filter and by the guard.
 */
export class Loaders {
  readonly #context: ReadContext;
  readonly #records: RecordLoader;
  readonly #links: LinkLoader;
  readonly #given = new Map<string, Row>();
  readonly #others = new Map<string, Disclosure>();

  constructor(options: ReadOptions) {
    this.#context = new ReadContext(options);
    this.#records = new RecordLoader(this.#context);
    this.#links = new LinkLoader(this.#context);
  }

  /** Every row that resolvers were given so far, each once. The audit log records them as disclosed. */
  given(): readonly Row[] {
    return [...this.#given.values()];
  }

  /** The entries of the audit log on everything that resolvers were given: each row, count and end of a record once. */
  disclosed(): readonly Disclosure[] {
    return [...this.given().map(toDisclosure), ...this.#others.values()];
  }

  /** Whether the hub may give the answer to other readers of the same permission class. Never a record under embargo. */
  isShareable(): boolean {
    const { readerAccess, shareLimit } = this.#context;
    const isEarly = this.given().some(({ envelope }) => embargoAt(readerAccess.now, envelope) === 'running');
    return !isEarly && isShareable(this.disclosed(), shareLimit);
  }

  /** A record by its id; null if it does not exist or this reader may not see it. */
  async one(type: string, id: string): Promise<Row | null> {
    if (!isKey(id) || !id.startsWith(`${type}:`)) return null;
    const row = await this.#records.load(type, id);
    if (row !== null) this.#given.set(row.id, row);
    return row;
  }

  /** A page of all records of a type. Throws BAD_USER_INPUT, BAD_CURSOR or PART_UNAVAILABLE. */
  async list(type: string, args: PageArguments): Promise<Connection> {
    return await this.#connect(listPage(this.#context, type, args));
  }

  /**
   * The newest records of a type that a filter finds, and of which the reader may search the fields `searched`. They count
   * as disclosed only once they are given to a resolver (`one`). Throws like `list`.
   */
  async newest(
    type: string,
    filter: NonNullable<PageArguments['filter']>,
    most: number,
    searched: readonly string[] = [],
  ): Promise<readonly Row[]> {
    const page = listPage(this.#context, type, { filter }, searched);
    return await readRows(page, most, null, this.#context.deadline);
  }

  /** A page of the records of a type that name a shared key, newest first. Throws like `list`. */
  async linked(type: string, key: string, args: PageArguments): Promise<Connection> {
    return await this.#connect(linkedPage(this.#context, this.#records, this.#links, { type, key, args }));
  }

  /** A page of the records that have all words of a search. Throws like `list`. */
  async search(asked: SearchAsked, args: PageArguments): Promise<HitConnection> {
    return await searchPage(this.#context, asked, args, this.#hitRows());
  }

  /** The newest records whose names have all words of a text; the last one can be the start of a word. Throws like `list`. */
  async suggest(text: string): Promise<readonly Hit[]> {
    return await suggestHits(this.#context, text, this.#hitRows());
  }

  /** A page of the changes of records, the oldest first. Throws like `list`. */
  async changes(asked: ChangesAsked, args: PageArguments): Promise<ChangeConnection> {
    return await changesPage(this.#context, asked, args, {
      load: async (kind, ids) => await loadEnvelopes(this.#context, kind, ids),
      give: (row) => void this.#given.set(row.id, row),
      giveEnd: (kind, id) => void this.#others.set(`${id} gone`, endOfRecord(kind, id, 0)),
    });
  }

  /** A page of the notices to the reader's organisation, newest first. Throws like `list`. */
  async notices(args: PageArguments): Promise<NoticeConnection> {
    const { notices, size, after, scope } = await readNotices(this.#context, this.#records, args);
    // A notice says that its record exists and was changed, so the record counts as disclosed.
    for (const { row } of notices.slice(0, size)) this.#given.set(row.id, row);
    return toNoticeConnection(notices, size, after, (place) =>
      sealCursor(place, scope, this.#context.cursorKey),
    );
  }

  /** A notice to the reader's organisation by its id in the store; null if the reader's inbox does not show it now. */
  async notice(id: string): Promise<ShownNotice | null> {
    const seen = await readNotice(this.#context, this.#records, id);
    if (seen === null) return null;
    this.#given.set(seen.row.id, seen.row);
    return toShown(seen.stored);
  }

  /**
   * The newest records in whose workflows the reader's organisation takes part, 300 at most. They count as disclosed only
   * once they are given to a resolver (`one`).
   */
  async ofOrganisation(): Promise<readonly Row[]> {
    const parties = partiesIn(this.#context.store);
    const read = async (place: Place | null, limit: number) =>
      await findPartyRows(this.#context, parties, place, limit, 'hasLaterMoves');
    const seen = await readSeen(this.#context, this.#records, read, {
      after: null,
      wanted: maxOfOrganisation,
    });
    return seen.map(({ row }) => row);
  }

  #hitRows(): HitRows {
    return {
      load: async (kind, id) => await this.#records.load(kind, id),
      give: (row) => void this.#given.set(row.id, row),
    };
  }

  async #connect(page: PageRead): Promise<Connection> {
    const { size, after, scope } = page;
    const { cursorKey, deadline } = this.#context;
    // One row more than the page tells whether there is a next page.
    const rows = await readRows(page, size + 1, after, deadline);
    for (const row of rows.slice(0, size)) this.#given.set(row.id, row);
    const counted = async (max: number) => await this.#count(page, max);
    return toConnection(rows, size, after, (place) => sealCursor(place, scope, cursorKey), counted);
  }

  /** Counts the records of a list, up to `max`. A count is a disclosure, also of nothing. */
  async #count(page: PageRead, max: number): Promise<Total> {
    const { type, filter } = page;
    const groups = await this.#countInTurn(page, max);
    const found = groups.reduce((sum, { count }) => sum + count, 0);
    const total = { value: Math.min(found, max), exact: found <= max };
    const disclosure = toCountDisclosure(type, filter, total.value, groups);
    this.#others.set(`${disclosure.id} ${max}`, disclosure);
    return total;
  }

  async #countInTurn({ type, count, readCounted }: PageRead, max: number): Promise<readonly CountedGroup[]> {
    const { readerAccess, deadline } = this.#context;
    const leave = await counting
      .take(readerAccess.reader.organisation, this.#context.waitSignal())
      .catch((error: unknown) => {
        if (error instanceof HubError) throw error;
        throw new HubError('PART_UNAVAILABLE', 'other counts took all of the time', { cause: error });
      });
    try {
      return count === null ? await countRows({ type, read: readCounted }, max, deadline) : await count(max);
    } finally {
      leave();
    }
  }
}
