import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Place } from '../../serve/ingest/place.ts';
import { eurepocTables } from './eurepoc-tables.ts';

let place: Place;
beforeAll(async () => (place = await Place.open()));
afterAll(async () => await place[Symbol.asyncDispose]());
beforeEach(async () => {
  await place.clear();
  await place.clearRejects();
});

const secret = 'OPENSESAME';
const incidents = () => place.client.db().collection('cyberIncidents');

async function write(folder: string, tables: ReadonlyMap<string, string>): Promise<string> {
  await mkdir(join(place.folder, folder), { recursive: true });
  for (const [name, text] of tables) await place.write(join(folder, name), text);
  return join(place.folder, folder);
}

const take = async (paths: readonly string[], args: readonly string[] = []) =>
  await place.import(paths, { script: 'import-eeas.ts', args });

test('imports the four tables of a folder, and writes nothing the second time', async () => {
  const folder = await write('whole', eurepocTables(1500));
  expect(await take([folder])).toMatchObject({
    code: 0,
    out: expect.stringContaining('1500 read; 1500 new, 0 changed, 0 unchanged'),
  });
  expect(await incidents().findOne({ 'content.reference': '7' })).toMatchObject({
    envelope: { originator: 'eurepoc', custodian: 'eeas', marking: { tlp: 'CLEAR' }, version: 1 },
    content: {
      incidentTypes: ['Data theft', 'Disruption'],
      receiverStates: ['MemberState:GR', 'MemberState:CZ'],
      initiators: [{ attributionBasis: 'Industry attribution', attributedBy: null, country: 'Atlantis' }],
      intensity: '3',
    },
  });
  const again = await take([folder]);
  expect(again.out).toContain('0 new, 0 changed, 1500 unchanged');
  expect(await incidents().countDocuments({ 'envelope.version': 1 })).toBe(1500);
});

test('rejects only the incident of an invalid row, by its place, and keeps none of its text', async () => {
  const changed: Readonly<Record<string, Readonly<Record<number, string>>>> = {
    initiators: {
      4: '3,2024-02-30,,,,,,',
      8: `5,2024-01-01,${secret}`,
      10: `6,2024-01-01,"${'x'.repeat(1_000_001)}",,,,${secret},`,
    },
    responses: { 14: `8,1,0,\0${secret},Greece` },
  };
  const tables = eurepocTables(12, (table, rows) => rows.map((row, at) => changed[table]?.[at] ?? row));
  const { code, out, err } = await take([await write('bad', tables)]);
  expect(code).toBe(2);
  const rejects = await place.rejects();
  const reasons = rejects.map(({ file, offset, reason }) => [idAt(tables, file, offset), reason]);
  expect(Object.fromEntries(reasons)).toEqual({
    3: 'FIELD',
    5: 'MALFORMED',
    6: 'TOO_LONG',
    8: 'WRONG_ENCODING',
  });
  expect(rejects).toHaveLength(4);
  // The incident with a date that does not exist loses only the date.
  expect(await incidents().countDocuments()).toBe(9);
  expect((await place.everything()) + JSON.stringify(rejects) + out + err).not.toContain(secret);
});

/** Returns the id of the row at the place of a reject. */
function idAt(tables: ReadonlyMap<string, string>, file: string, offset: number): string {
  const text = Buffer.from(tables.get(file.split('/').at(-1) ?? '') ?? '');
  return text.subarray(offset).toString().split(',')[0] ?? '';
}

test('rejects an incident with a classified row, raises an alarm, and keeps nothing of it', async () => {
  const tables = eurepocTables(5, (table, rows) =>
    rows.map((row, at) =>
      table === 'sectors' && at === 4 ? `3,TRES SECRET UE/EU TOP SECRET,${secret},` : row,
    ),
  );
  const { code, err } = await take([await write('classified', tables)]);
  expect([code, err]).toEqual([3, expect.stringContaining('SPILLAGE')]);
  expect(await incidents().countDocuments()).toBe(4);
  expect(await place.everything()).not.toContain(secret);
  expect(await place.rejects()).toMatchObject([{ reason: 'CLASSIFIED', hmac: expect.any(String) }]);
});

test.each([
  ['before the columns', (rows: readonly string[]) => rows, 'SECRET UE/EU SECRET\n'],
  ['between the rows', (rows: readonly string[]) => rows.toSpliced(6, 0, 'SECRET UE/EU SECRET,,,'), ''],
  ['behind the rows', (rows: readonly string[]) => [...rows, 'SECRET UE/EU SECRET'], ''],
])('rejects all tables if one has a classification banner %s', async (_where, change, before) => {
  const tables = new Map(eurepocTables(5, (table, rows) => (table === 'responses' ? change(rows) : rows)));
  tables.set('responses.csv', `${before}${tables.get('responses.csv')}`);
  expect(await take([await write('banner', tables)], ['--source', 'eurepoc'])).toMatchObject({ code: 3 });
  expect(await incidents().countDocuments()).toBe(0);
  expect(await place.rejects()).toMatchObject([{ index: -1, reason: 'CLASSIFIED' }]);
});

test('rejects a single table and names the missing ones', async () => {
  const folder = await write('alone', eurepocTables(3));
  const { code, err } = await take([join(folder, 'initiators.csv')]);
  expect([code, err]).toEqual([1, expect.stringContaining('expected all tables in one import')]);
  expect(await incidents().countDocuments()).toBe(0);
});

test('imports a folder of several kinds of files kind by kind', async () => {
  const own = JSON.stringify({ format: 'jcu-records/1', records: [] });
  const folder = await write('mixed', new Map([...eurepocTables(3), ['own.json', own]]));
  const { code, out } = await take([folder]);
  expect([code, out]).toEqual([0, expect.stringMatching(/eurepoc: 3 read[^]*records: 0 read/)]);
  expect(await take([folder, '--source', 'eurepoc'])).toMatchObject({ code: 0 });
});

test('imports the complete incidents of truncated tables, and reports the place', async () => {
  const tables = new Map(eurepocTables(9));
  const text = tables.get('sectors.csv') ?? '';
  tables.set('sectors.csv', `${text.slice(0, text.indexOf('\n7,'))}\n7,"Gree`);
  const { code, err } = await take([await write('cut', tables)]);
  expect([code, err]).toEqual([1, expect.stringContaining('ends in a quoted cell')]);
  expect(await incidents().countDocuments()).toBe(5);
});
