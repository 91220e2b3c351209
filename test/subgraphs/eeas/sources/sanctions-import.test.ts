import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Place } from '../../serve/ingest/place.ts';
import { listing, listOf } from './sanctions-list.ts';

let place: Place;
beforeAll(async () => (place = await Place.open()));
afterAll(async () => await place[Symbol.asyncDispose]());
beforeEach(async () => {
  await place.clear();
  await place.clearRejects();
});

const word = 'OPENSESAME';
const listings = () => place.client.db().collection('sanctionsListings');
const take = async (text: string | Buffer) =>
  await place.import([await place.write('list.xml', text)], { script: 'import-eeas.ts' });

test('a folder with the list is taken in under the Council’s name, and a second import writes nothing', async () => {
  await mkdir(join(place.folder, 'lists'));
  const list = listOf(Array.from({ length: 1500 }, (_, at) => listing(String(at))));
  await place.write('lists/list.xml', list);
  await place.write('lists/read-me.txt', word);
  const folder = join(place.folder, 'lists');
  const ended = await place.import([folder], { script: 'import-eeas.ts' });
  expect(ended).toMatchObject({ code: 0, out: expect.stringContaining('1500 read; 1500 new') });
  expect(await listings().findOne({ 'content.logicalId': '7' })).toMatchObject({
    envelope: {
      originator: 'council',
      provider: 'commission',
      custodian: 'eeas',
      marking: { tlp: 'CLEAR' },
    },
    content: { programme: 'CYB', subjectType: 'ENTITY', names: [{ whole: 'EXERCISE 7', strong: true }] },
  });
  const again = await place.import([folder], { script: 'import-eeas.ts' });
  expect(again.out).toContain('0 new, 0 changed, 1500 unchanged');
  expect(await listings().countDocuments({ 'envelope.version': 1 })).toBe(1500);
});

test('each bad listing costs itself only, by its place, and no word of it is left', async () => {
  const bad: readonly (readonly [string, string])[] = [
    [listing('b1', { inside: `&${word};` }), 'MALFORMED'],
    [listing('b2', { inside: `<a><${word}></a>` }), 'MALFORMED'],
    [listing('b3', { inside: `<a b="${word}` }), 'MALFORMED'],
    [listing('b4', { inside: `<!ENTITY x "${word}">` }), 'MALFORMED'],
    [listing('b5').replace('</sanctionEntity>', `<remark>${word}</remark>`), 'MALFORMED'],
    [listing('b6', { inside: `<__proto__>${word}</__proto__>` }), 'UNSAFE_KEY'],
    [listing('b7', { inside: `<remark>${word.repeat(100_001)}</remark>` }), 'TOO_LONG'],
    [listing('b8', { inside: `${'<a>'.repeat(100)}${word}${'</a>'.repeat(100)}` }), 'TOO_DEEP'],
    [listing('b9', { type: word }), 'WRONG_SHAPE'],
    [listing('b10').replace('2026-09-14', word), 'WRONG_DATE'],
    [listing('b11').replace('2026-09-14', '2026-02-30'), 'WRONG_DATE'],
    [listing('b12').replace(/<nameAlias[^>]*>/, ''), 'WRONG_SHAPE'],
    [listing('b13', { inside: '<remark>\0</remark>' }), 'MALFORMED'],
    [listing('b14', { inside: '<remark>\u00ff</remark>' }), 'WRONG_ENCODING'],
    // The same id as a good one, with other content.
    [listing('1', { inside: '<citizenship countryIso2Code="FR"/>' }), 'DUPLICATE'],
  ];
  const list = [listing('1'), ...bad.flatMap(([text], at) => [text, listing(`${at + 100}`)])];
  const bytes = Buffer.from(listOf(list), 'latin1');
  const { code, out, err } = await take(bytes);
  expect(code).toBe(2);
  const rejects = await place.rejects();
  const byPlace = rejects.toSorted((one, other) => Number(one['index']) - Number(other['index']));
  expect(byPlace.map(({ index, reason }) => [index, reason])).toEqual(
    bad.map(([, reason], at) => [2 * at + 1, reason]),
  );
  for (const [at, [text]] of bad.entries()) {
    const offset = byPlace[at]?.['offset'] as number;
    expect(bytes.subarray(offset, offset + 100).toString('latin1')).toBe(text.trim().slice(0, 100));
  }
  expect(await listings().countDocuments()).toBe(bad.length + 1);
  expect(JSON.stringify(rejects) + out + err).not.toContain(word);
  expect(await place.everything()).not.toContain(word);
});

/** The ten entities that would be three billion. */
const laughs = `<!DOCTYPE export [<!ENTITY a0 "${word}">${Array.from(
  { length: 9 },
  (_, at) => `<!ENTITY a${at + 1} "${`&a${at};`.repeat(10)}">`,
).join('')}]>`;

test.each([
  ['entities that hold one another', laughs],
  ['an entity from elsewhere', `<!DOCTYPE export [<!ENTITY x SYSTEM "file:///etc/hostname">]>`],
  ['a DTD from elsewhere', '<!DOCTYPE export SYSTEM "http://127.0.0.1:9/x.dtd">'],
])('a file with %s is refused, nothing of it is read', async (_what, before) => {
  const ended = await take(listOf([listing('1', { inside: '<remark>&a9;&x;</remark>' })], before));
  expect(ended.code).toBe(1);
  expect(ended.err).toContain('a document type declaration (DTD): such files are not read');
  expect(await listings().countDocuments()).toBe(0);
  expect(ended.out + ended.err + (await place.everything())).not.toContain(word);
});

test('a file that is cut off gives what came before, and is told to be broken', async () => {
  const list = listOf([listing('1'), listing('2'), listing('3')]);
  const ended = await take(list.slice(0, list.indexOf('EXERCISE 3')));
  expect(ended.code).toBe(1);
  expect(ended.err).toMatch(/not read to its end: .*the file ends inside record 2/);
  expect(await listings().countDocuments()).toBe(2);
});

test('of a classified listing nothing is kept but its place, and the others are taken', async () => {
  const list = listOf([
    listing('1'),
    listing('2', { attributes: 'classification="EU SECRET"', inside: `<remark>${word}</remark>` }),
    listing('3', { inside: `<!-- RESTREINT UE/EU RESTRICTED --><remark>${word}</remark>` }),
    listing('4', { inside: `<remark>\nNATO SECRET\n${word}</remark>&${word};` }),
    listing('5'),
  ]);
  const ended = await take(list);
  expect(ended.code).toBe(3);
  expect(ended.err.match(/SPILLAGE: classified content arrived by eu-sanctions/g)).toHaveLength(3);
  const spillages = await place.client.db().collection('spillages').find().sort({ index: 1 }).toArray();
  expect(spillages.map(({ index }) => index as number)).toEqual([1, 2, 3]);
  expect(await listings().countDocuments()).toBe(2);
  expect(JSON.stringify(await place.rejects()) + ended.out + ended.err).not.toContain(word);
  expect(await place.everything()).not.toContain(word);
});

test.each([
  ['before its records', (list: string) => list.replace('<export ', '<export marking="NATO RESTRICTED" ')],
  [
    'before a DTD',
    (list: string) => list.replace('<export', '<!-- NATO RESTRICTED --><!DOCTYPE export><export'),
  ],
  [
    'between its records',
    (list: string) => list.replaceAll('</sanctionEntity>', '$&<!-- EU CONFIDENTIAL -->'),
  ],
  ['behind its records', (list: string) => `${list}<!-- EU CONFIDENTIAL -->`],
])('a file that is marked %s is refused whole', async (_where, mark) => {
  const ended = await take(
    mark(listOf([listing('1', { inside: `<remark>${word}</remark>` }), listing('2')])),
  );
  expect(ended.code).toBe(3);
  expect(ended.err).toContain('outside its records');
  expect(await listings().countDocuments()).toBe(0);
  expect(await place.rejects()).toMatchObject([{ index: -1, reason: 'CLASSIFIED' }]);
  expect(await place.everything()).not.toContain(word);
});
