import { readFileSync } from 'node:fs';
import type { Form } from './settings.ts';

/** Any text. */
export const text: Form<string> = { words: 'a text', read: (given) => given };

/** Words with spaces between. */
export const words: Form<readonly string[]> = {
  words: 'words with spaces between',
  read: (given) => given.split(' ').filter((word) => word !== ''),
};

export const url: Form<string> = {
  words: 'an http or https URL',
  read: (given) => insist(given, /^https?:\/\//.test(given) && URL.canParse(given)),
};

/** Web origins (scheme, host and port) with spaces between. `*` is rejected: a list names each origin. */
export const origins: Form<readonly string[]> = {
  words: 'http or https origins without a path, with spaces between',
  read: (given) =>
    words
      .read(given)
      .map((one) => insist(one, /^https?:/.test(one) && URL.canParse(one) && new URL(one).origin === one)),
};

/** A whole number, bounds included. */
export function wholeNumber(least: number, most: number): Form<number> {
  return {
    words: `a whole number from ${least} to ${most}`,
    read: (given) => {
      const number = Number(given);
      return insist(number, Number.isInteger(number) && number >= least && number <= most);
    },
  };
}

/** One of some words. */
export function oneOf<Word extends string>(...known: readonly Word[]): Form<Word> {
  return {
    words: known.join(' or '),
    read: (given) => {
      const found = known.find((word) => word === given);
      if (found === undefined) throw new Error('none of them');
      return found;
    },
  };
}

/** So many bytes, in base64. */
export function bytes(count: number): Form<Buffer> {
  return {
    words: `${count} bytes in base64`,
    read: (given) => {
      const read = Buffer.from(given, 'base64');
      return insist(read, read.length === count);
    },
  };
}

/** The path of a file, which is looked at when it is needed: it may come later. */
export const filePath: Form<string> = { words: "a file's path", read: (given) => given };

/** The path of a file that can be read now and is JSON; whoever follows it reads it. */
export const jsonFile: Form<string> = {
  words: "a readable JSON file's path",
  read: (given) => {
    JSON.parse(readFileSync(given, 'utf8'));
    return given;
  },
};

/** What a file holds, read at the start. */
export const textOfFile: Form<string> = {
  words: "a readable file's path",
  read: (given) => readFileSync(given, 'utf8'),
};

/** A form whose text may be absent: with the standard `''` it gives null. */
export function orNone<Value>(form: Form<Value>): Form<Value | null> {
  return { words: `${form.words}, or nothing`, read: (given) => (given === '' ? null : form.read(given)) };
}

function insist<Value>(value: Value, holds: boolean): Value {
  if (!holds) throw new Error('not of the form');
  return value;
}
