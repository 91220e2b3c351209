import { hash } from 'node:crypto';
import type { Collection } from 'mongodb';
import type { Connection } from 'mongoose';
import { isForAnyone } from '../../../schema/policy/decide/access-keys.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import type { Content } from '../record/content.ts';
import { textsOf } from './fields.ts';
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
  readonly openFrom: Date;
  readonly sortAt: Date;
  /** A hash of the record's id, which orders records of the same time. */
  readonly tie: number;
};

/** The index of a search: MongoDB merges the keys in the order of the list. */
export const wordIndex = { key: 1, words: 1, openFrom: 1, sortAt: -1, tie: -1 } as const;

/** The index of the rows of a record. */
export const recordIndex = { record: 1, key: 1 } as const;

/** Begins a word that names a record. No word of a text begins with it. */
export const nameSign = '=';

const maxWords = 500;
/** The most characters of a field that are divided into words. */
const maxText = 100_000;
/** The most words in all rows of a record. Each is an entry of the index. */
const maxEntries = 20_000;

/** The rows of words of a community's store. */
export function wordRowsIn({ connection }: { readonly connection: Connection }): Collection<WordRow> {
  return connection.collection<WordRow>('words');
}

/** Creates the indexes of the words. */
export async function createWordIndexes(store: { readonly connection: Connection }): Promise<void> {
  await wordRowsIn(store).createIndexes([{ key: wordIndex }, { key: recordIndex }]);
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
  const { _id, envelope, content, sortAt, openFrom } = record;
  const byKey = new Map<string, Set<string>>();
  for (const name of inOrder(fields)) {
    const words = wordsOfField(fields, name, content);
    if (words.length === 0) continue;
    const terms = keyPolicy.searchTerms(envelope, kind, name, new Set([name]), true);
    // Without an embargo, no reader needs the terms that hold before its end.
    const early = envelope.embargoUntil === null ? [] : (terms?.early ?? []);
    const keys = [
      ...needed(terms?.open ?? []).map((term) => keyOf('open', kind, term)),
      ...needed(early).map((term) => keyOf('early', kind, term)),
    ];
    for (const key of keys) {
      const known = byKey.get(key) ?? new Set<string>();
      for (const word of words) known.add(word);
      byKey.set(key, known);
    }
  }
  const most = Math.min(maxWords, Math.floor(maxEntries / Math.max(1, byKey.size)));
  return [...byKey].slice(0, maxEntries).map(([key, words]) => ({
    key,
    kind,
    record: _id,
    words: [...words].slice(0, most),
    openFrom,
    sortAt,
    tie: tieOf(_id),
  }));
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
export function keyOf(clock: 'open' | 'early', kind: string, term: string): string {
  return `${versionOf(term)}|${hash('sha256', JSON.stringify([clock, kind, term]), 'base64url').slice(0, 16)}`;
}

/** Returns the place of a record among those of the same time. */
export function tieOf(id: string): number {
  return Number.parseInt(hash('sha256', id, 'hex').slice(0, 12), 16);
}

/** Names come first: their words are kept where a record has too many. */
function inOrder({ naming, texts }: SearchFields): readonly string[] {
  return [...texts.keys()].toSorted((one, other) => Number(naming.has(other)) - Number(naming.has(one)));
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
