import {
  abbreviations,
  bare,
  markingTaxonomies,
  onlyForClassified,
  unmistakable,
} from './classification-levels.ts';

/**
 * Whether a record has a classification marking: in a field or tag for markings, or as a banner, which is a line that
 * contains nothing else. A mention inside a sentence does not count. Case, accents, letter widths and kinds of space are
 * ignored. Common words ("secret") are a banner only in capitals, and only as the first, last or only line of a text.
 */
export function bearsClassification(record: unknown): boolean {
  // Iterative: input may be nested deeper than the call stack.
  const stack: Part[] = [{ value: record, field: '', marks: false }];
  for (let part = stack.pop(); part !== undefined; part = stack.pop()) {
    const { value, field, marks } = part;
    if (typeof value === 'string') {
      if (isMarked(value, field, marks)) return true;
    } else if (Array.isArray(value)) {
      for (const item of value) stack.push({ value: item, field, marks });
    } else if (typeof value === 'object' && value !== null) {
      pushMembers(value as Readonly<Record<string, unknown>>, marks, stack);
    }
  }
  return false;
}

/** Like `bearsClassification`, for text that is not valid JSON: checks the quoted strings in it. */
export function bearsClassificationInText(text: string): boolean {
  let field = '';
  for (let open = text.indexOf('"'); open !== -1;) {
    const end = endOfString(text, open + 1);
    const string = unescape(headAndTail(text, open + 1, end, 20_000));
    if (/^\s{0,20}:/.test(text.slice(end + 1, end + 22))) field = string;
    else if (isMarked(string, field, markingField.test(field))) return true;
    open = text.indexOf('"', end + 1);
  }
  return false;
}

/** The index of the closing quote of the string that begins at `from`, or the end of the text. */
function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (before >= from && text[before] === '\\') before -= 1;
    if ((end - before) % 2 === 1) return end;
  }
  return text.length;
}

/** A string; of one above `maxLength` the head and the tail, where banners are. */
function headAndTail(text: string, from: number, to: number, maxLength: number): string {
  if (to - from <= maxLength) return text.slice(from, to);
  const half = maxLength / 2;
  return `${text.slice(from, from + half)}\n${text.slice(to - half, to)}`;
}

function unescape(string: string): string {
  if (!string.includes('\\')) return string;
  return string
    .replaceAll(/\\[rn]/g, '\n')
    .replaceAll(/\\u([0-9a-f]{4})/gi, toCharacter)
    .replaceAll(/\\(.)/gs, '$1');
}

type Part = { readonly value: unknown; readonly field: string; readonly marks: boolean };

const markingField = /classif|protective.?marking|security.?marking|^markings?$|einstufung|secrecy/i;
const proseField = /^(comment|text|info|title|description|summary|notes?|value|statement|header|footer)$/i;
const maxLineLength = 160;
const maxTagLength = 200;
/** Longer strings are rejected anyway. Their head and tail show whether to raise an alarm. */
const maxTextLength = 1_000_000;

function pushMembers(value: Readonly<Record<string, unknown>>, marks: boolean, stack: Part[]): void {
  for (const [key, inner] of Object.entries(value)) {
    stack.push({ value: inner, field: key, marks: marks || markingField.test(key) });
  }
}

function isMarked(text: string, field: string, marks: boolean): boolean {
  if (marks && text.length <= maxLineLength && isLevel(normalise(text))) return true;
  if (text.length <= maxTagLength && text.includes(':') && isMarkingTag(text)) return true;
  if (!/[\n\r\u0085\u2028\u2029]|<\/?[a-z]/i.test(text)) {
    return text.length <= maxLineLength && isBanner(text, proseField.test(field));
  }
  const lines = headAndTail(text, 0, text.length, maxTextLength)
    .split(/[\n\r\u0085\u2028\u2029]+|<[^>]{0,80}>/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.some(
    (line, at) => line.length <= maxLineLength && isBanner(line, at === 0 || at === lines.length - 1),
  );
}

/** Whether a line contains only a level and its caveats. With `allowBare`, common words in capitals count as levels. */
function isBanner(line: string, allowBare: boolean): boolean {
  if (!mayBegin(line)) return false;
  const capitals = allowBare && line === line.toUpperCase();
  const [head = '', ...controls] = line.split('//');
  const words = normalise(controls.length > 0 ? head : line).replace(
    /^((classification|marking|einstufung|level|exercise) )+/,
    '',
  );
  const rest = withoutLevels(words, capitals || (controls.length > 0 && head === head.toUpperCase()));
  return rest !== null && (rest === '' || caveat.test(rest));
}

/** Text that may follow a level in its line. */
const caveat =
  /^(rel|releasable|noforn|orcon|nofor|eyes only|atomal|bohemia|crypto|limdis|limited|until|bis|jusqu|page|seite|copy|draft|amtlich|special|for|only|exclusive|exercise|loi|wet|\d)( |$)/;

/** The words after the levels at the beginning; null if there is no level. */
function withoutLevels(words: string, allowBare: boolean): string | null {
  let rest = words;
  for (;;) {
    const level =
      longestAtStart(rest, levels.unmistakable) ??
      (allowBare || rest !== words ? longestAtStart(rest, levels.bare) : null);
    if (level === null) return rest === words ? null : rest;
    rest = rest.slice(level.length).trimStart();
  }
}

function longestAtStart(words: string, known: readonly string[]): string | null {
  return known.find((level) => words === level || words.startsWith(`${level} `)) ?? null;
}

/** Whether the value of a field or tag for markings begins with a level. */
function isLevel(words: string): boolean {
  return (
    longestAtStart(words, levels.unmistakable) !== null ||
    longestAtStart(words, levels.bare) !== null ||
    levels.abbreviations.includes(words)
  );
}

/** Whether a machine tag (`namespace:predicate="value"`) is of a classification taxonomy or has a level as its value. */
function isMarkingTag(text: string): boolean {
  const match = /^\s*([\w.-]{1,40}):([^="]{1,60}?)\s*(?:=\s*"?([^"]*)"?)?\s*$/s.exec(text.normalize('NFKC'));
  if (match === null) return false;
  const [, namespace = '', predicate = '', value] = match.map((part: string | undefined) =>
    part?.toLowerCase(),
  );
  if (onlyForClassified.includes(`${namespace}:${predicate}`)) return true;
  const marks =
    markingTaxonomies.includes(namespace) ||
    (value !== undefined && markingField.test(`${namespace}:${predicate}`));
  const words = normalise(value ?? predicate);
  return marks ? isLevel(words) : value !== undefined && withoutLevels(words, false) === '';
}

/** Text without case, accents, full-width letters and punctuation, with single spaces between words. */
function normalise(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/[\p{M}\p{Cf}]/gu, '')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

const levels = {
  unmistakable: longestFirst(unmistakable),
  bare: longestFirst(bare),
  abbreviations: longestFirst(abbreviations),
};

const firstWords: ReadonlySet<string> = new Set([
  ...levels.unmistakable.map(firstWord),
  ...levels.bare.map(firstWord),
  'classification',
  'marking',
  'einstufung',
  'level',
  'exercise',
]);

/** Whether the first word can begin a banner. A cheap filter: it runs for nearly every string of every record. */
function mayBegin(line: string): boolean {
  const [start = ''] = /^[\u0020-\u007e]{0,40}/.exec(line) ?? [];
  if (start.length < Math.min(40, line.length)) return true;
  const [word = ''] = /[a-z0-9]+/i.exec(start) ?? [];
  return firstWords.has(word.toLowerCase());
}

function firstWord(level: string): string {
  return level.split(' ')[0] ?? '';
}

function longestFirst(names: readonly string[]): readonly string[] {
  return names.map(normalise).toSorted((one, other) => other.length - one.length);
}

function toCharacter(_escape: string, hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}
