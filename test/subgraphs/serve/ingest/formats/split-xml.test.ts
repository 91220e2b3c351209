import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { maxValues, type Slice, SplitError } from '../../../../../subgraphs/serve/ingest/formats/split.ts';
import { readOutside, splitElements } from '../../../../../subgraphs/serve/ingest/formats/split-xml.ts';

type Outcome = { readonly slices: readonly Slice[]; readonly error: SplitError | null };

async function* inChunks(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function split(
  file: string | Buffer,
  sizes: readonly number[] = [1],
  limit = 1_000_000,
): Promise<Outcome> {
  const slices: Slice[] = [];
  try {
    for await (const slice of splitElements(inChunks(Buffer.from(file), sizes), 'one', limit)) {
      slices.push(slice);
    }
    return { slices, error: null };
  } catch (error) {
    if (!(error instanceof SplitError)) throw error;
    return { slices, error };
  }
}

function texts({ slices }: Outcome): readonly (string | undefined)[] {
  return slices.map((slice) => slice.bytes?.toString());
}

const awkward = fc.constantFrom(
  '<one/>',
  '<one a="1" />',
  '<x:one xmlns:x="urn:exercise">words</x:one>',
  '<one a=">" b=\'"/>\' >ünï¢ödé 😀</one>',
  '<one><!-- </one> <one> --></one>',
  '<one><![CDATA[</one>]]]]><![CDATA[>]]></one>',
  '<one><?and </one> ?></one >',
  '<one><ones/><o><n/></o></one>',
  '<one>&lt;/one&gt;</one\n>',
);
const between = fc.constantFrom('', '\n  ', '<!-- <one> -->', '<other a="<!--"/>', '<?x <one/> ?>', 'words');
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
const prolog = fc.constantFrom(
  '',
  '\ufeff',
  '<?xml version="1.0"?>',
  "\ufeff<?xml version='1.0' encoding='UTF-8'?>\n",
);

test('returns each element complete and with its position, for any chunks', async () => {
  const parts = fc.array(fc.tuple(between, awkward), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(prolog, parts, sizes, async (head, list, chunks) => {
      // `<` in a value is no XML: what stands between is never read but for where it ends.
      const text = `${head}<all>${list.map(([gap, one]) => `${gap.replace('"<!--"', '"x"')}${one}`).join('')}</all>\n`;
      const outcome = await split(text, chunks);
      expect(outcome.error).toBeNull();
      expect(texts(outcome)).toEqual(list.map(([, one]) => one));
      const bytes = Buffer.from(text);
      for (const { offset, bytes: own } of outcome.slices) {
        expect(bytes.subarray(offset, offset + (own?.length ?? 0)).equals(own ?? bytes)).toBe(true);
      }
      const outside = await readOutside(inChunks(bytes, chunks), 'one');
      expect(outside.toString().replaceAll(/\s/g, '')).toBe(
        `${head}<all>${list.map(([gap]) => gap.replace('"<!--"', '"x"')).join('')}</all>`.replaceAll(
          /\s/g,
          '',
        ),
      );
    }),
  );
});

test.each([
  ['a tag that is never closed', '<one><a b="1"</one>', '<one><a b="1"</one>'],
  ['a quote that is never closed', '<one><a b="1></one>', '<one><a b="1></one>'],
  ['an end tag that is missing', '<one><a></a>', '<one><a></a>'],
  ['tags that do not match', '<one></b></c></one>', '<one></b></c></one>'],
  ['a declaration within', '<one><!ENTITY x "y"></one>', '<one><!ENTITY x "y"></one>'],
])('refuses only the record with %s', async (_what, broken, slice) => {
  const outcome = await split(`<all><one>1</one>${broken}<one>3</one></all>`);
  expect(outcome.error).toBeNull();
  expect(texts(outcome)).toEqual(['<one>1</one>', slice, '<one>3</one>']);
});

test.each([
  ['a DTD', '<!DOCTYPE all [<!ENTITY a "b">]><all><one/></all>', /a document type declaration/],
  ['a DTD behind a declaration', '<?xml version="1.0"?>\n<!DOCTYPE all SYSTEM "x"><all><one/></all>', /DTD/],
  ['UTF-16', Buffer.from('\ufeff<all><one/></all>', 'utf16le'), /got UTF-16/],
  ['gzip', gzipSync('<all><one/></all>'), /got gzip/],
  ['another encoding', '<?xml version="1.0" encoding="ISO-8859-1"?><all><one/></all>', /expected UTF-8/],
  ['another version', '<?xml version="1.1"?><all><one/></all>', /expected XML 1.0/],
  ['JSON', '{"all": ["<one/>"]}', /got another form at byte 0/],
  ['nothing', '', /the file is empty/],
  ['none of the elements', '<all><other/></all>', /expected XML with elements "one"/],
  ['a record as the root', '<one/>', /got another form at byte 0/],
  ['a closing tag before any', '</all><all><one/></all>', /got another form at byte 5/],
  ['the end of no record', '<all></one><one/></all>', /got another form at byte 10/],
  ['a closing tag too many', '<all></all></all>', /got another form/],
])('rejects the whole XML file and says why: %s', async (_what, file, message) => {
  const outcome = await split(file);
  expect(outcome.slices).toEqual([]);
  expect(outcome.error?.message).toMatch(message);
});

test.each([
  ['in a record', '<all><one>1</one><one>2', /ends inside record 1, which begins at byte 17/],
  ['in a comment', '<all><one>1</one><!-- ', /ends at byte 22 before its last tag/],
  ['before its last tag', '<all><one>1</one>', /ends at byte 17 before its last tag/],
  ['in a tag', '<all><one>1</one></al', /ends at byte 21 before its last tag/],
  ['with more behind it', '<all><one>1</one></all><all><one/></all>', /got another form at byte 23/],
  ['with words behind it', '<all><one>1</one></all> more', /got another form at byte 24/],
])(
  'returns the records before the end of a file that ends %s, and reports the fault',
  async (_what, file, message) => {
    const outcome = await split(file);
    expect(texts(outcome)).toEqual(['<one>1</one>']);
    expect(outcome.error?.message).toMatch(message);
  },
);

test('drops a record above the limits and returns the next one', async () => {
  const large = `<one>${'x'.repeat(500)}</one>`;
  const outcome = await split(`<all>${large}<one>2</one></all>`, [64], 100);
  expect(texts(outcome)).toEqual([undefined, '<one>2</one>']);
  const many = `<one>${'<a/>'.repeat(maxValues)}</one>`;
  expect(texts(await split(`<all>${many}<one>2</one></all>`, [65_536], 1e9))).toEqual([
    undefined,
    '<one>2</one>',
  ]);
});

test('limits the content outside the records, with adjacent spaces counted once', async () => {
  const spaces = ' '.repeat(3_000_000);
  expect((await split(`<all>${spaces}<one/>${spaces}</all>`, [65_536])).error).toBeNull();
  const words = await split(`<all>${'words '.repeat(500_000)}<one/></all>`, [65_536]);
  expect(words.slices).toEqual([]);
  expect(words.error?.message).toMatch(/at most 2097152 bytes outside the records/);
});
