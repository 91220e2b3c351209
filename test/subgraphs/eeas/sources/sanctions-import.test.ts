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

const secret = 'OPENSESAME';
const listings = () => place.client.db().collection('sanctionsListings');
const take = async (text: string | Buffer) =>
  await place.import([await place.write('list.xml', text)], { script: 'import-eeas.ts' });

test('imports the list of a folder with the Council as originator, and writes nothing the second time', async () => {
  await mkdir(join(place.folder, 'lists'));
  const list = listOf(Array.from({ length: 1500 }, (_, at) => listing(String(at))));
  await place.write('lists/list.xml', list);
  await place.write('lists/read-me.txt', secret);
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

test('rejects only the invalid listing, by its place, and keeps none of its text', async () => {
  const bad: readonly (readonly [string, string])[] = [
    [listing('b1', { inside: `&${secret};` }), 'MALFORMED'],
    [listing('b2', { inside: `<a><${secret}></a>` }), 'MALFORMED'],
    [listing('b3', { inside: `<a b="${secret}` }), 'MALFORMED'],
    [listing('b4', { inside: `<!ENTITY x "${secret}">` }), 'MALFORMED'],
    [listing('b5').replace('</sanctionEntity>', `<remark>${secret}</remark>`), 'MALFORMED'],
    [listing('b6', { inside: `<__proto__>${secret}</__proto__>` }), 'UNSAFE_KEY'],
    [listing('b7', { inside: `<remark>${secret.repeat(100_001)}</remark>` }), 'TOO_LONG'],
    [listing('b8', { inside: `${'<a>'.repeat(100)}${secret}${'</a>'.repeat(100)}` }), 'TOO_DEEP'],
    [listing('b9', { type: secret }), 'WRONG_SHAPE'],
    [listing('b10').replace('2026-09-14', 'soon'), 'FIELD'],
    [listing('b11').replace('2026-09-14', '2026-02-30'), 'FIELD'],
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
  // The two with a faulty date lose only the date.
  expect(await listings().countDocuments()).toBe(bad.length + 3);
  expect(JSON.stringify(rejects) + out + err).not.toContain(secret);
  expect(await place.everything()).not.toContain(secret);
});

/** An entity expansion attack: ten entities that expand to a billion. */
const laughs = `<!DOCTYPE export [<!ENTITY a0 "${secret}">${Array.from(
  { length: 9 },
  (_, at) => `<!ENTITY a${at + 1} "${`&a${at};`.repeat(10)}">`,
).join('')}]>`;

test.each([
  ['nested entities', laughs],
  ['an external entity', `<!DOCTYPE export [<!ENTITY x SYSTEM "file:///etc/hostname">]>`],
  ['an external DTD', '<!DOCTYPE export SYSTEM "http://127.0.0.1:9/x.dtd">'],
])('rejects a file with %s, and reads nothing of it', async (_what, before) => {
  const ended = await take(listOf([listing('1', { inside: '<remark>&a9;&x;</remark>' })], before));
  expect(ended.code).toBe(1);
  expect(ended.err).toContain('a document type declaration (DTD): such files are refused');
  expect(await listings().countDocuments()).toBe(0);
  expect(ended.out + ended.err + (await place.everything())).not.toContain(secret);
});

test('imports the complete listings of a truncated file, and reports the fault', async () => {
  const list = listOf([listing('1'), listing('2'), listing('3')]);
  const ended = await take(list.slice(0, list.indexOf('EXERCISE 3')));
  expect(ended.code).toBe(1);
  expect(ended.err).toMatch(/not read to the end: .*the file ends inside record 2/);
  expect(await listings().countDocuments()).toBe(2);
});

test('keeps only the place of a classified listing, and imports the others', async () => {
  const list = listOf([
    listing('1'),
    listing('2', { attributes: 'classification="EU SECRET"', inside: `<remark>${secret}</remark>` }),
    listing('3', { inside: `<!-- RESTREINT UE/EU RESTRICTED --><remark>${secret}</remark>` }),
    listing('4', { inside: `<remark>\nNATO SECRET\n${secret}</remark>&${secret};` }),
    listing('5'),
  ]);
  const ended = await take(list);
  expect(ended.code).toBe(3);
  expect(ended.err.match(/SPILLAGE: classified content arrived by eu-sanctions/g)).toHaveLength(3);
  const spillages = await place.client.db().collection('spillages').find().sort({ index: 1 }).toArray();
  expect(spillages.map(({ index }) => index as number)).toEqual([1, 2, 3]);
  expect(await listings().countDocuments()).toBe(2);
  expect(JSON.stringify(await place.rejects()) + ended.out + ended.err).not.toContain(secret);
  expect(await place.everything()).not.toContain(secret);
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
])('rejects a whole file with a classification %s', async (_where, mark) => {
  const ended = await take(
    mark(listOf([listing('1', { inside: `<remark>${secret}</remark>` }), listing('2')])),
  );
  expect(ended.code).toBe(3);
  expect(ended.err).toContain('outside its records');
  expect(await listings().countDocuments()).toBe(0);
  expect(await place.rejects()).toMatchObject([{ index: -1, reason: 'CLASSIFIED' }]);
  expect(await place.everything()).not.toContain(secret);
});
