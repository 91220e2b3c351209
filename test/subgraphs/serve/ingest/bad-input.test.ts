import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { bulletinsFile, Place } from './place.ts';

let place: Place;
beforeAll(async () => (place = await Place.open()));
afterAll(async () => await place[Symbol.asyncDispose]());
beforeEach(async () => {
  await place.clear();
  await place.clearRejects();
});

const word = 'OPENSESAME';
const good = { id: 'B-bad', title: 'EXERCISE', text: word, published: '2025-02-01' };

/** Records that are wrong, each in its own way, with the reason and what its line says. */
const wrong: readonly (readonly [unknown, string, string])[] = [
  [{ ...good, published: '2025-02-30' }, 'WRONG_DATE', 'a date that exists'],
  [{ ...good, published: word }, 'WRONG_DATE', 'in a known format'],
  [{ ...good, title: undefined }, 'WRONG_SHAPE', 'title: expected string, got nothing'],
  [{ ...good, notes: ['x', { [word]: 1 }] }, 'WRONG_SHAPE', 'notes.1: expected string, got object'],
  [word, 'WRONG_SHAPE', 'record: expected object, got string'],
  [[word], 'WRONG_SHAPE', 'record: expected object, got array'],
  [{ ...good, text: word.repeat(1_000_000) }, 'TOO_LONG', 'longer than 1000000'],
  [{ ...good, [word.repeat(1000)]: 1 }, 'TOO_LONG', 'a key longer than 1000'],
  [{ ...good, extra: { $where: word } }, 'UNSAFE_KEY', 'operator'],
  [{ ...good, extra: { 'a\0b': word } }, 'UNSAFE_KEY', 'operator'],
  [{ ...good, tlp: 'tlp:white' }, 'WRONG_MARKING', 'expected a label of TLP 2.0'],
  [{ ...good, text: `${word} \ud800` }, 'WRONG_ENCODING', 'a lone surrogate'],
  [{ ...good, breaks: true }, 'UNMAPPABLE', '(TypeError)'],
];
const broken: readonly (readonly [string, string, string])[] = [
  [`{"id": "B-bad", "title": ${word}}`, 'MALFORMED', 'expected a JSON value'],
  [`{"id": "B-bad", "__proto__": {"${word}": 1}}`, 'UNSAFE_KEY', 'prototype'],
  [`{"id": "B-bad", "x": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'TOO_DEEP', 'deeper than 64'],
  [`{"id": "B-bad", "title": "${word} \u00ff"}`, 'WRONG_ENCODING', 'expected UTF-8'],
];

test('rejects every kind of bad record with position and reason but no content, and imports the others', async () => {
  const bad = [...wrong.map(([record, ...why]) => [JSON.stringify(record), ...why]), ...broken];
  const list = bad.flatMap(([text = ''], at) => [
    JSON.stringify({ ...good, id: `B-${at}`, text: 'EXERCISE' }),
    text,
  ]);
  const bytes = Buffer.from(`{"bulletins": [\n${list.join(',\n')}\n]}`, 'latin1');
  const ended = await place.import([await place.write('bad.json', bytes)]);
  expect(ended.code).toBe(2);
  const rejects = await place.rejects();
  expect(rejects.map(({ index, reason }) => [index, reason])).toEqual(
    bad.map(([, reason], at) => [2 * at + 1, reason]),
  );
  for (const [at, [text = '', , message]] of bad.entries()) {
    expect(rejects[at]?.['message']).toContain(message);
    const offset = rejects[at]?.['offset'] as number;
    expect(bytes.subarray(offset, offset + 12).toString('latin1')).toBe(text.slice(0, 12));
  }
  expect(JSON.stringify(rejects) + ended.out + ended.err).not.toContain(word);
  expect(await place.client.db().collection('bulletins').countDocuments()).toBe(bad.length);
  expect(await place.everything()).not.toContain(word);
});

test('imports the first of two records with one id, skips an equal one and rejects a different one in every run', async () => {
  const file = bulletinsFile(2600, (bulletin, at) => {
    if (at === 2400) return { ...bulletin, id: 'B-0', title: 'EXERCISE bulletin 0', notes: [] };
    if (at === 2500) return { ...bulletin, id: 'B-1', title: 'EXERCISE other' };
    return at < 2 ? { ...bulletin, text: 'EXERCISE', published: '2025-01-01', notes: [] } : bulletin;
  }).replace(
    /"text": "[^"]*",(\s*)"published": "[^"]*"(?=,\s*"notes": \[\])/g,
    '"text": "EXERCISE",$1"published": "2025-01-01"',
  );
  const path = await place.write('twice.json', file);
  for (const run of ['first', 'second']) {
    await place.clearRejects();
    const ended = await place.import([path]);
    expect([run, ended.code]).toEqual([run, 2]);
    expect(await place.rejects()).toMatchObject([{ index: 2500, reason: 'DUPLICATE' }]);
    const kept = await place.client.db().collection('bulletins').findOne({ 'envelope.localId': 'B-1' });
    expect(kept).toMatchObject({ content: { title: 'EXERCISE bulletin 1' }, envelope: { version: 1 } });
  }
});

test('imports the complete records of a truncated file and reports the position', async () => {
  const text = bulletinsFile(50);
  const cut = text.slice(0, text.indexOf('second note of 17'));
  const ended = await place.import([await place.write('cut.json', cut)]);
  expect(ended.code).toBe(1);
  expect(ended.err).toContain(
    `ends inside record 17, which begins at byte ${text.lastIndexOf('{', text.indexOf('"B-17"'))}`,
  );
  expect(await place.client.db().collection('bulletins').countDocuments()).toBe(17);
});

test.each([
  ['UTF-16', Buffer.from(`\ufeff${bulletinsFile(2)}`, 'utf16le'), 'expected UTF-8, got UTF-16'],
  ['gzip', gzipSync(bulletinsFile(2)), 'got gzip: unpack the file first'],
  ['an empty file', Buffer.alloc(0), 'is empty'],
  [
    'another format',
    Buffer.from('<?xml version="1.0"?><bulletins/>'),
    "is not a file of this community's sources",
  ],
  ['another JSON', Buffer.from('{"vulnerabilities": []}'), 'an object with an array "bulletins"'],
])('refuses %s and says what was expected', async (_what, bytes, message) => {
  const ended = await place.import([await place.write('other.json', bytes)]);
  expect(ended.code).toBe(1);
  expect(ended.err).toContain(message);
  expect(ended.err).not.toContain('    at ');
  expect(await place.client.db().collection('bulletins').countDocuments()).toBe(0);
});

test.each([
  [['--tlp', 'WHITE'], 'Expected one of CLEAR, GREEN, AMBER, AMBER_STRICT, RED'],
  [['--source', 'nothing'], 'expected one of bulletins, got nothing'],
  [['--aliases', 'nowhere.json'], 'nowhere.json'],
  [['nowhere.json'], 'no such file or folder'],
])('reports a wrong command line in one line: %j', async (args, message) => {
  const ended = await place.import([await place.write('good.json', bulletinsFile(1))], { args });
  expect(ended.code).toBe(1);
  expect(ended.err).toContain(message);
  expect(ended.err).not.toContain('    at ');
});

test('ends with a clear error and no partial line if the disk is full at the reject file', async () => {
  const { openRejects } = await import('../../../../subgraphs/serve/ingest/rejects.ts');
  // The device that is always full.
  await using rejects = openRejects('/dev/full');
  const reject = {
    file: 'f',
    index: 0,
    offset: 0,
    reason: 'MALFORMED',
    message: 'expected a JSON value',
  } as const;
  await expect(rejects.write(reject)).rejects.toMatchObject({ code: 'ENOSPC' });
});
