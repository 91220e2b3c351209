import { expect, test } from '@jest/globals';
import type { InTables } from '../../../../../subgraphs/serve/ingest/sources/source.ts';
import { SplitError } from '../../../../../subgraphs/serve/ingest/formats/split.ts';
import {
  type Joined,
  type JoinLimits,
  joinTables,
} from '../../../../../subgraphs/serve/ingest/formats/tables.ts';

const locate: InTables = { at: 'tables', key: 'ID', tables: { one: ['a'], two: ['b'] } };

type Outcome = { readonly records: readonly Joined[]; readonly error: string | null };

async function join(
  files: Readonly<Record<string, string>>,
  limits?: JoinLimits,
  at: InTables = locate,
): Promise<Outcome> {
  const records: Joined[] = [];
  try {
    const tables = Object.entries(files).map(([file, text]) => ({ file, chunks: inChunks(text) }));
    for await (const record of joinTables(tables, at, limits)) records.push(record);
    return { records, error: null };
  } catch (error) {
    if (!(error instanceof SplitError)) throw error;
    return { records, error: error.message };
  }
}

async function* inChunks(text: string): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 7) yield await Promise.resolve(bytes.subarray(at, at + 7));
}

const valueOf = ({ slice }: Joined): unknown => JSON.parse(slice.bytes?.toString() ?? 'null');
const reasonsOf = ({ records }: Outcome) => records.map(({ slice }) => slice.refused?.reason ?? null);
const keysOf = ({ records }: Outcome) =>
  records.map((record) => {
    const { one, two } = valueOf(record) as Record<'one' | 'two', { ID: string }[]>;
    return `${one.map(({ ID }) => ID).join('')}/${two.map(({ ID }) => ID).join('')}`;
  });

test('joins rows of one id from all tables into one record at the position of its first row', async () => {
  const one = 'ID,a\n1,x\n1,y\n2,z\n';
  const { records, error } = await join({ 'two.csv': 'ID,b\n1,p\n2,q\n2,r', 'one.csv': one });
  expect(error).toBeNull();
  expect(records.map(valueOf)).toEqual([
    {
      one: [
        { ID: '1', a: 'x' },
        { ID: '1', a: 'y' },
      ],
      two: [{ ID: '1', b: 'p' }],
    },
    {
      one: [{ ID: '2', a: 'z' }],
      two: [
        { ID: '2', b: 'q' },
        { ID: '2', b: 'r' },
      ],
    },
  ]);
  expect(records.map(({ file, slice }) => [file, slice.index, slice.offset])).toEqual([
    ['one.csv', 0, 5],
    ['one.csv', 1, one.indexOf('2,z')],
  ]);
});

test('joins tables in another order, and tables without rows of some ids', async () => {
  const got = await join({ one: 'ID,a\n3,x\n1,x\n2,x\n9,x', two: 'ID,b\n1,y\n2,y\n3,y\n7,y' });
  expect(keysOf(got)).toEqual(['1/1', '2/2', '3/3', '9/', '/7']);
  expect(got.records.map(({ slice }) => slice.index)).toEqual([0, 1, 2, 3, 4]);
});

const fiftyRows = (from: number) => Array.from({ length: 50 }, (_, at) => `${(from + at) % 50},x`).join('\n');

test('refuses tables if too many rows wait for other tables', async () => {
  const files = { one: `ID,a\n${fiftyRows(0)}`, two: `ID,b\n${fiftyRows(25)}` };
  expect(keysOf(await join(files))).toHaveLength(50);
  const { records, error } = await join(files, { record: 1000, waiting: 500 });
  expect([records, error]).toEqual([[], expect.stringContaining('sort each table by id')]);
});

test('refuses rows of one id that are not adjacent', async () => {
  const waiting = await join({ one: 'ID,a\n1,x\n2,x\n1,y\n3,x', two: 'ID,b\n3,y\n2,y\n1,y' });
  expect(reasonsOf(waiting)).toEqual([null, 'DUPLICATE', null, null]);
  const joined = await join({ one: 'ID,a\n1,x\n2,x\n1,y\n2,x', two: 'ID,b\n1,y\n2,y' });
  expect(reasonsOf(joined)).toEqual([null, null, 'DUPLICATE', 'DUPLICATE']);
});

test.each([
  ['too few cells', '2'],
  ['too many cells', '2,x,y'],
  ['a quote inside', '2,x"y'],
  ['a NUL', '2,\0'],
])('refuses the record of a row with %s', async (_what, bad) => {
  const got = await join({ one: `ID,a\n1,x\n2,x\n${bad}\n3,x`, two: 'ID,b\n1,y\n2,y\n3,y' });
  expect(reasonsOf(got).map((reason) => reason !== null)).toEqual([false, true, false]);
});

test('refuses a row without an id alone', async () => {
  const got = await join({ one: 'ID,a\n1,x\n ,x\n2,y', two: 'ID,b\n1,y\n2,y' });
  expect(reasonsOf(got)).toEqual([null, 'WRONG_SHAPE', null]);
});

test('refuses the records next to a row that may contain their rows', async () => {
  const got = await join({ one: 'ID,a\n1,x\n2,"x\n2,"y\n3,x\n4,x', two: 'ID,b\n1,y\n2,y\n3,y\n4,y' });
  expect(
    Object.fromEntries(got.records.map((one, at) => [keysOf(got)[at], one.slice.refused?.reason])),
  ).toEqual({
    '/': 'MALFORMED',
    '1/1': 'MALFORMED',
    '3/3': 'MALFORMED',
    '4/4': undefined,
    '/2': undefined,
  });
});

test('drops a record above the maximum of bytes or cells', async () => {
  const big = await join(
    { one: `ID,a\n1,${'x'.repeat(300)}\n2,x`, two: `ID,b\n1,y\n2,y` },
    { record: 200, waiting: 1000 },
  );
  expect(big.records.map(({ slice }) => slice.bytes === null)).toEqual([true, false]);
  const columns = Array.from({ length: 90_000 }, (_, at) => `c${at}`).join(',');
  const row = `1${','.repeat(90_001)}\n`;
  const many = await join({ one: `ID,a,${columns}\n${row.repeat(12)}`, two: 'ID,b\n1,y' });
  expect(many.records.map(({ slice }) => slice.bytes)).toEqual([null]);
});

test('reports a refused record that is classified as classified', async () => {
  const got = await join({ one: 'ID,a\n1,TRES SECRET UE/EU TOP SECRET,x\n2,x', two: 'ID,b\n1,y\n2,y' });
  expect(reasonsOf(got)).toEqual(['CLASSIFIED', null]);
});

test.each<readonly [string, Readonly<Record<string, string>>, string]>([
  ['a table is missing', { one: 'ID,a\n1,x' }, 'expected all tables in one import'],
  ['a table comes twice', { one: 'ID,a\n1,x', again: 'ID,a\n2,x' }, 'again is a second table "one"'],
  [
    'a file is none of them',
    { one: 'ID,a\n1,x', other: 'ID,c\n1,x' },
    'other: expected one of the tables "one" with',
  ],
  ['cells are parted otherwise', { one: 'ID;a\n1;x' }, 'expected one of the tables'],
  ['a column comes twice', { one: 'ID,a,a\n1,x,x' }, 'a first row with column names, each once'],
])('joins nothing if %s', async (_what, files, message) => {
  expect(await join(files)).toEqual({ records: [], error: expect.stringContaining(message) });
});

test('makes no incomplete record of a table that is truncated in a cell', async () => {
  const got = await join({ one: 'ID,a\n1,x\n2,x\n3,x', two: 'ID,b\n1,y\n2,y\n3,"y\n' });
  expect(keysOf(got)).toEqual(['1/1']);
  expect(got.error).toContain('ends in a quoted cell of the row that begins at byte');
});

test('a name of a column is a name only, whatever it reaches in a language', async () => {
  const files = { one: 'ID,a,__proto__\n1,x,y', two: 'ID,b\n1,y' };
  const { records } = await join(files);
  expect(records[0]?.slice.bytes?.toString()).toContain('"__proto__":"y"');
});
