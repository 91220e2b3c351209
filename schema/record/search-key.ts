import { readKinds, readStatedKey, readTime, writeStatedKey } from './stated-key.ts';

/** The text, kinds and time of a search, as its key states them. */
export type SearchAsked = {
  readonly text: string;
  /** The kinds of record; null for all. */
  readonly kinds: readonly string[] | null;
  /** The start of the time in which records are found; null for any time. */
  readonly since: Date | null;
};

/** The longest text of a search. */
export const maxSearchText = 200;

/** Returns the key of a search. */
export function searchKey({ text, kinds, since }: SearchAsked): string {
  return writeStatedKey('Search', [text, kinds, since?.toISOString() ?? null]);
}

/** Returns the key of the suggestions for a text. */
export function suggestionsKey(text: string): string {
  return writeStatedKey('Suggestions', [text]);
}

/** Returns the text of a key of suggestions. Null if it is not one. */
export function readSuggestionsKey(key: string): string | null {
  return readText(readStatedKey('Suggestions', key)?.[0]);
}

/** Returns the search of a key. Null if it is not one, or if its text is longer than a search may be. */
export function readSearchKey(key: string): SearchAsked | null {
  const parts = readStatedKey('Search', key) ?? [];
  const [text, kinds, since] = [readText(parts[0]), readKinds(parts[1]), readTime(parts[2])];
  return text === null || kinds === undefined || since === undefined ? null : { text, kinds, since };
}

function readText(part: unknown): string | null {
  return typeof part === 'string' && part.length <= maxSearchText ? part : null;
}
