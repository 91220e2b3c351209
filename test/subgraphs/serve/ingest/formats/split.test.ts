import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Locate } from '../../../../../subgraphs/serve/ingest/sources/source.ts';
import {
  maxValues,
  type Slice,
  SplitError,
  splitRecords,
} from '../../../../../subgraphs/serve/ingest/formats/split.ts';

type Outcome = { readonly slices: readonly Slice[]; readonly error: SplitError | null };

const array: Locate = { at: 'array' };
const member: Locate = { at: 'member', name: 'Event' };
const memberOrWhole: Locate = { at: 'member', name: 'Event', orWhole: true };
const whole: Locate = { at: 'whole' };

async function* inChunks(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function split(
  file: string | Buffer,
  locate: Locate,
  sizes: readonly number[] = [1],
  limit = 1_000_000,
): Promise<Outcome> {
  const slices: Slice[] = [];
  try {
    const bytes = typeof file === 'string' ? Buffer.from(file) : file;
    for await (const slice of splitRecords(inChunks(bytes, sizes), locate, limit)) slices.push(slice);
    return { slices, error: null };
  } catch (error) {
    if (!(error instanceof SplitError)) throw error;
    return { slices, error };
  }
}

function texts({ slices }: Outcome): readonly (string | undefined)[] {
  return slices.map((slice) => slice.bytes?.toString());
}

const value = fc.jsonValue({ maxDepth: 4 });
const awkward = fc.constantFrom<unknown>(
  'a "quote" and a \\',
  '\\',
  '\\"',
  '][}{,:',
  'ünï¢ödé 😀 �',
  { '"Event"': ['}'] },
  { Event: ['nested'] },
  [[[]], {}],
  'Event',
);
const record = fc.oneof({ weight: 3, arbitrary: value }, awkward);
const indent = fc.constantFrom(undefined, 1, '\t', '\r\n  ');
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
/** Members next to the records. None has the name of the records, but decoys of it are nested and in strings. */
const beside = fc.array(
  fc.tuple(
    fc.string().filter((key) => key !== 'Event' && key !== '__proto__'),
    record,
  ),
  { maxLength: 4 },
);

type Case = { readonly text: string; readonly records: readonly unknown[]; readonly locate: Locate };

const inArray = fc
  .record({
    records: fc.array(record, { maxLength: 8 }),
    space: indent,
    locate: fc.constantFrom(array, member, memberOrWhole),
  })
  .map(({ records, space, locate }): Case => ({
    text: JSON.stringify(records, null, space),
    records,
    locate,
  }));
const inMember = fc
  .record({
    records: fc.array(record, { maxLength: 8 }),
    before: beside,
    after: beside,
    space: indent,
    locate: fc.constantFrom(member, memberOrWhole),
  })
  .map(({ records, before, after, space, locate }): Case => {
    const members = [...before, ['Event', records] as const, ...after];
    const text = members.map(
      ([key, inner]) => `${JSON.stringify(key)}:${JSON.stringify(inner, null, space)}`,
    );
    return { text: `{${text.join(space === undefined ? ',' : ' ,\n')}}`, records, locate };
  });
const asWhole = fc
  .record({ members: beside, space: indent, locate: fc.constantFrom(whole, memberOrWhole) })
  .map(({ members, space, locate }): Case => {
    const one = { ...Object.fromEntries(members), other: 1 };
    return { text: JSON.stringify(one, null, space), records: [one], locate };
  });

const mark = fc.constantFrom('', '\ufeff', ' \r\n\t', '\ufeff\n');

test('returns the records of every form of file with their positions, for any chunks', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(inArray, inMember, asWhole), mark, sizes, async (file, begin, chunks) => {
      const bytes = Buffer.from(`${begin}${file.text}\n`);
      const { slices, error } = await split(bytes, file.locate, chunks);
      expect(error).toBeNull();
      const plain = JSON.parse(JSON.stringify(file.records)) as unknown;
      expect(slices.map((slice) => JSON.parse(String(slice.bytes)) as unknown)).toEqual(plain);
      expect(slices.map((slice) => slice.index)).toEqual(slices.map((_, at) => at));
      for (const slice of slices) {
        const length = slice.bytes?.length ?? 0;
        expect(bytes.subarray(slice.offset, slice.offset + length).equals(slice.bytes ?? bytes)).toBe(true);
        expect(String(slice.bytes)).toMatch(/^\S/);
      }
    }),
    { numRuns: 600 },
  );
});

test.each([array, member, memberOrWhole])('an empty list holds no record: %j', async (locate) => {
  expect(await split('[]', locate)).toEqual({ slices: [], error: null });
});

test('finds the member under a key that is written with escapes, and whatever stands before it', async () => {
  const text = String.raw`{"a":"Event","b":["Event"],"c":{"Event":[1]},"d":[[{"Event":[2]}]],"\u0045vent":[3],"e":4}`;
  expect(texts(await split(text, member))).toEqual(['3']);
});

test('finds the member behind another one that is larger than a record may be', async () => {
  const text = JSON.stringify({ first: 'x'.repeat(5000), Event: [{ id: 1 }] });
  expect(texts(await split(text, memberOrWhole, [7], 100))).toEqual(['{"id":1}']);
});

test('loses no record where the member stands twice', async () => {
  expect(texts(await split('{"Event":[1,2],"Event":[3]}', member))).toEqual(['1', '2', '3']);
});

test('takes the whole object as the record if the member is not an array and that is allowed', async () => {
  expect(texts(await split('{"Event":{"id":1}}', memberOrWhole))).toEqual(['{"Event":{"id":1}}']);
  expect((await split('{"Event":{"id":1}}', member)).error?.message).toBe(
    'expected an object with an array "Event"',
  );
});

test('returns the records around a broken one', async () => {
  const broken = String.raw`[{"id":1},{"id":},{"a" "b"},{id:2},nonsense,{"x":"\q"},{"y":01},{"id":3}]`;
  expect(texts(await split(broken, array, [3]))).toEqual([
    '{"id":1}',
    '{"id":}',
    '{"a" "b"}',
    '{id:2}',
    'nonsense',
    String.raw`{"x":"\q"}`,
    '{"y":01}',
    '{"id":3}',
  ]);
});

test('stops at an unmatched bracket and names the record', async () => {
  const outcome = await split('[{"id":1},{"a":[1},{"id":2}]', array, [4]);
  expect(texts(outcome)).toEqual(['{"id":1}']);
  expect(outcome.error?.message).toBe('unmatched bracket at byte 17 in record 1, which begins at byte 10');
});

test('stops at content after the last bracket', async () => {
  const outcome = await split('{"Event":[1]}\n{"Event":[2]}', member);
  expect(texts(outcome)).toEqual(['1']);
  expect(outcome.error?.message).toBe(
    'expected the end of the file after the last bracket, got more at byte 14',
  );
});

test('returns the complete records of every prefix of a file, and reports where it ends', async () => {
  const files: readonly (readonly [string, Locate])[] = [
    ['[{"a":"x\\"]"},[1,"ü"],{"b":{}}]', array],
    ['{"n":{"Event":[1]},"Event":[{"a":"}"},{"b":[2]}],"z":"\\\\"}', member],
    ['{"Event":[{"a":1}],"z":1}', memberOrWhole],
    ['{"id":"a","Event":{"b":[1]}}', memberOrWhole],
    ['{"id":"a","b":[1]}', whole],
  ];
  for (const [text, locate] of files) {
    const bytes = Buffer.from(text);
    const all = await split(bytes, locate);
    expect(all.error).toBeNull();
    for (let length = 0; length < bytes.length; length += 1) {
      const { slices, error } = await split(bytes.subarray(0, length), locate, [5]);
      const isWhole = slices.length === 1 && slices[0]?.bytes?.length === bytes.length;
      const ended = all.slices.filter((slice) => slice.offset + (slice.bytes?.length ?? 0) <= length);
      expect(isWhole ? [] : slices).toEqual(ended);
      expect(error?.message).toMatch(
        length === 0
          ? /^the file is empty$/
          : /^the file ends (inside record \d+, which begins )?at byte \d+/,
      );
    }
  }
});

test('reports where a truncated record began', async () => {
  expect((await split('[{"id":1}, {"id":', array)).error?.message).toBe(
    'the file ends inside record 1, which begins at byte 11',
  );
});

test('returns null for a record above the maximum size, and the others', async () => {
  const text = JSON.stringify([{ id: 1 }, { id: 'x'.repeat(200) }, { id: 3 }]);
  for (const chunk of [1, 7, 1000]) {
    const { slices, error } = await split(text, array, [chunk], 50);
    expect(error).toBeNull();
    expect(slices.map(({ offset, bytes }) => [offset, bytes?.toString()])).toEqual([
      [1, '{"id":1}'],
      [10, undefined],
      [220, '{"id":3}'],
    ]);
  }
  expect((await split(text.slice(10, 219), whole, [7], 50)).slices).toEqual([
    { index: 0, offset: 0, bytes: null },
  ]);
});

test('returns null for a record above the maximum number of values', async () => {
  const many = `[${'0,'.repeat(maxValues + 1)}0]`;
  for (const [file, locate] of [
    [`[{"id":1},${many},{"id":3}]`, array],
    [`{"Event":[{"id":1},${many},{"id":3}]}`, member],
  ] as const) {
    const { slices, error } = await split(file, locate, [100_000], 100_000_000);
    expect(error).toBeNull();
    expect(slices.map(({ bytes }) => bytes?.toString())).toEqual(['{"id":1}', undefined, '{"id":3}']);
  }
  const { slices } = await split(`{"a":${many}}`, memberOrWhole, [100_000], 100_000_000);
  expect(slices).toEqual([{ index: 0, offset: 0, bytes: null }]);
});

const utf16 = Buffer.from('[{"id":1}]', 'utf16le');
test.each<readonly [string, Buffer | string, Locate, RegExp]>([
  [
    'UTF-16 with a mark',
    Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]),
    array,
    /expected UTF-8, got UTF-16/,
  ],
  ['UTF-16 without one', utf16, array, /expected UTF-8, got UTF-16/],
  ['UTF-16, big end first', Buffer.from(utf16).swap16(), array, /expected UTF-8, got UTF-16/],
  ['gzip', gzipSync('[{"id":1}]'), array, /got gzip: unpack the file first/],
  ['nothing', '', array, /the file is empty/],
  ['spaces', ' \n\t', whole, /the file is empty/],
  ['a mark of UTF-8 alone', '\ufeff', whole, /the file is empty/],
  ['XML', '<?xml version="1.0"?>', whole, /expected a JSON object or array/],
  ['CSV', 'id,name\n1,a\n', array, /expected a JSON object or array/],
  ['a text', '"id"', whole, /expected a JSON object or array/],
  ['an object for an array', '{"id":1}', array, /expected an array of records, got an object/],
  ['an object without the member', '{"id":1}', member, /expected an object with an array "Event"/],
])('refuses %s', async (_name, file, locate, words) => {
  for (const chunk of [1, 2, 1000]) {
    const { slices, error } = await split(file, locate, [chunk]);
    expect(slices).toEqual([]);
    expect(error?.message).toMatch(words);
  }
});

test('scans brackets deeper than the tracked depth', async () => {
  const deep = `[${'['.repeat(5000)}${']'.repeat(5000)},{"id":1}]`;
  expect(texts(await split(deep, array, [1000]))[1]).toBe('{"id":1}');
});
