import {
  abbreviations,
  bare,
  markingTaxonomies,
  onlyForClassified,
  unmistakable,
} from './classification-levels.ts';

/**
 * Finds a classification that a record *bears*: in a field or tag that marks it, or as a line of its own as banners
 * stand. A mention inside a sentence is none. Case, accents, widths and kinds of space make no difference, except that
 * common words ("secret") are a banner only in capitals and only first, last or alone in a text.
 */
export function bearsClassification(record: unknown): boolean {
  // Not recursive: what arrives may be nested deeper than the stack.
  const open: Part[] = [{ value: record, field: '', marks: false }];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    const { value, field, marks } = part;
    if (typeof value === 'string') {
      if (isMarked(value, field, marks)) return true;
    } else if (Array.isArray(value)) {
      for (const item of value) open.push({ value: item, field, marks });
    } else if (typeof value === 'object' && value !== null) {
      openMembers(value as Readonly<Record<string, unknown>>, marks, open);
    }
  }
  return false;
}

/** The same for what is no JSON value, by the strings that can be made out in it. */
export function bearsClassificationInText(text: string): boolean {
  let field = '';
  for (let open = text.indexOf('"'); open !== -1;) {
    const end = endOfString(text, open + 1);
    const string = unescape(ends(text, open + 1, end, 20_000));
    if (/^\s{0,20}:/.test(text.slice(end + 1, end + 22))) field = string;
    else if (isMarked(string, field, markingField.test(field))) return true;
    open = text.indexOf('"', end + 1);
  }
  return false;
}

/** Where the string that begins here has its closing quote, or the end of the text. */
function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (before >= from && text[before] === '\\') before -= 1;
    if ((end - before) % 2 === 1) return end;
  }
  return text.length;
}

/** A string, or both ends of a long one, where banners stand. */
function ends(text: string, from: number, to: number, longest: number): string {
  if (to - from <= longest) return text.slice(from, to);
  const half = longest / 2;
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
const longestLine = 160;
const longestTag = 200;
/** Longer strings are refused in any case; their ends tell whether an alarm is due. */
const longestRead = 1_000_000;

function openMembers(value: Readonly<Record<string, unknown>>, marks: boolean, open: Part[]): void {
  for (const [key, inner] of Object.entries(value)) {
    open.push({ value: inner, field: key, marks: marks || markingField.test(key) });
  }
}

function isMarked(text: string, field: string, marks: boolean): boolean {
  if (marks && text.length <= longestLine && isLevel(toWords(text))) return true;
  if (text.length <= longestTag && text.includes(':') && isMarkingTag(text)) return true;
  if (!/[\n\r\u0085\u2028\u2029]|<\/?[a-z]/i.test(text)) {
    return text.length <= longestLine && isBanner(text, proseField.test(field));
  }
  const lines = ends(text, 0, text.length, longestRead)
    .split(/[\n\r\u0085\u2028\u2029]+|<[^>]{0,80}>/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.some(
    (line, at) => line.length <= longestLine && isBanner(line, at === 0 || at === lines.length - 1),
  );
}

/** A line that holds a level and perhaps its caveats, and nothing else. `common` lets common words in capitals count. */
function isBanner(line: string, common: boolean): boolean {
  if (!mayBegin(line)) return false;
  const capitals = common && line === line.toUpperCase();
  const [head = '', ...controls] = line.split('//');
  const words = toWords(controls.length > 0 ? head : line).replace(
    /^((classification|marking|einstufung|level|exercise) )+/,
    '',
  );
  const rest = withoutLevels(words, capitals || (controls.length > 0 && head === head.toUpperCase()));
  return rest !== null && (rest === '' || caveat.test(rest));
}

/** What may follow a level in its line. */
const caveat =
  /^(rel|releasable|noforn|orcon|nofor|eyes only|atomal|bohemia|crypto|limdis|limited|until|bis|jusqu|page|seite|copy|draft|amtlich|special|for|only|exclusive|exercise|loi|wet|\d)( |$)/;

/** What is left behind the levels at the beginning of the words; null where there is none. */
function withoutLevels(words: string, common: boolean): string | null {
  let rest = words;
  for (;;) {
    const level =
      longestAtStart(rest, levels.unmistakable) ??
      (common || rest !== words ? longestAtStart(rest, levels.bare) : null);
    if (level === null) return rest === words ? null : rest;
    rest = rest.slice(level.length).trimStart();
  }
}

function longestAtStart(words: string, known: readonly string[]): string | null {
  return known.find((level) => words === level || words.startsWith(`${level} `)) ?? null;
}

/** Whether a value of a field or tag for markings begins with a level. */
function isLevel(words: string): boolean {
  return (
    longestAtStart(words, levels.unmistakable) !== null ||
    longestAtStart(words, levels.bare) !== null ||
    levels.abbreviations.includes(words)
  );
}

/** A machine tag (`namespace:predicate="value"`) of a taxonomy for classifications, or whose value is a level. */
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
  const words = toWords(value ?? predicate);
  return marks ? isLevel(words) : value !== undefined && withoutLevels(words, false) === '';
}

/** Words without case, accents, full-width letters, unusual spaces and punctuation, one space between them. */
function toWords(text: string): string {
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

/** Whether the first word can begin a banner: cheap, since nearly every string of every record is asked. */
function mayBegin(line: string): boolean {
  const [begin = ''] = /^[\u0020-\u007e]{0,40}/.exec(line) ?? [];
  if (begin.length < Math.min(40, line.length)) return true;
  const [word = ''] = /[a-z0-9]+/i.exec(begin) ?? [];
  return firstWords.has(word.toLowerCase());
}

function firstWord(level: string): string {
  return level.split(' ')[0] ?? '';
}

function longestFirst(names: readonly string[]): readonly string[] {
  return names.map(toWords).toSorted((one, other) => other.length - one.length);
}

function toCharacter(_escape: string, hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}
