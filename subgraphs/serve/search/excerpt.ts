import type { Row } from '../read/row.ts';
import { namingFirst, textsOf } from './fields.ts';
import { maxText } from './rows.ts';
import type { SearchFields } from './search-fields.ts';
import { hasPhrase, type Query, sequenceOf, wordsIn } from './words.ts';

/** A field in which a reader sees words of a search. */
export type Match = { readonly field: string; readonly excerpt: readonly ExcerptPart[] };
/** A part of an excerpt, and whether it is what was looked for. */
export type ExcerptPart = { readonly text: string; readonly isMatch: boolean };

/** The characters that a page may still compare. */
export type TextBudget = { left: number };

const maxMatches = 3;
const around = 80;
/** Places of an excerpt that are tried for each word. */
const maxPlaces = 20;

/**
 * Returns the fields of a record that have words of a search. Null if the fields that `isFindable` admits, those by which this
 * reader may find the record now, lack a word or a phrase: the row of words may be older than the policy in force.
 */
export function matchesIn(
  row: Row,
  fields: SearchFields,
  query: Query,
  isFindable: (field: string) => boolean,
  budget: TextBudget,
): readonly Match[] | null {
  const lacking = new Set(query.words);
  const phrases = new Set(query.phrases);
  let lacksPrefix = query.prefix !== null;
  const matches: Match[] = [];
  for (const field of namingFirst(fields)) {
    if (row.decision.hidden.has(field) || !isFindable(field)) continue;
    let left = maxText;
    for (const text of textsOf(fields, field, row.content)) {
      if (budget.left <= 0 || left <= 0) break;
      const compared = text.slice(0, Math.min(left, budget.left));
      left -= compared.length;
      budget.left -= compared.length;
      const words = wordsIn(compared);
      const found = words.filter((word) => isWanted(word, query));
      for (const word of found) lacking.delete(word);
      if (query.prefix !== null && found.some((word) => word.startsWith(query.prefix ?? '')))
        lacksPrefix = false;
      const sequence = phrases.size === 0 ? [] : sequenceOf(compared);
      for (const phrase of phrases) if (hasPhrase(sequence, phrase)) phrases.delete(phrase);
      const isNew = matches.length < maxMatches && matches.at(-1)?.field !== field;
      if (found.length > 0 && isNew) matches.push({ field, excerpt: excerptOf(compared, found, query) });
    }
  }
  return lacking.size > 0 || lacksPrefix || phrases.size > 0 ? null : matches;
}

/** Returns the text that stands for a record in a list, if this reader sees it. */
export function titleOf(
  row: Row,
  fields: SearchFields,
  isFindable: (field: string) => boolean,
): string | null {
  const { title } = fields;
  if (title === null || row.decision.hidden.has(title) || !isFindable(title)) return null;
  return textsOf(fields, title, row.content)[0]?.slice(0, 4 * around) ?? null;
}

function isWanted(word: string, { words, prefix }: Query): boolean {
  return words.includes(word) || (prefix !== null && word.startsWith(prefix));
}

/** Cuts the text around the first word that was looked for, and divides it at each such word. */
function excerptOf(text: string, found: readonly string[], query: Query): readonly ExcerptPart[] {
  const isFound = (word: string) => wordsIn(word).some((one) => isWanted(one, query));
  const first = placeIn(text, found, isFound);
  const start = Math.max(0, first - around);
  const shown = text.slice(start, first + 2 * around);
  const parts: ExcerptPart[] = [];
  const add = (part: string, isMatch: boolean): void => {
    if (part !== '') parts.push({ text: part, isMatch });
  };
  let at = 0;
  for (const { 0: word, index } of shown.matchAll(/\S+/gu)) {
    if (!isFound(word)) continue;
    add(shown.slice(at, index), false);
    add(word, true);
    at = index + word.length;
  }
  add(shown.slice(at), false);
  return parts;
}

/** Finds the first word by its letters as they are written. Zero if accents or another spelling hide all of them. */
function placeIn(text: string, found: readonly string[], isFound: (word: string) => boolean): number {
  const plain = text.toLowerCase();
  const places = [...new Set(found)].flatMap((word) => {
    // The stem of a plural is one letter shorter.
    const letters = word.length > 3 ? word.slice(0, -1) : word;
    let at = plain.indexOf(letters);
    for (let tried = 0; at >= 0 && tried < maxPlaces; tried += 1) {
      const [whole = ''] = /^\S+/u.exec(text.slice(at, at + 2 * around)) ?? [];
      if (isFound(whole)) return [at];
      at = plain.indexOf(letters, at + 1);
    }
    return [];
  });
  return Math.min(text.length, ...places, ...(places.length === 0 ? [0] : []));
}
