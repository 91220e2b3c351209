import type { Collection } from 'mongodb';
import { maxHeldKeys } from '../../../schema/policy/decide/filter.ts';
import type { Place } from '../read/cursor.ts';
import type { ReadContext } from '../read/read-context.ts';
import { keyOf, nameSign, recordIndex, type WordRow, wordIndex, wordRowsIn } from './rows.ts';
import type { Query } from './words.ts';

/** A record that a search found. `tier` is 0 if the words of its names fit, and 1 if all its words do. */
export type Found = Pick<WordRow, 'kind' | 'record' | 'sortAt' | 'tie'> & { readonly tier: 0 | 1 };

/** The words, kinds and time of a search. */
export type Wanted = {
  readonly query: Query;
  readonly kinds: readonly string[];
  readonly since: Date | null;
  /** Whether only the words of names are compared. */
  readonly namesOnly: boolean;
};

/** The records of a page, in order, and the place after which a further search continues. Null if there are no more. */
export type FoundPage = { readonly found: readonly Found[]; readonly next: Place | null };

/** Rows that one command reads. */
const chunk = 1000;
/** Rows that one search of a page reads at most. Beyond them it ends early, and the next page continues. */
const maxRows = 5000;
/** Records that are compared together with those that come first. */
const together = 100;
/** Words of a prefix that are looked for. */
const maxOfPrefix = 40;
const prefixRounds = 8;
const prefixRows = 64;
/** Up to this number of rows, words are compared by how rare they are. */
const maxCounted = 1000;
/** The most keys of one reader that are looked for. */
const maxKeys = 6 * maxHeldKeys;

/**
 * Finds records by their words, the newest first: those that have all words in their names, then the others. Examines only
 * rows of the reader's own access keys, so neither the order nor the work depends on records that the reader may not find.
 */
export async function findWords(
  context: ReadContext,
  { query, kinds, since, namesOnly }: Wanted,
  limit: number,
  after: Place | null,
): Promise<FoundPage> {
  const search = new Search(context, kinds, since);
  const from = after === null ? null : placeOf(after);
  const found: Found[] = [];
  for (const tier of namesOnly ? ([0] as const) : ([0, 1] as const)) {
    if (from !== null && from.tier > tier) continue;
    const start = from?.tier === tier ? from : null;
    const page = await search.tier(query, tier, limit - found.length, start);
    found.push(...page.found);
    if (page.next !== null) return { found, next: toPlace(page.next) };
    if (found.length === limit && tier === 0) return { found, next: toPlace(startOf(1)) };
  }
  return { found, next: null };
}

type At = { readonly tier: 0 | 1; readonly sortAt: Date; readonly tie: number };
type TierPage = { readonly found: readonly Found[]; readonly next: At | null };
/** All `words`, one of `some` if there is a prefix; `driving` are those by which rows are read. */
type WantedWords = {
  readonly driving: readonly string[];
  readonly words: readonly string[];
  readonly some: readonly string[] | null;
};
type Keys = { readonly open: readonly string[]; readonly early: readonly string[] };

class Search {
  readonly #context: ReadContext;
  readonly #rows: Collection<WordRow>;
  readonly #keys: Keys;
  readonly #since: Date | null;

  constructor(context: ReadContext, kinds: readonly string[], since: Date | null) {
    this.#context = context;
    this.#rows = wordRowsIn(context.store);
    this.#keys = keysOf(context, kinds);
    this.#since = since;
  }

  async tier(query: Query, tier: 0 | 1, limit: number, after: At | null): Promise<TierPage> {
    const wanted = await this.#wantedIn(query, tier);
    if (wanted === null) return nothing;
    const named = tier === 0 ? null : await this.#wantedIn(query, 0);
    const isLater = async (some: readonly string[]) => await this.#withoutNamed(some, named);
    const { driving, words, some } = wanted;
    const fits = fitsIn(
      words.filter((word) => !driving.includes(word)),
      driving === some ? null : some,
    );
    return await this.#read(driving, fits, isLater, { tier, limit, after });
  }

  /** The words to look for in a tier, and those by which rows are read. Null if some word has no row of the reader. */
  async #wantedIn(query: Query, tier: 0 | 1): Promise<WantedWords | null> {
    const sign = tier === 0 ? nameSign : '';
    const words = query.words.map((word) => `${sign}${word}`);
    const some = query.prefix === null ? null : await this.withPrefix(`${sign}${query.prefix}`);
    if (some?.length === 0) return null;
    const rarest = await this.#rarest(words);
    const driving = rarest === null ? some : [rarest];
    return driving === null ? null : { driving, words, some };
  }

  /** Returns the records that are not found by their names: those come first. */
  async #withoutNamed(records: readonly string[], named: WantedWords | null): Promise<ReadonlySet<string>> {
    if (named === null || records.length === 0) return new Set(records);
    const { words, some } = named;
    const { open, early } = this.#keys;
    const rows = await this.#rows
      .find(
        {
          record: { $in: [...records] },
          $or: [
            { key: { $in: [...open] }, openFrom: { $lte: this.#now } },
            { key: { $in: [...early] }, openFrom: { $gt: this.#now } },
          ],
          $and: [
            ...(words.length === 0 ? [] : [{ words: { $all: [...words] } }]),
            ...(some === null ? [] : [{ words: { $in: [...some] } }]),
          ],
        },
        this.#limits(),
      )
      .hint(recordIndex)
      .project<Pick<WordRow, 'record'>>({ record: 1, _id: 0 })
      .toArray();
    return new Set(records).difference(new Set(rows.map(({ record }) => record)));
  }

  /** Words that begin with a prefix, up to a maximum of those in the reader's rows. */
  async withPrefix(prefix: string): Promise<readonly string[]> {
    const all = batchesOf(this.#keys.open).map(async (keys) => await this.#wordsFrom(prefix, keys));
    return [...new Set((await Promise.all(all)).flat())].slice(0, maxOfPrefix);
  }

  /** Each round reads rows with words that were not found before: a frequent word would hide the others. */
  async #wordsFrom(prefix: string, keys: readonly string[]): Promise<readonly string[]> {
    const words = new Set<string>();
    for (let round = 0; round < prefixRounds && words.size < maxOfPrefix; round += 1) {
      // Without `$elemMatch`, two words of a row could satisfy one limit each.
      const range = { $elemMatch: { $gte: prefix, $lt: `${prefix}\uffff`, $nin: [...words] } };
      const rows = await this.#rows
        .find({ key: { $in: keys }, words: range, openFrom: never }, this.#limits())
        .hint(wordIndex)
        .limit(prefixRows)
        .project<Pick<WordRow, 'words'>>({ words: 1, _id: 0 })
        .toArray();
      for (const word of rows.flatMap((row) => row.words)) if (word.startsWith(prefix)) words.add(word);
      if (rows.length < prefixRows) break;
    }
    return [...words];
  }

  /** The word with the fewest rows of the reader; null if one of them has none. */
  async #rarest(words: readonly string[]): Promise<string | null> {
    if (words.length <= 1) return words[0] ?? null;
    const counts = await Promise.all(
      words.map(async (word) => {
        const some = batchesOf(this.#keys.open).map(
          async (keys) =>
            await this.#rows.countDocuments(
              { key: { $in: keys }, words: word, openFrom: never },
              { limit: maxCounted, hint: wordIndex, ...this.#limits() },
            ),
        );
        return (await Promise.all(some)).reduce((sum, one) => sum + one, 0);
      }),
    );
    return words[counts.indexOf(Math.min(...counts))] ?? null;
  }

  async #read(
    driving: readonly string[],
    fits: object,
    isLater: (records: readonly string[]) => Promise<ReadonlySet<string>>,
    { tier, limit, after }: { readonly tier: 0 | 1; readonly limit: number; readonly after: At | null },
  ): Promise<TierPage> {
    const found = new Map<string, Found>();
    let at = after;
    for (let read = 0; ; read += chunk) {
      const rows = await this.#chunk(driving, fits, at);
      for (let from = 0; from < rows.length; from += together) {
        const some = rows.slice(from, from + together);
        const later = await isLater(some.filter(({ isFit }) => isFit).map(({ record }) => record));
        for (const { isFit, ...row } of some) {
          if (isFit && later.has(row.record) && !found.has(row.record)) {
            if (found.size === limit) return { found: [...found.values()], next: at ?? startOf(tier) };
            found.set(row.record, { ...row, tier });
          }
          at = { tier, sortAt: row.sortAt, tie: row.tie };
        }
      }
      if (rows.length < chunk) return { found: [...found.values()], next: null };
      if (read + chunk >= maxRows) return { found: [...found.values()], next: at };
    }
  }

  /** Rows after a place, in order, each with whether it fits. */
  async #chunk(driving: readonly string[], fits: object, after: At | null) {
    const now = this.#now;
    const word = driving.length === 1 ? driving[0] : { $in: driving };
    const ended = { $gt: never, $lte: now };
    const open = batchesOf(this.#keys.open).map((keys) => ({
      key: { $in: keys },
      words: word,
      openFrom: never,
    }));
    const embargoed = {
      $or: [
        ...batchesOf(this.#keys.open).map((keys) => ({ key: { $in: keys }, words: word, openFrom: ended })),
        ...batchesOf(this.#keys.early).map((keys) => ({
          key: { $in: keys },
          words: word,
          openFrom: { $gt: now },
        })),
      ],
    };
    const matches = embargoed.$or.length === 0 ? open : [...open, embargoed];
    const parts = await Promise.all(matches.map(async (match) => await this.#part(match, fits, after)));
    const rows = parts.flat().toSorted(inOrder);
    return rows.slice(0, chunk);
  }

  async #part(match: object, fits: object, after: At | null) {
    const range = [
      ...(this.#since === null ? [] : [{ sortAt: { $gte: this.#since } }]),
      ...(after === null
        ? []
        : [
            { sortAt: { $lte: after.sortAt } },
            { $or: [{ sortAt: { $lt: after.sortAt } }, { tie: { $lt: after.tie } }] },
          ]),
    ];
    return await this.#rows
      .aggregate<Omit<Found, 'tier'> & { readonly isFit: boolean }>(
        [
          { $match: { $and: [match, ...range] } },
          { $sort: { sortAt: -1, tie: -1 } },
          { $limit: chunk },
          { $project: { _id: 0, kind: 1, record: 1, sortAt: 1, tie: 1, isFit: fits } },
        ],
        { ...this.#limits(), ...('$or' in match ? {} : { hint: wordIndex }) },
      )
      .toArray();
  }

  get #now(): Date {
    return this.#context.readerAccess.now;
  }

  #limits() {
    return { maxTimeMS: Math.max(1, Math.ceil(this.#context.timeLeft())) };
  }
}

const nothing: TierPage = { found: [], next: null };
/** The time from which a record without an embargo is open. */
const never = new Date(0);

/** An expression, so that no index is chosen by it: the row has all of `words`, and one of `some`. */
function fitsIn(words: readonly string[], some: readonly string[] | null) {
  const all = [
    ...(words.length === 0 ? [] : [{ $setIsSubset: [{ $literal: words }, '$words'] }]),
    ...(some === null ? [] : [{ $gt: [{ $size: { $setIntersection: [{ $literal: some }, '$words'] } }, 0] }]),
  ];
  return all.length === 0 ? { $literal: true } : { $and: all };
}

/** The keys of all rows in which this reader finds records of the kinds, as the policy in force says. */
function keysOf(context: ReadContext, kinds: readonly string[]): Keys {
  const { readerAccess } = context;
  const terms = kinds
    .filter((kind) => context.kinds.has(kind))
    .flatMap((kind) => {
      const texts = context.schema(kind).search?.texts ?? new Map<string, unknown>();
      const ofKind = [...texts.keys()].flatMap((field) => readerAccess.searchTerms(kind, field));
      return [...new Set(ofKind)].map((term) => ({ kind, term }));
    });
  // Pairs of keys find records by fields with a separate marking only: they give way to single keys.
  const isPair = ({ term }: { readonly term: string }) => Number(term.includes('\n'));
  const all = terms.toSorted((one, other) => isPair(one) - isPair(other)).slice(0, maxKeys);
  return {
    open: all.map(({ kind, term }) => keyOf('open', kind, term)),
    early: all.map(({ kind, term }) => keyOf('early', kind, term)),
  };
}

function batchesOf(keys: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(keys.length / maxHeldKeys);
  return Array.from({ length: count }, (_, at) => keys.slice(at * maxHeldKeys, (at + 1) * maxHeldKeys));
}

function inOrder(one: Omit<Found, 'tier'>, other: Omit<Found, 'tier'>): number {
  return other.sortAt.getTime() - one.sortAt.getTime() || other.tie - one.tie;
}

/** The place before the first record of a tier. */
function startOf(tier: 0 | 1): At {
  return { tier, sortAt: new Date(8.64e15), tie: Number.MAX_SAFE_INTEGER };
}

function toPlace({ tier, sortAt, tie }: At): Place {
  return { sortAt, id: `${tier}:${tie}` };
}

function placeOf({ sortAt, id }: Place): At {
  const [tier, tie] = id.split(':').map(Number);
  return { tier: tier === 0 ? 0 : 1, sortAt, tie: tie ?? 0 };
}

/** Returns the place of a found record, for its cursor. */
export function placeOfFound(found: Found): Place {
  return toPlace(found);
}
