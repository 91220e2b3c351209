import { nameOfKind } from '../../../schema/record/record-kinds.ts';
import type { SearchAsked } from '../../../schema/record/search-key.ts';
import { HubError } from '../../../schema/errors.ts';
import { edgesOf, type PageArguments, pageSize } from '../read/connection.ts';
import { openCursor, type Place, sealCursor } from '../read/cursor.ts';
import { mayFind } from '../read/may-find.ts';
import type { ReadContext } from '../read/read-context.ts';
import type { Row } from '../read/row.ts';
import { type Match, matchesIn, type TextBudget, titleOf } from './excerpt.ts';
import { placeOfFound, WordSearch } from './find.ts';
import { type Query, queryLimits, readQuery } from './words.ts';

/** A record that a search found, as its reader sees it. */
export type Hit = {
  readonly id: string;
  readonly kind: string;
  readonly title: string | null;
  readonly matches: readonly Match[];
};

/** A page of hits, in the form of a Relay connection. */
export type HitConnection = {
  readonly edges: readonly { readonly cursor: string; readonly node: Hit }[];
  readonly nodes: readonly Hit[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
};

/** How a search reads records: `load` returns one that the reader may see, and `give` counts it as disclosed. */
export type HitRows = {
  readonly load: (kind: string, id: string) => Promise<Row | null>;
  readonly give: (row: Row) => void;
};

const maxSuggestions = 10;
/** The characters of texts that one page compares: comparing occupies the subgraph's one thread. */
const maxCompared = 500_000;
/** Times that one page reads further records, because some were no hits. */
const maxReads = 5;
/** A prefix of one letter has too many words. */
const minPrefix = 2;

/** Finds a page of the records of a community that have all words of a search. Throws BAD_USER_INPUT or BAD_CURSOR. */
export async function searchPage(
  context: ReadContext,
  asked: SearchAsked,
  args: PageArguments,
  rows: HitRows,
): Promise<HitConnection> {
  requireFilled(context);
  const size = pageSize(args.first);
  const query = readQuery(asked.text);
  const scope = context.cursorScope('Search', asked, 'DESC');
  const after = args.after ? openCursor(args.after, scope, context.cursorKey) : null;
  const seal = (place: Place) => sealCursor(place, scope, context.cursorKey);
  checkQuery(query);
  if (size === 0 || isEmpty(query)) return toHits([], null, after, seal);
  const kinds = [...context.kinds.keys()].filter((kind) => asked.kinds?.includes(nameOfKind(kind)) ?? true);
  const search = new WordSearch(context, { query, kinds, since: asked.since, namesOnly: false });
  const { hits, next } = await readHits(context, search, { query, size, after }, rows);
  return toHits(hits, next, after, seal);
}

/** Finds the newest records of which a name has all words of a text, and one that begins with the last word. */
export async function suggestHits(
  context: ReadContext,
  text: string,
  rows: HitRows,
): Promise<readonly Hit[]> {
  requireFilled(context);
  const query = readQuery(`${text.trimEnd().replace(/\*+$/u, '')}*`);
  checkQuery(query);
  if (isEmpty(query)) return [];
  const wanted = { query, kinds: [...context.kinds.keys()], since: null, namesOnly: true };
  const search = new WordSearch(context, wanted);
  const { hits } = await readHits(context, search, { query, size: maxSuggestions, after: null }, rows);
  return hits.map(({ node }) => node);
}

function checkQuery({ words, phrases }: Query): void {
  if (words.length > queryLimits.words)
    throw new HubError(
      'BAD_USER_INPUT',
      `text: expected at most ${queryLimits.words} words, got ${words.length}`,
    );
  if (phrases.length > queryLimits.phrases)
    throw new HubError(
      'BAD_USER_INPUT',
      `text: expected at most ${queryLimits.phrases} phrases, got ${phrases.length}`,
    );
}

function isEmpty({ words, prefix }: Query): boolean {
  return words.length === 0 && (prefix === null || prefix.length < minPrefix);
}

type Placed = { readonly node: Hit; readonly place: Place };

type Page = { readonly query: Query; readonly size: number; readonly after: Place | null };

/**
 * Reads records until a page of hits is full. Each is decided again by its envelope, word for word, before it counts: a record
 * that is no hit neither shortens the page nor makes a next one. One hit more than the page tells whether there is a next page.
 */
async function readHits(
  context: ReadContext,
  search: WordSearch,
  { query, size, after }: Page,
  { load, give }: HitRows,
): Promise<{ readonly hits: readonly Placed[]; readonly next: Place | null }> {
  const hits: Placed[] = [];
  const budget: TextBudget = { left: maxCompared };
  let from = after;
  for (let read = 0; ; read += 1) {
    const { found, next } = await search.page(size + 1 - hits.length, from);
    const loaded = await Promise.all(found.map(async (one) => await load(one.kind, one.record)));
    for (const [at, one] of found.entries()) {
      context.timeLeft();
      const { left } = budget;
      const row = loaded[at] ?? null;
      const node = row === null ? null : toHit(context, row, query, budget);
      // The next page begins with a record that could not be compared whole, unless it alone exceeds the budget.
      if (node === null && budget.left <= 0 && left < maxCompared) return { hits, next: from };
      if (node !== null && hits.length === size) return { hits, next: hits.at(-1)?.place ?? from };
      from = placeOfFound(one);
      if (row === null || node === null) continue;
      give(row);
      hits.push({ node, place: from });
    }
    if (next === null) return { hits, next: null };
    from = next;
    if (found.length === 0 || read + 1 >= maxReads) return { hits, next };
  }
}

function requireFilled({ filled }: ReadContext): void {
  if (!filled) throw new HubError('PART_UNAVAILABLE', 'the words of the records are still being written');
}

function toHit(context: ReadContext, row: Row, query: Query, budget: TextBudget): Hit | null {
  const fields = context.schema(row.type).search;
  if (fields === null) return null;
  const isFindable = (field: string) => mayFind(context, row.type, row, [field]);
  const matches = matchesIn(row, fields, query, isFindable, budget);
  if (matches === null) return null;
  return { id: row.id, kind: nameOfKind(row.type), title: titleOf(row, fields, isFindable), matches };
}

function toHits(
  hits: readonly Placed[],
  next: Place | null,
  after: Place | null,
  seal: (place: Place) => string,
): HitConnection {
  const [first, last] = [hits.at(0)?.place, hits.at(-1)?.place];
  // A page can end before it is full, also without a hit: the next one continues where it ended.
  const end = next ?? last;
  return {
    edges: edgesOf(hits, seal),
    nodes: hits.map(({ node }) => node),
    pageInfo: {
      hasNextPage: next !== null,
      hasPreviousPage: after !== null,
      startCursor: first === undefined ? null : seal(first),
      endCursor: end === undefined ? null : seal(end),
    },
  };
}
