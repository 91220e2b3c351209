import DataLoader from 'dataloader';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import { HubError } from '../../../schema/errors.ts';
import { compileFilter, type StoreFilter } from '../../../schema/policy/decide/filter.ts';
import type { ReaderAccess, Policy } from '../../../schema/policy/decide/policy.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import type { Kind } from '../kind.ts';
import type { Oldest, SchemaVersions } from '../record/schema-versions.ts';
import { type Connection, type PageArguments, pageSize, toConnection } from './connection.ts';
import { type CursorScope, openCursor, type Place, sealCursor } from './cursor.ts';
import {
  countLinks,
  countPage,
  findByIds,
  findLinks,
  findLinksOfMany,
  findPage,
  type PageQuery,
} from './queries.ts';
import { type Row, toRow } from './row.ts';
import type { CommunityStore } from '../store/store.ts';
import type { Link } from '../store/links.ts';

/** How many link rows one scan over many shared keys may return before each key is asked by itself. */
const maxLinksAtOnce = 5000;
/** From how many keys on one scan over all beats a query for each. */
const fewKeys = 4;

/** How many rows are read at once where the guard refuses many of those that are found. */
const maxAtOnce = 1000;
const countedAtOnce = 500;
/** How long one request reads on behind rows that the guard refuses: the hub waits no longer for any part. */
const longestReadMs = 10_000;

/** What else the reads of a request may be told. */
export type LoaderOptions = {
  /** How long it reads on behind rows that the guard refuses, in milliseconds. */
  readonly maxMs?: number;
  /** The versions that the store's documents are held to. */
  readonly oldest?: Oldest;
};

/** Rows from a place on, as they are found, each with what the guard makes of it. */
type ReadRows = (
  place: Place | null,
  limit: number,
) => Promise<readonly { row: Row | null; id: string; sortAt: Date }[]>;

type LinkAsk = {
  readonly kind: string;
  readonly key: string;
  readonly size: number;
  readonly after: Place | null;
};

/**
 * Every read of one request by one reader: built from that reader, so that no batch ever serves two. Whatever goes
 * through here has been decided twice, by the store's query and by the guard.
 */
export class Loaders {
  readonly #store: CommunityStore;
  readonly #kinds: ReadonlyMap<string, Kind>;
  readonly #reader: Reader;
  readonly #policy: Policy;
  readonly #readerAccess: ReaderAccess;
  readonly #cursorKey: Buffer;
  readonly #until: number;
  readonly #oldest: Oldest;
  readonly #filters = new Map<string, StoreFilter>();
  readonly #rows = new Map<string, DataLoader<string, Row | null>>();
  readonly #links: DataLoader<LinkAsk, readonly Link[], string>;
  readonly #given = new Map<string, Row>();

  constructor(
    store: CommunityStore,
    kinds: readonly Kind[],
    policy: Policy,
    readerAccess: ReaderAccess,
    cursorKey: Buffer,
    { maxMs = longestReadMs, oldest = {} }: LoaderOptions = {},
  ) {
    this.#store = store;
    this.#kinds = new Map(kinds.map((kind) => [kind.type, kind]));
    this.#reader = readerAccess.reader;
    this.#policy = policy;
    this.#readerAccess = readerAccess;
    this.#cursorKey = cursorKey;
    this.#until = performance.now() + maxMs;
    this.#oldest = oldest;
    this.#links = new DataLoader(async (asks) => await this.#loadLinks(asks), {
      cacheKeyFn: (ask) => JSON.stringify([ask.kind, ask.key, ask.size, ask.after]),
    });
  }

  /** Every row that was given to a resolver so far, each once. */
  given(): readonly Row[] {
    return [...this.#given.values()];
  }

  /** One record by its id; null if there is none that this reader may see. */
  async one(type: string, id: string): Promise<Row | null> {
    if (!isKey(id) || !id.startsWith(`${type}:`)) return null;
    const row = await this.#rowsOf(type).load(id);
    if (row !== null) this.#given.set(row.id, row);
    return row;
  }

  /** A page of all records of a type. */
  async list(type: string, args: PageArguments): Promise<Connection> {
    const size = pageSize(args.first);
    const direction = args.orderBy?.direction ?? 'DESC';
    const scope = this.#scope(type, args.filter ?? null, direction);
    const after = args.after ? openCursor(args.after, scope, this.#cursorKey) : null;
    const query = { ...this.#query(type, args), direction, after };
    const searched = this.#searched(type, args);
    const read = async (place: Place | null, limit: number) => {
      const found = await findPage(this.#model(type), { ...query, after: place, limit });
      return found.map((stored) => {
        const record = this.#schema(type).read(stored);
        const isFound = record !== null && this.#mayFind(type, record, searched);
        return {
          row: isFound ? this.#toRow(type, record) : null,
          id: stored._id,
          sortAt: stored.sortAt,
        };
      });
    };
    const rows = await this.#fill(type, size + 1, after, read);
    return this.#connect(rows, size, after, scope, async (max) =>
      this.#indexCounts(type) && searched.length === 0
        ? await countPage(this.#model(type), { ...query, limit: 0 }, max)
        : await this.#countByGuard(type, read, max),
    );
  }

  /** A page of the records of a type that name a shared key, newest first. */
  async linked(type: string, key: string, args: PageArguments): Promise<Connection> {
    if (!isKey(key)) throw new HubError('BAD_USER_INPUT', 'a key that is no text');
    const size = pageSize(args.first);
    const scope = this.#scope(`${type}@${key}`, null, 'DESC');
    const after = args.after ? openCursor(args.after, scope, this.#cursorKey) : null;
    const read = async (place: Place | null, limit: number) => {
      const links = await this.#links.load({ kind: type, key, size: limit, after: place });
      const found = await this.#rowsOf(type).loadMany(links.map((link) => link.record));
      return links.map((link, at) => ({ row: rowOrThrow(found[at]), id: link.record, sortAt: link.sortAt }));
    };
    const rows = await this.#fill(type, size + 1, after, read);
    return this.#connect(rows, size, after, scope, async (max) =>
      this.#indexCounts(type)
        ? await countLinks(this.#store, type, key, this.#allowed(type), max)
        : await this.#countByGuard(type, read, max),
    );
  }

  /** Whether what the index counts is what is given: not while records are relabelled, or left out for their version. */
  #indexCounts(type: string): boolean {
    return this.#policy.keysDecide && this.#schema(type).isSettled(this.#oldest);
  }

  /**
   * Counts what the guard gives, up to `max` + 1: labels alone say too much while a store is relabelled, and nothing of
   * a part that is marked by itself.
   */
  async #countByGuard(type: string, read: ReadRows, max: number): Promise<number> {
    let [count, place]: [number, Place | null] = [0, null];
    while (count <= max) {
      const rows: readonly Row[] = await this.#fill(type, countedAtOnce, place, read);
      count += rows.length;
      const last = rows.at(-1);
      if (last === undefined || rows.length < countedAtOnce) break;
      place = { sortAt: last.sortAt, id: last.id };
    }
    return Math.min(count, max + 1);
  }

  /**
   * Reads on until the page is full: rows that the guard refuses (labels older than the envelope, or of an older policy)
   * leave no gap. The more it refuses, the more are read at once. Throws PART_UNAVAILABLE where that takes too long.
   */
  async #fill(type: string, wanted: number, after: Place | null, read: ReadRows): Promise<readonly Row[]> {
    const rows: Row[] = [];
    let place = after;
    let atOnce = 0;
    for (;;) {
      const limit = Math.max(wanted - rows.length, atOnce);
      const found = await read(place, limit);
      rows.push(...found.flatMap(({ row }) => (row?.type === type ? [row] : [])));
      const last = found.at(-1);
      if (last === undefined || found.length < limit || rows.length >= wanted) return rows.slice(0, wanted);
      if (performance.now() > this.#until)
        throw new HubError('PART_UNAVAILABLE', 'too many rows were refused');
      atOnce = Math.min(2 * limit, maxAtOnce);
      place = { sortAt: last.sortAt, id: last.id };
    }
  }

  #connect(
    rows: readonly Row[],
    size: number,
    after: Place | null,
    scope: CursorScope,
    count: (max: number) => Promise<number>,
  ): Connection {
    for (const row of rows.slice(0, size)) this.#given.set(row.id, row);
    return toConnection(rows, size, after, (place) => sealCursor(place, scope, this.#cursorKey), count);
  }

  #scope(list: string, filter: unknown, direction: 'ASC' | 'DESC'): CursorScope {
    return { subject: this.#reader.subject, picture: this.#reader.picture, list, filter, direction };
  }

  #query(type: string, args: PageArguments): Omit<PageQuery, 'direction' | 'after' | 'limit'> {
    const { since, before, ...equal } = args.filter ?? {};
    const names = this.#kinds.get(type)?.filters ?? {};
    const terms = Object.entries(equal).flatMap(([name, value]): [string, unknown][] => {
      if (!Object.hasOwn(names, name) || value === null || value === undefined) return [];
      const path = this.#schema(type).filterPath(name, this.#oldest);
      if (path === null)
        throw new HubError('PART_UNAVAILABLE', `${name}: it waits for hub migrate --contract`);
      // The query is trusted as a whole, so nothing that could be an operator may come into it.
      if (typeof value === 'object') throw new HubError('BAD_USER_INPUT', `${name}: expected a plain value`);
      return [[path, value]];
    });
    return {
      allowed: this.#allowed(type, terms.length > 0 ? 'search' : 'read'),
      equal: Object.fromEntries(terms),
      since: instant(since),
      before: instant(before),
    };
  }

  /** The store's filter for a kind of record: what this reader may read, or find by what it says. */
  #allowed(kind: string, action: 'read' | 'search' = 'read'): StoreFilter {
    const name = `${kind} ${action}`;
    const filter =
      this.#filters.get(name) ??
      compileFilter([...this.#readerAccess.keys(kind, action)], this.#readerAccess.now);
    this.#filters.set(name, filter);
    return filter;
  }

  #toRow(type: string, record: StoredRecord): Row | null {
    return toRow(type, record, this.#policy, this.#readerAccess);
  }

  /** The fields that a list is filtered by: a filter's argument is called as the field that it compares. */
  #searched(type: string, { filter }: PageArguments): readonly string[] {
    const names = Object.keys(this.#kinds.get(type)?.filters ?? {});
    return names.filter((name) => filter?.[name] !== null && filter?.[name] !== undefined);
  }

  /**
   * Whether a record may be found by what these fields of it say, which is a rule of its own, whatever labels the query
   * met. A field that is marked by itself is found by those whom its own marking admits.
   */
  #mayFind(type: string, { envelope }: StoredRecord, fields: readonly string[]): boolean {
    if (fields.length === 0) return true;
    const may = (group: string, marked: Envelope) =>
      this.#policy.may(this.#readerAccess, 'search', type, group, marked);
    return (
      may('content', envelope) &&
      fields.every((field) => may(this.#policy.coordinates.placeOf(type, field)?.group ?? '', envelope)) &&
      envelope.portions
        .filter(({ path }) => fields.includes(path))
        .every(({ marking, audience }) => may('content', { ...envelope, marking, audience }))
    );
  }

  #schema(type: string): SchemaVersions {
    const schema = this.#store.schemas.get(type);
    if (schema === undefined) throw new HubError('INTERNAL', `no store for ${type}`);
    return schema;
  }

  #model(type: string) {
    const model = this.#store.records.get(type);
    if (model === undefined) throw new HubError('INTERNAL', `no store for ${type}`);
    return model;
  }

  #rowsOf(type: string): DataLoader<string, Row | null> {
    const known = this.#rows.get(type);
    if (known !== undefined) return known;
    const loader = new DataLoader<string, Row | null>(async (ids) => {
      const found = await findByIds(this.#model(type), ids, this.#allowed(type));
      const byId = new Map(
        found.map((stored) => {
          const record = this.#schema(type).read(stored);
          return [stored._id, record === null ? null : this.#toRow(type, record)];
        }),
      );
      return ids.map((id) => byId.get(id) ?? null);
    });
    this.#rows.set(type, loader);
    return loader;
  }

  async #loadLinks(asks: readonly LinkAsk[]): Promise<readonly (readonly Link[])[]> {
    const first = asks.filter((ask) => ask.after === null);
    const together =
      first.length >= fewKeys ? await this.#loadTogether(first) : new Map<string, readonly Link[]>();
    return await Promise.all(
      asks.map(async (ask) => {
        const rows = ask.after === null ? together?.get(`${ask.kind} ${ask.key}`) : undefined;
        return rows === undefined ? await this.#loadAlone(ask) : rows.slice(0, ask.size);
      }),
    );
  }

  async #loadAlone(ask: LinkAsk): Promise<readonly Link[]> {
    const page = {
      equal: {},
      since: null,
      before: null,
      direction: 'DESC',
      after: ask.after,
      limit: ask.size,
    } as const;
    return await findLinks(this.#store, ask.kind, ask.key, { ...page, allowed: this.#allowed(ask.kind) });
  }

  /** One scan for all keys of a kind; a kind whose rows are too many is left out and asked key by key. */
  async #loadTogether(asks: readonly LinkAsk[]): Promise<ReadonlyMap<string, readonly Link[]>> {
    const byKey = new Map<string, readonly Link[]>();
    for (const kind of new Set(asks.map((ask) => ask.kind))) {
      const keys = [...new Set(asks.filter((ask) => ask.kind === kind).map((ask) => ask.key))];
      const rows = await findLinksOfMany(this.#store, kind, keys, this.#allowed(kind), maxLinksAtOnce);
      if (rows === null) continue;
      const grouped = Map.groupBy(rows, (row) => row.key);
      for (const key of keys) byKey.set(`${kind} ${key}`, (grouped.get(key) ?? []).toSorted(newestFirst));
    }
    return byKey;
  }
}

/** The list's order in memory: MongoDB compares strings by their UTF-8 bytes, and ids are ASCII. */
function newestFirst(one: Link, other: Link): number {
  const byTime = other.sortAt.getTime() - one.sortAt.getTime();
  if (byTime !== 0) return byTime;
  return one.record < other.record ? 1 : -1;
}

function rowOrThrow(found: Row | Error | null | undefined): Row | null {
  if (found instanceof Error) throw found;
  return found ?? null;
}

/** A reference is whatever its sender wrote: an operator object is no key. */
function isKey(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 2100;
}

function instant(value: unknown): Date | null {
  return value instanceof Date ? value : null;
}
