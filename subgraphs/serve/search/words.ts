/** The longest word that is kept. */
const maxLength = 100;
/** The most words and phrases of a query. */
export const queryLimits = { words: 10, phrases: 3 } as const;

/** The words of a query. A hit has all words, a word that begins with the prefix, and each phrase. */
export type Query = {
  readonly words: readonly string[];
  /** The start of the last word, if it ended with `*`. */
  readonly prefix: string | null;
  /** Word sequences in quotation marks. A record has one after the other in one text. */
  readonly phrases: readonly (readonly string[])[];
};

/**
 * Returns the words by which a text is found, in their order: without case, accents and the plural's `s`. An identifier, such
 * as `cve-2025-1`, `t1059.001`, an address or a domain, is a word, and so is each of its parts. Defanged spellings are taken
 * for what they mean.
 */
export function wordsIn(text: string): readonly string[] {
  return tokensIn(text).flatMap((token) => {
    if (isPlain(token)) return isLong(token) ? [stem(token)] : [];
    const parts = partsOf(token).map(stem).filter(isLong);
    // The short numbers of an address say nothing.
    const longer = parts.filter((part) => !/^\d{1,3}$/u.test(part));
    return isIdentifier(token) ? [token, ...(parts.length > 1 ? longer : [])] : parts;
  });
}

/** Reads the text of a query. An identifier in it is one word: its parts are not looked for. */
export function readQuery(text: string): Query {
  const phrases = new Map<string, readonly string[]>();
  const rest = text.replaceAll(/"([^"]*)"/gu, (_all, phrase: string) => {
    const words = sequenceOf(phrase);
    if (words.length > 1) phrases.set(words.join(' '), words);
    return ` ${phrase} `;
  });
  const [, before = rest, start = ''] = /^(.*?)([\p{L}\p{N}][\p{L}\p{N}._:@/-]*)\*\s*$/su.exec(rest) ?? [];
  const begun = partsOfStart(start);
  const words = [...new Set([...sequenceOf(before), ...begun.slice(0, -1).map(stem)])];
  return { words, prefix: begun.at(-1) ?? null, phrases: [...phrases.values()] };
}

/** Returns the words of a text in their order, as a phrase compares them: an identifier is one word. */
export function sequenceOf(text: string): readonly string[] {
  return tokensIn(text).flatMap((token) =>
    isIdentifier(token) ? [token] : partsOf(token).map(stem).filter(isLong),
  );
}

/** Returns whether the words of a text contain these, one after the other. */
export function hasPhrase(words: readonly string[], phrase: readonly string[]): boolean {
  return words.some((_word, at) => phrase.every((one, step) => words[at + step] === one));
}

/** Divides the start of a word as a text is divided. The last part can be incomplete. */
function partsOfStart(start: string): readonly string[] {
  const parts = tokensIn(start).flatMap((token) => (isIdentifier(token) ? [token] : partsOf(token)));
  return parts.map((part, at) => (at === parts.length - 1 ? stem(part) : part));
}

/** Sequences of letters and digits, with the signs between them that identifiers have. */
function tokensIn(text: string): readonly string[] {
  const plain = fold(refang(text));
  const found = plain.match(/[\p{L}\p{N}]+(?:[._:@/-]+[\p{L}\p{N}]+)*/gu) ?? [];
  return found
    .flatMap((token) => (isPlain(token) || isIdentifier(token) ? [token] : token.split(/[:@/]+/u)))
    .filter(isShort);
}

/** Removes case and accents. */
function fold(text: string): string {
  if (!/\P{ASCII}/u.test(text)) return text.toLowerCase();
  return text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
}

/** Whether a token has no sign between its letters and digits. Most have none. */
function isPlain(token: string): boolean {
  return !/[._:@/-]/u.test(token);
}

function refang(text: string): string {
  if (!/[[({]|hxxp/iu.test(text)) return text;
  return text
    .replaceAll(/\[\.\]|\(\.\)|\{\.\}|\[dot\]/giu, '.')
    .replaceAll(/\[:\]/gu, ':')
    .replaceAll(/\[@\]|\[at\]/giu, '@')
    .replaceAll(/\bhxxp/giu, 'http');
}

/** A word with a sign and a digit, such as a CVE id or an address, or one that looks like a domain. */
function isIdentifier(token: string): boolean {
  if (/[/]/u.test(token) || !/[._:@-]/u.test(token)) return false;
  return /\p{N}/u.test(token) || /^[^:/]*[\p{L}\p{N}]\.[a-z]{2,24}$/u.test(token);
}

function partsOf(token: string): readonly string[] {
  return token.split(/[._:@/-]+/u).filter((part) => part !== '');
}

/** A single letter says nothing. */
function isLong(word: string): boolean {
  return word.length > 1 || !/^[a-z]$/u.test(word);
}

function isShort(token: string): boolean {
  return token.length <= maxLength;
}

/** Removes the `s` of a plural, in query and text alike. */
function stem(word: string): string {
  if (word.length < 4 || !word.endsWith('s') || !/^\p{L}+$/u.test(word)) return word;
  if (word.endsWith('ies') && word.length > 4) return `${word.slice(0, -3)}y`;
  return /[^su]s$/u.test(word) ? word.slice(0, -1) : word;
}
