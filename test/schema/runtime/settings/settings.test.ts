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

test('what is not given has its standard, and an empty text is as good as none', () => {
  const read = readOrThrow(declared, { ...good, T_PORT: '', T_LOG: 'info' });
  expect(read).toEqual({ where: good.T_URL, port: 4000, log: 'info', key: Buffer.from([0, 0, 0]) });
});

test('every setting that is missing or wrong is named, in one error', () => {
  expect(() => readOrThrow(declared, { T_PORT: '-1' })).toThrow(
    'T_URL: where it answers, got nothing\n' +
      'T_PORT: a whole number from 0 to 65535, got -1\n' +
      'T_KEY: a key, got nothing',
  );
  expect(wrongOf({ ...good, T_URL: 'ftp://hub.example', T_LOG: 'loud' })).toEqual([
    'T_URL: an http or https URL, got ftp://hub.example',
    'T_LOG: warn or info, got loud',
  ]);
});

test('a secret may lie in a file, whose last line end is no part of it', () => {
  using held = fileWith('AQID\n');
  expect(readOrThrow(declared, { T_URL: good.T_URL, T_KEY_FILE: held.file }).key).toEqual(
    Buffer.from([1, 2, 3]),
  );
});

test('a secret in both places, in a file that is not there or in an empty one is refused', () => {
  using held = fileWith('\n');
  expect(wrongOf({ ...good, T_KEY_FILE: held.file })).toEqual([
    'T_KEY: in the environment or in a file, got both',
  ]);
  const { T_URL } = good;
  expect(wrongOf({ T_URL, T_KEY_FILE: `${held.file}-none` })).toEqual([
    `T_KEY_FILE: a readable file, got ${held.file}-none`,
  ]);
  expect(wrongOf({ T_URL, T_KEY_FILE: held.file })).toEqual(['T_KEY: a key, got nothing']);
});

test('a secret of another form is not quoted', () => {
  const [line = ''] = wrongOf({ ...good, T_KEY: 'c2VjcmV0' });
  expect(line).toBe('T_KEY: 3 bytes in base64, got something else');
});

test('what is no secret is not taken from a file', () => {
  using held = fileWith('info');
  expect(readOrThrow(declared, { ...good, T_LOG_FILE: held.file }).log).toBe('warn');
});

test('a key file that holds no JSON is refused at the start', () => {
  using held = fileWith('no json');
  const wrong: string[] = [];
  readDeclared({ file: setting('T_FILE', 'a key', jsonFile) }, { T_FILE: held.file }, wrong);
  expect(wrong).toEqual([`T_FILE: a readable JSON file's path, got ${held.file}`]);
});

test('the help and the table say of each setting its name, meaning, form and standard', () => {
  const settings = [declared.port, declared.key, setting('T_WORDS', 'words', text, '')];
  expect(formatSettings(settings)).toBe(
    '  T_PORT\n      the port: a whole number from 0 to 65535 (4000)\n' +
      '  T_KEY or T_KEY_FILE\n      a key: 3 bytes in base64 (must be given)\n' +
      '  T_WORDS\n      words: a text (none)\n',
  );
  const rows = tabulateSettings(settings, (standard) => standard).split('\n');
  expect(rows[3]).toBe('| `T_KEY` or `T_KEY_FILE` | a key | 3 bytes in base64 | must be given |');
});
