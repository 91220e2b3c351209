import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { maxCells, readRows, type Row } from '../../../../../subgraphs/serve/ingest/formats/csv.ts';
import { SplitError } from '../../../../../subgraphs/serve/ingest/formats/split.ts';

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

type Read = { readonly rows: readonly Row[]; readonly error: string | null };

async function read(text: string | Buffer, size = 3, longest = 1_000_000): Promise<Read> {
  const rows: Row[] = [];
  try {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    for await (const row of readRows(inChunks(bytes, size), longest)) rows.push(row);
    return { rows, error: null };
  } catch (error) {
    if (!(error instanceof SplitError)) throw error;
    return { rows, error: error.message };
  }
}

const cellsOf = ({ rows }: Read) => rows.map(({ cells }) => cells);
const write = (cells: readonly string[]) => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',');

test('reads every table that was written, with any cells and any chunks', async () => {
  const awkward = fc.constantFrom(
    '',
    'a "quote"',
    '"',
    ',',
    '\n',
    '\r\n',
    'ünï😀',
    '""',
    '<br>',
    "['a', 'b']",
  );
  const row = fc.array(fc.oneof(awkward, fc.string({ unit: 'grapheme' })), { minLength: 2, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom('\n', '\r\n'),
      async (rows, size, end) => {
        const sound = rows.map((cells) => cells.map((cell) => cell.replaceAll('\0', '')));
        const text = sound.map(write).join(end);
        const got = await read(text, size);
        expect(cellsOf(got)).toEqual(sound);
        expect(got.rows.every(({ refused }) => refused === null)).toBe(true);
        for (const { offset, cells } of got.rows)
          expect(Buffer.from(text).subarray(offset).toString().startsWith(write(cells))).toBe(true);
      },
    ),
    { numRuns: 150 },
  );
});

test('reads a byte order mark, unquoted cells, empty lines and a last line without a line feed', async () => {
  const got = await read('\ufeffID,name\r\n\r\n1,\n\n2,b c');
  expect(cellsOf(got)).toEqual([
    ['ID', 'name'],
    ['1', ''],
    ['2', 'b c'],
  ]);
  expect(got.rows.map(({ offset }) => offset)).toEqual([3, 14, 18]);
});

test.each<readonly [string, string | Buffer, string, string]>([
  ['a quote inside a bare cell', '1,a"b', 'MALFORMED', 'a quote'],
  ['something behind a closing quote', '1,"a"b', 'MALFORMED', 'a quote'],
  ['bytes that are no UTF-8', Buffer.from('1,\xff', 'latin1'), 'WRONG_ENCODING', 'expected UTF-8'],
  ['a NUL', '1,a\0b', 'WRONG_ENCODING', 'got a NUL byte'],
  ['a huge cell', `1,${'x'.repeat(300)}`, 'TOO_LONG', 'longer than 200 bytes'],
  ['a huge quoted cell over many lines', `1,"${'x\n'.repeat(300)}"`, 'TOO_LONG', 'longer than 200 bytes'],
])('refuses the row with %s and reads the others', async (_what, bad, reason, message) => {
  const file = Buffer.concat([Buffer.from('0,a\n'), Buffer.from(bad), Buffer.from('\n2,b\n')]);
  const { rows, error } = await read(file, 7, 200);
  expect(error).toBeNull();
  expect(rows.map(({ refused }) => refused?.reason ?? null)).toEqual([null, reason, null]);
  expect(rows[1]?.refused?.message).toContain(message);
  expect(rows[1]?.offset).toBe(4);
  expect(rows[2]?.cells).toEqual(['2', 'b']);
});

test('refuses a row above the maximum number of cells, and keeps no cell of it', async () => {
  const { rows } = await read(`${','.repeat(maxCells)}\n1,2`, 65_536);
  expect(rows.map(({ cells, refused }) => [cells.length, refused?.reason])).toEqual([
    [0, 'TOO_LARGE'],
    [2, undefined],
  ]);
});

test('reports an unclosed quote with the position of its row, after all rows before it', async () => {
  const got = await read(`0,a\n1,"b\n${'2,c\n'.repeat(100)}`, 5, 100);
  expect(cellsOf(got)).toEqual([['0', 'a']]);
  expect(got.error).toContain('ends in a quoted cell of the row that begins at byte 4');
});

test('reports that a row with an open quote may contain the rows after it', async () => {
  const { rows } = await read('1,"a\n2,b\n3,"c\n4,d');
  expect(rows.map(({ refused, blurs }) => [refused?.reason, blurs])).toEqual([
    ['MALFORMED', true],
    [undefined, false],
  ]);
});

test.each([
  ['UTF-16', Buffer.from('\ufeffID,name', 'utf16le'), 'got UTF-16'],
  ['gzip', Buffer.from([0x1f, 0x8b, 8, 0]), 'gzip'],
  ['nothing', Buffer.alloc(0), 'empty'],
])('refuses %s before it reads a row', async (_what, bytes, message) => {
  const { rows, error } = await read(bytes, 1);
  expect([rows, error]).toEqual([[], expect.stringContaining(message)]);
});
