import { hash } from 'node:crypto';
import type { Collection } from 'mongodb';
import type { Connection } from 'mongoose';
import { isForAnyone } from '../../../schema/policy/decide/access-keys.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import { noTerms, type SearchTerms } from '../../../schema/policy/decide/search-terms.ts';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import type { Content } from '../record/content.ts';
import { namingFirst, textsOf } from './fields.ts';
import type { SearchFields } from './search-fields.ts';
import { wordsIn } from './words.ts';

/**
 * The words of a record for the readers that hold one access key. A record has a row for each key that may find it. Words of
 * a field with a separate marking are in the rows of the keys that may find the record by that field. Therefore a query examines
 * nothing that its reader may not find.
 */
export type WordRow = {
  /** A hash of the access key and the kind of record. The version of its policy stays legible. */
  readonly key: string;
  readonly kind: string;
  readonly record: string;
  /** Each word that names the record is there twice: as it is, and with the sign of names. */
  readonly words: readonly string[];
  /** The end of the embargo. The epoch if there is none. */
  readonly openFrom: Date;
  readonly sortAt: Date;
  /** A hash of the record's id, which orders records of the same time. */
  readonly tie: number;
};

/**
 * When the key of a row finds its record: `open` always, `later` after the end of its embargo, `early` before it. A record
 * without an embargo has rows of the first clock only.
 */
export type WordClock = 'open' | 'later' | 'early';

/** The index of a search: MongoDB merges the keys in the order of the list. */
export const wordIndex = { key: 1, words: 1, sortAt: -1, tie: -1 } as const;
/** The index of the records that have or had an embargo: it compares the end, so that no row is read before it. */
export const embargoIndex = { key: 1, words: 1, sortAt: -1, tie: -1, openFrom: 1 } as const;

/** The index of the rows of a record. */
export const recordIndex = { record: 1, key: 1 } as const;

/** Begins a word that names a record. No word of a text begins with it. */
export const nameSign = '=';

/**
 * The words of a row. It depends on nothing but the row: otherwise the words that find a record would tell how many readers
 * it has that one reader does not see.
 */
const maxWords = 200;
/** The rows of a record for its own access keys, and for the keys of its fields with a separate marking. */
const maxRows = 100;
/** The most characters of a field that are divided into words. */
export const maxText = 50_000;

/** The rows of words of a community's store. */
export function wordRowsIn({ connection }: { readonly connection: Connection }): Collection<WordRow> {
  return connection.collection<WordRow>('words');
}

/** Creates the indexes of the words. */
export async function createWordIndexes(store: { readonly connection: Connection }): Promise<void> {
  await wordRowsIn(store).createIndexes([
    { key: wordIndex },
    { key: embargoIndex, partialFilterExpression: { openFrom: { $gt: new Date(0) } } },
    { key: recordIndex },
  ]);
}

type Stored = Pick<StoredRecord<Content>, '_id' | 'sortAt' | 'openFrom'> & {
  readonly envelope: Envelope;
  readonly content: Content;
};

/** Makes the rows of a record in the current document version. A record that nobody may search for has none. */
export function toWordRows(
  record: Stored,
  kind: string,
  fields: SearchFields,
  keyPolicy: Pick<Policy, 'searchTerms'>,
): readonly WordRow[] {
  const { _id, sortAt, openFrom } = record;
  const base = new Map<string, Set<string>>();
  const marked = new Map<string, Set<string>>();
  for (const { words, keys, isMarked } of fieldsOf(record, kind, fields, keyPolicy))
    for (const key of keys) addWords(isMarked && !base.has(key) ? marked : base, key, words);
  const rows = [...base, ...marked];
  return rows.map(([key, words]) => ({
    key,
    kind,
    record: _id,
    words: [...words],
    openFrom,
    sortAt,
    tie: tieOf(_id),
  }));
}

/** The words of each field with the keys that find the record by them. Fields without a separate marking come first. */
function fieldsOf(
  { envelope, content }: Stored,
  kind: string,
  fields: SearchFields,
  keyPolicy: Pick<Policy, 'searchTerms'>,
) {
  const all = namingFirst(fields).flatMap((name) => {
    const words = wordsOfField(fields, name, content);
    if (words.length === 0) return [];
    const hiding = new Set([name]);
    const terms = keyPolicy.searchTerms(envelope, kind, name, hiding, true) ?? noTerms;
    const isMarked = keyPolicy.searchTerms(envelope, kind, name, hiding) !== null;
    return [{ words, keys: keysOf(terms, kind, envelope), isMarked }];
  });
  return all.toSorted((one, other) => Number(one.isMarked) - Number(other.isMarked));
}

function keysOf({ open, early }: SearchTerms, kind: string, { embargoUntil }: Envelope): readonly string[] {
  const of = (clock: WordClock, terms: readonly string[]) =>
    needed(terms).map((term) => keyOf(clock, kind, term));
  return embargoUntil === null ? of('open', open) : [...of('later', open), ...of('early', early)];
}

function addWords(rows: Map<string, Set<string>>, key: string, words: readonly string[]): void {
  const known = rows.get(key);
  if (known === undefined && rows.size >= maxRows) return;
  const all = known ?? new Set<string>();
  rows.set(key, all);
  for (const word of words) {
    if (all.size >= maxWords) return;
    all.add(word);
  }
}

/** Leaves out the terms of a policy version that has one for anyone: who holds another one holds that one too. */
function needed(terms: readonly string[]): readonly string[] {
  const versions = new Set(terms.filter(isForAnyone).map(versionOf));
  return terms.filter((term) => isForAnyone(term) || !versions.has(versionOf(term)));
}

function versionOf(term: string): string {
  return term.slice(0, term.indexOf('|'));
}

/** Returns the key of rows, from a term of the policy and the clock at which it holds. */
export function keyOf(clock: WordClock, kind: string, term: string): string {
  return `${versionOf(term)}|${hash('sha256', JSON.stringify([clock, kind, term]), 'base64url').slice(0, 10)}`;
}

/** Returns the place of a record among those of the same time. */
export function tieOf(id: string): number {
  return Number.parseInt(hash('sha256', id, 'hex').slice(0, 10), 16);
}

function wordsOfField(fields: SearchFields, name: string, content: Content): readonly string[] {
  let left = maxText;
  const words: string[] = [];
  for (const text of textsOf(fields, name, content)) {
    if (left <= 0) break;
    words.push(...wordsIn(text.slice(0, left)));
    left -= text.length;
  }
  return fields.naming.has(name) ? words.flatMap((word) => [word, `${nameSign}${word}`]) : words;
}
