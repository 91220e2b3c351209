/** The text, kinds and time of a search, as its key states them. */
export type SearchAsked = {
  readonly text: string;
  /** The kinds of record; null for all. */
  readonly kinds: readonly string[] | null;
  /** The start of the time in which records are found; null for any time. */
  readonly since: Date | null;
};

const prefix = 'Search:';
/** The longest text of a search. */
export const maxSearchText = 200;
/** More than there are kinds of record. */
const maxKinds = 100;

/** Returns the key of a search, which states all of it: any hub and community can answer it. */
export function searchKey({ text, kinds, since }: SearchAsked): string {
  const parts = [text, kinds, since?.toISOString() ?? null];
  return `${prefix}${Buffer.from(JSON.stringify(parts)).toString('base64url')}`;
}

/** Returns the key of the suggestions for a text. */
export function suggestionsKey(text: string): string {
  return `Suggestions:${searchKey({ text, kinds: null, since: null }).slice(prefix.length)}`;
}

/** Returns the text of a key of suggestions. Null if it is not one. */
export function readSuggestionsKey(key: string): string | null {
  const [, stated] = /^Suggestions:(.*)$/su.exec(key) ?? [];
  return stated === undefined ? null : (readSearchKey(`${prefix}${stated}`)?.text ?? null);
}

/** Returns the search of a key. Null if it is not one, or is longer than a search may be. */
export function readSearchKey(key: string): SearchAsked | null {
  if (!key.startsWith(prefix) || key.length > 8000) return null;
  const value = parse(Buffer.from(key.slice(prefix.length), 'base64url').toString('utf8'));
  if (!Array.isArray(value)) return null;
  const [text, kinds, since] = value as unknown[];
  if (typeof text !== 'string' || text.length > maxSearchText) return null;
  if (kinds !== null && !isTexts(kinds)) return null;
  if (since !== null && typeof since !== 'string') return null;
  const at = since === null ? null : new Date(since);
  return at !== null && Number.isNaN(at.getTime()) ? null : { text, kinds, since: at };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= maxKinds && value.every((one) => typeof one === 'string');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
