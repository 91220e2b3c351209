import type { Collection } from 'mongodb';
import { HubError } from '../../../schema/errors.ts';
import { batchesOf, maxHeldKeys } from '../../../schema/policy/decide/filter.ts';
import type { Place } from '../read/cursor.ts';
import type { ReadContext } from '../read/read-context.ts';
import {
  embargoIndex,
  keyOf,
  nameSign,
  recordIndex,
  type WordClock,
  type WordRow,
  wordIndex,
  wordRowsIn,
} from './rows.ts';
import type { Query } from './words.ts';

/** A record that a search found. `tier` is 0 if the words of its names fit, and 1 if all its words do. */
export type Found = Pick<WordRow, 'kind' | 'record' | 'sortAt' | 'tie'> & { readonly tier: Tier };
type Tier = 0 | 1;

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

/** Rows that one command examines at most. Beyond them a page ends early, and the next one continues. */
const maxExamined = 2000;
/** Times that a page reads rows of one tier. Rows of records that the page or the first tier has do not fill it. */
const maxRounds = 5;
/** Rows that are read in addition to those wanted: a record can have several for one reader. */
const spare = 20;
const maxOfPrefix = 40;
const prefixRounds = 8;
const prefixRows = 64;
/** Up to this number of rows, words are compared by how rare they are. */
const maxCounted = 1000;
/** Terms of the policy that are compared with the keys of the store in one command. */
const termsTogether = 2000;
const maxTerms = 20_000;
/** A reader with more keys than this finds no record by a field that only two keys together open. */
const maxPaired = 30;
/** Keys of one reader that the store has. */
const maxKeys = 10 * maxHeldKeys;
const clocks: readonly WordClock[] = ['open', 'later', 'early'];
const never = new Date(0);

/**
 * Finds records by their words, the newest first: those that have all words in their names, then the others. Examines only
 * rows of the reader's own access keys, so neither the order nor the work depends on records that the reader may not find.
 */
export class WordSearch {
  readonly #context: ReadContext;
  readonly #rows: Collection<WordRow>;
  readonly #wanted: Wanted;
  readonly #words = new Map<Tier, Promise<WantedWords | null>>();
  #keys: Promise<Keys> | null = null;

  constructor(context: ReadContext, wanted: Wanted) {
    this.#context = context;
    this.#rows = wordRowsIn(context.store);
    this.#wanted = wanted;
  }

  /** Finds up to `limit` records after a place. */
  async page(limit: number, after: Place | null): Promise<FoundPage> {
    const from = after === null ? startOf(0) : placeOf(after);
    const found: Found[] = [];
    for (const tier of this.#wanted.namesOnly ? ([0] as const) : ([0, 1] as const)) {
      if (from.tier > tier) continue;
      if (found.length === limit) return { found, next: toPlace(startOf(tier)) };
      const page = await this.#inTier(tier, limit - found.length, from.tier === tier ? from : startOf(tier));
      found.push(...page.found);
      if (page.next !== null) return { found, next: toPlace(page.next) };
    }
    return { found, next: null };
  }

  async #inTier(tier: Tier, limit: number, after: At): Promise<TierPage> {
    const words = await this.#wordsOf(tier);
    if (words === null) return nothing;
    const found = new Map<string, Found>();
    let at = after;
    for (let round = 0; round < maxRounds; round += 1) {
      const { rows, end } = await this.#rowsAfter(words, at, limit + spare);
      const later = tier === 0 ? null : await this.#withoutNamed(rows.map(({ record }) => record));
      for (const row of rows) {
        const isNew = !found.has(row.record) && (later === null || later.has(row.record));
        if (isNew && found.size === limit) return { found: [...found.values()], next: at };
        if (isNew) found.set(row.record, { ...row, tier });
        at = { tier, sortAt: row.sortAt, tie: row.tie };
      }
      if (end === 'all') return { found: [...found.values()], next: null };
      if (end !== 'more') return { found: [...found.values()], next: { ...end, tier } };
    }
    return { found: [...found.values()], next: at };
  }

  /** The words to look for in a tier. Null if some word has no row of the reader. */
  async #wordsOf(tier: Tier): Promise<WantedWords | null> {
    const known = this.#words.get(tier) ?? this.#findWords(tier);
    this.#words.set(tier, known);
    return await known;
  }

  async #findWords(tier: Tier): Promise<WantedWords | null> {
    const { query } = this.#wanted;
    const sign = tier === 0 ? nameSign : '';
    const words = query.words.map((word) => `${sign}${word}`);
    const completions = query.prefix === null ? null : await this.#withPrefix(`${sign}${query.prefix}`);
    if (completions?.length === 0) return null;
    const rarest = await this.#rarest(words);
    const indexed = rarest === null ? completions : [rarest];
    const named = tier === 1 && completions === null ? words.map((word) => `${nameSign}${word}`) : null;
    return indexed === null ? null : { indexed, words, completions, named };
  }

  /** Words that begin with a prefix, up to a maximum of those in the reader's rows. */
  async #withPrefix(prefix: string): Promise<readonly string[]> {
    const all = (await this.#scansOf()).map(async (scan) => await this.#wordsFrom(prefix, scan));
    return [...new Set((await Promise.all(all)).flat())].slice(0, maxOfPrefix);
  }

  /** Each round reads rows with words that were not found before: a frequent word would hide the others. */
  async #wordsFrom(prefix: string, { match, hint }: Scan): Promise<readonly string[]> {
    const words = new Set<string>();
    for (let round = 0; round < prefixRounds && words.size < maxOfPrefix; round += 1) {
      // Without `$elemMatch`, two words of a row could satisfy one limit each.
      const range = { $elemMatch: { $gte: prefix, $lt: `${prefix}\uffff`, $nin: [...words] } };
      const rows = await this.#rows
        .find({ ...match, words: range }, this.#limits())
        .hint(hint)
        .limit(prefixRows)
        .project<Pick<WordRow, 'words'>>({ words: 1, _id: 0 })
        .toArray();
      for (const word of rows.flatMap((row) => row.words)) if (word.startsWith(prefix)) words.add(word);
      if (rows.length < prefixRows) break;
    }
    return [...words];
  }

  /** The reader's rows, by the clocks of their keys. The index compares the end of an embargo. */
  async #scansOf(): Promise<readonly Scan[]> {
    const { open, later, early } = await this.#keysOf();
    return [
      ...batchesOf(open).map((keys) => ({ match: { key: { $in: keys } }, hint: wordIndex })),
      ...batchesOf(later).map((keys) => ({
        match: { key: { $in: keys }, openFrom: { $gt: never, $lte: this.#now } },
        hint: embargoIndex,
      })),
      ...batchesOf(early).map((keys) => ({
        match: { key: { $in: keys }, openFrom: { $gt: this.#now } },
        hint: embargoIndex,
      })),
    ];
  }

  /** The word with the fewest rows of the reader; null without words. */
  async #rarest(words: readonly string[]): Promise<string | null> {
    if (words.length <= 1) return words[0] ?? null;
    const { open } = await this.#keysOf();
    const countIn = async (word: string) => {
      const counted = batchesOf(open).map(
        async (keys) =>
          await this.#rows.countDocuments(
            { key: { $in: keys }, words: word },
            { limit: maxCounted, hint: wordIndex, ...this.#limits() },
          ),
      );
      return (await Promise.all(counted)).reduce((sum, one) => sum + one, 0);
    };
    const counts = await Promise.all(words.map(countIn));
    return words[counts.indexOf(Math.min(...counts))] ?? null;
  }

  /** Returns the records that are not found by their names: those come first. */
  async #withoutNamed(records: readonly string[]): Promise<ReadonlySet<string>> {
    const named = await this.#wordsOf(0);
    if (named === null || records.length === 0) return new Set(records);
    const { words, completions } = named;
    const { open, later, early } = await this.#keysOf();
    const rows = await this.#rows
      .find(
        {
          record: { $in: [...records] },
          $or: [
            { key: { $in: [...open] } },
            { key: { $in: [...later] }, openFrom: { $lte: this.#now } },
            { key: { $in: [...early] }, openFrom: { $gt: this.#now } },
          ],
          $and: [
            ...(words.length === 0 ? [] : [{ words: { $all: [...words] } }]),
            ...(completions === null ? [] : [{ words: { $in: [...completions] } }]),
          ],
        },
        this.#limits(),
      )
      .hint(recordIndex)
      .project<Pick<WordRow, 'record'>>({ record: 1, _id: 0 })
      .toArray();
    return new Set(records).difference(new Set(rows.map(({ record }) => record)));
  }

  /**
   * Rows after a place that have all words, in order. `end` is `all` if there are no more, `more` if the next ones follow, or
   * the place up to which rows were examined without enough that fit.
   */
  async #rowsAfter(words: WantedWords, after: At, count: number): Promise<Rows> {
    const word = words.indexed.length === 1 ? words.indexed[0] : { $in: words.indexed };
    const scans = (await this.#scansOf()).map(({ match, hint }) => ({
      match: { ...match, words: word },
      hint,
    }));
    const parts = await Promise.all(
      scans.map(async (scan) => await this.#scan(scan, fitsIn(words), after, count)),
    );
    // Beyond the first place where a scan ended, rows of that scan may be missing.
    const ends = parts.flatMap(({ end }) => (typeof end === 'string' ? [] : [end])).toSorted(inOrder);
    const full = parts
      .flatMap(({ rows, end }) => (end === 'more' ? (rows.at(-1) ?? []) : []))
      .toSorted(inOrder);
    const [end] = [...ends, ...full].toSorted(inOrder);
    const rows = parts.flatMap((part) => part.rows).toSorted(inOrder);
    if (end === undefined) return { rows, end: 'all' };
    const complete = rows.filter((row) => inOrder(row, end) <= 0);
    return ends[0] === end ? { rows: complete, end } : { rows: complete, end: 'more' };
  }

  async #scan({ match, hint }: Scan, fits: object | null, { sortAt, tie }: At, count: number): Promise<Rows> {
    const { since } = this.#wanted;
    const range = [
      ...(since === null ? [] : [{ sortAt: { $gte: since } }]),
      { sortAt: { $lte: sortAt } },
      { $or: [{ sortAt: { $lt: sortAt } }, { tie: { $lt: tie } }] },
    ];
    const examined = [
      { $match: { $and: [match, ...range] } },
      { $sort: { sortAt: -1, tie: -1 } },
      { $limit: maxExamined },
    ];
    const rows = await this.#rows
      .aggregate<WordRowPlace>(
        [
          ...examined,
          ...(fits === null ? [] : [{ $match: { $expr: fits } }]),
          { $limit: count },
          { $project: { _id: 0, kind: 1, record: 1, sortAt: 1, tie: 1 } },
        ],
        { ...this.#limits(), hint },
      )
      .toArray();
    if (rows.length === count) return { rows: withoutLastGroup(rows), end: 'more' };
    if (fits === null) return { rows, end: 'all' };
    const [last] = await this.#rows
      .aggregate<Omit<At, 'tier'>>(
        [...examined, { $skip: maxExamined - 1 }, { $project: { _id: 0, sortAt: 1, tie: 1 } }],
        { ...this.#limits(), hint },
      )
      .toArray();
    return { rows, end: last ?? 'all' };
  }

  async #keysOf(): Promise<Keys> {
    this.#keys ??= this.#findKeys();
    return await this.#keys;
  }

  /** The keys of the reader, as the policy in force says, that the store has rows of. */
  async #findKeys(): Promise<Keys> {
    const all = termsIn(this.#context, this.#wanted.kinds).flatMap(({ kind, term }) =>
      clocks.map((clock) => [keyOf(clock, kind, term), clock] as const),
    );
    const terms = all.length / clocks.length;
    if (terms > maxTerms)
      throw new HubError(
        'PART_UNAVAILABLE',
        `expected a reader with at most ${maxTerms} terms, got ${terms}`,
      );
    const clockOf = new Map(all);
    const known = await Promise.all(
      batchesOf([...clockOf.keys()], termsTogether).map(
        async (keys) => await this.#rows.distinct('key', { key: { $in: [...keys] } }, this.#limits()),
      ),
    );
    const of = (clock: WordClock) => known.flat().filter((key) => clockOf.get(key) === clock);
    const keys = { open: of('open'), later: of('later'), early: of('early') };
    const count = known.flat().length;
    if (count > maxKeys)
      throw new HubError('PART_UNAVAILABLE', `expected a reader with at most ${maxKeys} keys, got ${count}`);
    return keys;
  }

  get #now(): Date {
    return this.#context.readerAccess.now;
  }

  #limits() {
    return { maxTimeMS: Math.max(1, Math.ceil(this.#context.timeLeft())) };
  }
}

type Scan = { readonly match: object; readonly hint: typeof wordIndex | typeof embargoIndex };
type At = { readonly tier: Tier; readonly sortAt: Date; readonly tie: number };
type WordRowPlace = Omit<Found, 'tier'>;
type TierPage = { readonly found: readonly Found[]; readonly next: At | null };
type Rows = { readonly rows: readonly WordRowPlace[]; readonly end: 'all' | 'more' | Omit<At, 'tier'> };
type Keys = Readonly<Record<WordClock, readonly string[]>>;
/** The words that a row must have. */
type WantedWords = {
  /** The words by which rows are read from the index. */
  readonly indexed: readonly string[];
  /** A row has all of these. */
  readonly words: readonly string[];
  /** A row has one of these, which begin with the prefix. Null without a prefix. */
  readonly completions: readonly string[] | null;
  /** A row with all of these is left out: its record is in the first tier. Null if no row is left out by its words. */
  readonly named: readonly string[] | null;
};

const nothing: TierPage = { found: [], next: null };

/** An expression, so that no index is chosen by it. Null if the words by which rows are read are all. */
function fitsIn({ indexed, words, completions, named }: WantedWords): object | null {
  const others = words.filter((word) => !indexed.includes(word));
  const isPrefixToo = completions !== null && completions !== indexed;
  const all = [
    ...(others.length === 0 ? [] : [{ $setIsSubset: [{ $literal: others }, '$words'] }]),
    ...(isPrefixToo
      ? [{ $gt: [{ $size: { $setIntersection: [{ $literal: completions }, '$words'] } }, 0] }]
      : []),
    ...(named === null ? [] : [{ $not: [{ $setIsSubset: [{ $literal: named }, '$words'] }] }]),
  ];
  return all.length === 0 ? null : { $and: all };
}

/** The terms by which this reader finds records of the kinds, as the policy in force says: those of one field of each group. */
function termsIn(context: ReadContext, kinds: readonly string[]) {
  const { policy, readerAccess } = context;
  return kinds.flatMap((kind) => {
    const fields = [...(context.schema(kind).search?.texts.keys() ?? [])];
    const groups = new Map(fields.map((field) => [policy.coordinates.placeOf(kind, field)?.group, field]));
    const ofKind = [...groups.values()].flatMap((field) => readerAccess.searchTerms(kind, field, maxPaired));
    return [...new Set(ofKind)].map((term) => ({ kind, term }));
  });
}

type Ordered = Pick<At, 'sortAt' | 'tie'>;

function inOrder(one: Ordered, other: Ordered): number {
  return other.sortAt.getTime() - one.sortAt.getTime() || other.tie - one.tie;
}

/** Leaves out the last rows of one place: a further one may follow, and the next rows begin after the place. */
function withoutLastGroup(rows: readonly WordRowPlace[]): readonly WordRowPlace[] {
  const last = rows.at(-1);
  const kept = last === undefined ? rows : rows.filter((row) => inOrder(row, last) !== 0);
  return kept.length === 0 ? rows : kept;
}

/** The place before the first record of a tier. */
function startOf(tier: Tier): At {
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
