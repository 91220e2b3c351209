import { expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytes, jsonFile, oneOf, text, url, wholeNumber } from '../../../../schema/runtime/settings/forms.ts';
import { readDeclared, readOrThrow, secret, setting } from '../../../../schema/runtime/settings/settings.ts';
import { tabulateSettings, formatSettings } from '../../../../schema/runtime/settings/help.ts';

const declared = {
  where: setting('T_URL', 'where it answers', url),
  port: setting('T_PORT', 'the port', wholeNumber(0, 65_535), '4000'),
  log: setting('T_LOG', 'how much is logged', oneOf('warn', 'info'), 'warn'),
  key: secret('T_KEY', 'a key', bytes(3)),
};
const good = { T_URL: 'https://hub.example/graphql', T_KEY: 'AAAA' };

function wrongOf(env: Readonly<Record<string, string>>): readonly string[] {
  const wrong: string[] = [];
  readDeclared(declared, env, wrong);
  return wrong;
}

function fileWith(content: string) {
  const folder = mkdtempSync(join(tmpdir(), 'jcu-settings-'));
  const file = join(folder, 'secret');
  writeFileSync(file, content);
  return { file, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

test('uses the default of a setting that is absent or empty', () => {
  const read = readOrThrow(declared, { ...good, T_PORT: '', T_LOG: 'info' });
  expect(read).toEqual({ where: good.T_URL, port: 4000, log: 'info', key: Buffer.from([0, 0, 0]) });
});

test('names every missing or malformed setting in one error', () => {
  expect(() => readOrThrow(declared, { T_PORT: '-1' })).toThrow(
    'T_URL: expected an http or https URL (where it answers), got nothing\n' +
      'T_PORT: expected a whole number from 0 to 65535, got -1\n' +
      'T_KEY: expected 3 bytes in base64 (a key), got nothing',
  );
  expect(wrongOf({ ...good, T_URL: 'ftp://hub.example', T_LOG: 'loud' })).toEqual([
    'T_URL: expected an http or https URL, got ftp://hub.example',
    'T_LOG: expected one of warn, info, got loud',
  ]);
});

test('reads a secret from a file without its last newline', () => {
  using held = fileWith('AQID\n');
  expect(readOrThrow(declared, { T_URL: good.T_URL, T_KEY_FILE: held.file }).key).toEqual(
    Buffer.from([1, 2, 3]),
  );
});

test('rejects a secret that is given twice, in a missing file or in an empty file', () => {
  using held = fileWith('\n');
  expect(wrongOf({ ...good, T_KEY_FILE: held.file })).toEqual([
    'T_KEY: expected T_KEY or T_KEY_FILE, got both',
  ]);
  const { T_URL } = good;
  expect(wrongOf({ T_URL, T_KEY_FILE: `${held.file}-none` })).toEqual([
    `T_KEY_FILE: expected the path of a readable file, got ${held.file}-none`,
  ]);
  expect(wrongOf({ T_URL, T_KEY_FILE: held.file })).toEqual([
    'T_KEY: expected 3 bytes in base64 (a key), got nothing',
  ]);
});

test('does not quote a malformed secret', () => {
  const [line = ''] = wrongOf({ ...good, T_KEY: 'c2VjcmV0' });
  expect(line).toBe('T_KEY: expected 3 bytes in base64, got something else');
});

test('does not read a setting from a file if it is not a secret', () => {
  using held = fileWith('info');
  expect(readOrThrow(declared, { ...good, T_LOG_FILE: held.file }).log).toBe('warn');
});

test('rejects a key file that is not JSON', () => {
  using held = fileWith('no json');
  const wrong: string[] = [];
  readDeclared({ file: setting('T_FILE', 'a key', jsonFile) }, { T_FILE: held.file }, wrong);
  expect(wrong).toEqual([`T_FILE: expected the path of a readable JSON file, got ${held.file}`]);
});

test('formats the name, meaning, form and default of each setting', () => {
  const settings = [declared.port, declared.key, setting('T_WORDS', 'words', text, '')];
  expect(formatSettings(settings)).toBe(
    '  T_PORT\n      the port\n      a whole number from 0 to 65535 (default: 4000)\n' +
      '  T_KEY or T_KEY_FILE\n      a key\n      3 bytes in base64 (required)\n' +
      '  T_WORDS\n      words\n      any text (default: none)\n',
  );
  const rows = tabulateSettings(settings, (fallback) => fallback).split('\n');
  expect(rows[3]).toBe('| `T_KEY` or `T_KEY_FILE` | a key | 3 bytes in base64 | required |');
});
