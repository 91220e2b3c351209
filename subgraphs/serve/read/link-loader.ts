import DataLoader from 'dataloader';
import type { Link } from '../store/links.ts';
import type { Place } from './cursor.ts';
import { findLinks, findLinksOfMany } from './queries.ts';
import type { ReadContext } from './read-context.ts';

/** A page of the join rows of one shared key. */
export type LinkPage = {
  readonly kind: string;
  readonly key: string;
  readonly size: number;
  readonly after: Place | null;
};

/** The most join rows that one scan over many keys may return. Above it, each key gets a query. */
const maxLinksTogether = 5000;
/** From this number of keys on, one scan over all of them is cheaper than a query for each. */
const minKeysTogether = 4;

/** Loads join rows by shared key. First pages of many keys that are asked in one tick are read by one scan. */
export class LinkLoader {
  readonly #context: ReadContext;
  readonly #loader: DataLoader<LinkPage, readonly Link[], string>;

  constructor(context: ReadContext) {
    this.#context = context;
    this.#loader = new DataLoader(async (pages) => await this.#loadAll(pages), {
      cacheKeyFn: ({ kind, key, size, after }) => JSON.stringify([kind, key, size, after]),
    });
  }

  /** The join rows of a page, newest first. */
  async load(page: LinkPage): Promise<readonly Link[]> {
    return await this.#loader.load(page);
  }

  async #loadAll(pages: readonly LinkPage[]): Promise<readonly (readonly Link[])[]> {
    const first = pages.filter(({ after }) => after === null);
    const together =
      first.length >= minKeysTogether ? await this.#loadTogether(first) : new Map<string, readonly Link[]>();
    return await Promise.all(
      pages.map(async (page) => {
        const rows = page.after === null ? together.get(`${page.kind} ${page.key}`) : undefined;
        return rows === undefined ? await this.#loadAlone(page) : rows.slice(0, page.size);
      }),
    );
  }

  /** Reads all keys of each kind by one scan. Leaves out a kind with too many rows. */
  async #loadTogether(pages: readonly LinkPage[]): Promise<ReadonlyMap<string, readonly Link[]>> {
    const { store } = this.#context;
    const byKey = new Map<string, readonly Link[]>();
    for (const kind of new Set(pages.map((page) => page.kind))) {
      const keys = [...new Set(pages.filter((page) => page.kind === kind).map((page) => page.key))];
      const rows = await findLinksOfMany(
        store,
        kind,
        keys,
        this.#context.allowed(kind),
        maxLinksTogether,
        this.#context.timeLeft(),
      );
      if (rows === null) continue;
      const grouped = Map.groupBy(rows, (row) => row.key);
      for (const key of keys) byKey.set(`${kind} ${key}`, (grouped.get(key) ?? []).toSorted(newestFirst));
    }
    return byKey;
  }

  async #loadAlone({ kind, key, size, after }: LinkPage): Promise<readonly Link[]> {
    const query = { since: null, before: null, direction: 'DESC', after, limit: size } as const;
    const allowed = this.#context.allowed(kind);
    return await findLinks(this.#context.store, kind, key, { ...query, allowed }, this.#context.timeLeft());
  }
}

/** The order of `findLinks`, in memory. MongoDB compares strings by their UTF-8 bytes, and ids are ASCII. */
function newestFirst(one: Link, other: Link): number {
  const byTime = other.sortAt.getTime() - one.sortAt.getTime();
  if (byTime !== 0) return byTime;
  return one.record < other.record ? 1 : -1;
}
