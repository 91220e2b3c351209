import { readdirSync, readFileSync } from 'node:fs';
import type { Form } from './settings.ts';

/** Any text. */
export const text: Form<string> = { expected: 'any text', read: (given) => given };

/** A list of words, separated by spaces. */
export const wordList: Form<readonly string[]> = {
  expected: 'words, separated by spaces',
  read: (given) => given.split(' ').filter((word) => word !== ''),
};

/** An http or https URL. */
export const url: Form<string> = {
  expected: 'an http or https URL',
  read: (given) => check(given, /^https?:\/\//.test(given) && URL.canParse(given)),
};

/** Web origins (scheme, host and port) with spaces between. `*` is rejected: a list names each origin. */
export const origins: Form<readonly string[]> = {
  expected: 'http or https origins without a path, separated by spaces',
  read: (given) =>
    wordList
      .read(given)
      .map((one) => check(one, /^https?:/.test(one) && URL.canParse(one) && new URL(one).origin === one)),
};

/** A whole number from `min` to `max`, both included. */
export function wholeNumber(min: number, max: number): Form<number> {
  return {
    expected: `a whole number from ${min} to ${max}`,
    read: (given) => {
      const number = Number(given);
      return check(number, Number.isInteger(number) && number >= min && number <= max);
    },
  };
}

/** One of the given words. */
export function oneOf<Word extends string>(...known: readonly Word[]): Form<Word> {
  return {
    expected: `one of ${known.join(', ')}`,
    read: (given) => {
      const found = known.find((word) => word === given);
      if (found === undefined) throw new Error('unknown word');
      return found;
    },
  };
}

/** A number of bytes, in base64. */
export function bytes(count: number): Form<Buffer> {
  return {
    expected: `${count} bytes in base64`,
    read: (given) => {
      const read = Buffer.from(given, 'base64');
      return check(read, read.length === count);
    },
  };
}

/** A path. The file need not exist yet. */
export const filePath: Form<string> = { expected: 'a path', read: (given) => given };

/** The path of a JSON file that exists. The caller reads it, and may watch it. */
export const jsonFile: Form<string> = {
  expected: 'the path of a readable JSON file',
  read: (given) => {
    JSON.parse(readFileSync(given, 'utf8'));
    return given;
  },
};

/** The path of a folder that exists. */
export const folderPath: Form<string> = {
  expected: 'the path of a readable folder',
  read: (given) => {
    readdirSync(given);
    return given;
  },
};

/** The text of a file, read at the start. */
export const textOfFile: Form<string> = {
  expected: 'the path of a readable file',
  read: (given) => readFileSync(given, 'utf8'),
};

/** Makes a form optional: an empty text gives null. */
export function orNone<Value>(form: Form<Value>): Form<Value | null> {
  return {
    expected: `${form.expected}, or nothing`,
    read: (given) => (given === '' ? null : form.read(given)),
  };
}

function check<Value>(value: Value, holds: boolean): Value {
  if (!holds) throw new Error('wrong form');
  return value;
}
