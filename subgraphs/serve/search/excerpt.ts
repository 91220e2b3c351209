import type { Row } from '../read/row.ts';
import { textsOf } from './fields.ts';
import type { SearchFields } from './search-fields.ts';
import { hasPhrase, type Query, wordsIn } from './words.ts';

/** A field in which a reader sees words of a search. */
export type Match = { readonly field: string; readonly excerpt: readonly ExcerptPart[] };
/** A part of an excerpt, and whether it is what was looked for. */
export type ExcerptPart = { readonly text: string; readonly isMatch: boolean };

const maxMatches = 3;
/** Texts that are compared: a record can have thousands. */
const maxTexts = 200;
const maxText = 100_000;
const around = 80;

/**
 * Returns the fields of a record that have words of a search, from what this reader sees of it, or null if a phrase is
 * missing there. `groupOf` names the group of a field, which the reader must read.
 */
export function matchesIn(
  row: Row,
  fields: SearchFields,
  query: Query,
  groupOf: (field: string) => string | undefined,
): readonly Match[] | null {
  const phrases = new Set(query.phrases.keys());
  const matches: Match[] = [];
  for (const field of inOrder(fields)) {
    if (!isSeen(row, field, groupOf(field))) continue;
    const texts = textsOf(fields, field, row.content).slice(0, maxTexts);
    for (const at of phrases) {
      const phrase = query.phrases[at] ?? [];
      if (texts.some((text) => hasPhrase(wordsIn(text), phrase))) phrases.delete(at);
    }
    const text = matches.length === maxMatches ? undefined : texts.find((one) => isFound(one, query));
    if (text !== undefined) matches.push({ field, excerpt: excerptOf(text, query) });
  }
  return phrases.size > 0 ? null : matches;
}

/** Returns the text that stands for a record in a list, if this reader sees it. */
export function titleOf(
  row: Row,
  fields: SearchFields,
  groupOf: (field: string) => string | undefined,
): string | null {
  if (fields.title === null || !isSeen(row, fields.title, groupOf(fields.title))) return null;
  return textsOf(fields, fields.title, row.content)[0]?.slice(0, 4 * around) ?? null;
}

function isSeen({ decision }: Row, field: string, group: string | undefined): boolean {
  if (group === undefined || decision.hidden.has(field)) return false;
  return group === 'content' || decision.groups.has(group);
}

/** The fields that name a record come first. */
function inOrder({ naming, texts }: SearchFields): readonly string[] {
  return [...texts.keys()].toSorted((one, other) => Number(naming.has(other)) - Number(naming.has(one)));
}

function isFound(text: string, query: Query): boolean {
  return wordsIn(text.slice(0, maxText)).some((word) => isWanted(word, query));
}

function isWanted(word: string, { words, prefix }: Query): boolean {
  return words.includes(word) || (prefix !== null && word.startsWith(prefix));
}

/** Cuts the text around the first word that was looked for, and divides it at each such word. */
function excerptOf(text: string, query: Query): readonly ExcerptPart[] {
  const spans = [...text.matchAll(/\S+/gu)].filter(([word]) => isFound(word, query));
  const first = spans[0]?.index ?? 0;
  const [start, end] = [Math.max(0, first - around), Math.min(text.length, first + 2 * around)];
  const parts: ExcerptPart[] = [];
  let at = start;
  const add = (to: number, isMatch: boolean): void => {
    if (to > at) parts.push({ text: text.slice(at, to), isMatch });
    at = Math.max(at, to);
  };
  for (const { 0: word, index } of spans.filter((span) => span.index < end)) {
    add(index, false);
    add(Math.min(end, index + word.length), true);
  }
  add(end, false);
  return parts;
}
