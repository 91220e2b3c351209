import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { fieldNames } from '../../../../../subgraphs/serve/ingest/formats/field-names.ts';
import { checkShape } from '../../../../../subgraphs/serve/ingest/formats/check-shape.ts';
import { maxDepth, parseRecord } from '../../../../../subgraphs/serve/ingest/formats/parse-record.ts';
import { RejectError } from '../../../../../subgraphs/serve/record/reject.ts';

/** The reason and the words of the refusal; a failure of another kind is thrown on. */
function refusalOf(work: () => unknown): { readonly reason: string; readonly message: string } | null {
  try {
    work();
    return null;
  } catch (error) {
    if (!(error instanceof RejectError)) throw error;
    return { reason: error.reason, message: error.message };
  }
}

const parse = (text: string | Buffer) => parseRecord(Buffer.from(text as string));
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

test('parses every valid record as JSON.parse does', () => {
  const record = fc.dictionary(
    fc.string({ maxLength: 20 }).filter((key) => !/^\$|^__proto__$|\0/.test(key)),
    fc.oneof(fc.string({ unit: 'grapheme' }), fc.double({ noNaN: true }), fc.boolean(), fc.constant(null)),
  );
  fc.assert(
    fc.property(record, (value) => {
      const text = JSON.stringify(value);
      expect(parse(text)).toEqual(JSON.parse(text));
    }),
  );
  expect(parse(`\ufeff${nested(maxDepth)}`)).toEqual(JSON.parse(nested(maxDepth)));
});

test.each<readonly [string, string | Buffer, string]>([
  ['an operator as key', '{"a":[{"$where":"1"}]}', 'UNSAFE_KEY'],
  ['an operator that is escaped', String.raw`{"\u0024where":"1"}`, 'UNSAFE_KEY'],
  ['a prototype as key', '{"a":{"__proto__":{"admin":true}}}', 'UNSAFE_KEY'],
  ['a NUL in a key', String.raw`{"a\u0000b":1}`, 'UNSAFE_KEY'],
  ['one level too many', nested(maxDepth + 1), 'TOO_DEEP'],
  ['lists without end', `${'['.repeat(300_000)}${']'.repeat(300_000)}`, 'TOO_DEEP'],
  ['10 million characters', JSON.stringify({ a: 'x'.repeat(10_000_000) }), 'TOO_LONG'],
  ['10 million characters in lines', JSON.stringify({ a: 'x\n'.repeat(5_000_000) }), 'TOO_LONG'],
  ['10 million characters as key', JSON.stringify({ ['x'.repeat(10_000_000)]: 1 }), 'TOO_LONG'],
  ['10 million characters that no JSON holds', `{"a":"${'x\\\\'.repeat(3_000_000)}`, 'MALFORMED'],
  ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d]), 'WRONG_ENCODING'],
  ['half a character at the end', Buffer.from('"ü"').subarray(0, 2), 'WRONG_ENCODING'],
  ['a surrogate written in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'WRONG_ENCODING'],
  ['no JSON', '{"a":1,}', 'MALFORMED'],
  ['nothing', '', 'MALFORMED'],
])('refuses %s', (_what, text, reason) => {
  const started = performance.now();
  expect(refusalOf(() => parse(text))?.reason).toBe(reason);
  expect(performance.now() - started).toBeLessThan(30_000);
});

test('accepts keys that every object has', () => {
  const record = parse('{"constructor":{"prototype":{"polluted":true}},"toString":"a"}');
  expect(Object.hasOwn(record as object, 'toString')).toBe(true);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

/** Shapes whose refusals tempt zod to quote what it got. */
const shapes: Readonly<Record<string, z.ZodType>> = {
  fields: z.object({ a: z.number(), b: z.array(z.object({ c: z.boolean() })) }),
  strict: z.strictObject({ a: z.string() }),
  choice: z.object({ a: z.enum(['x', 'y']), b: z.literal('z') }),
  pattern: z.object({
    a: z.string().regex(/^never$/),
    b: z.email(),
    c: z.uuid(),
    d: z.url(),
    e: z.iso.date(),
  }),
  bounds: z.object({ a: z.string().max(3), b: z.string().min(1000), c: z.string().startsWith('no') }),
  union: z.object({ a: z.union([z.number(), z.object({ b: z.literal('z') })]) }),
  discriminated: z.discriminatedUnion('a', [
    z.object({ a: z.literal('x') }),
    z.object({ a: z.literal('y'), b: z.number() }),
  ]),
  record: z.object({ a: z.record(z.string(), z.number()) }),
  keys: z.record(z.string().regex(/^never$/), z.unknown()),
  open: z.object({}).catchall(z.number()),
  tuple: z.object({ a: z.tuple([z.number(), z.boolean()]) }),
  words: z.object({
    a: z.unknown().refine(() => false, { error: ({ input }) => `not ${JSON.stringify(input)}` }),
  }),
  issues: z.object({
    a: z.unknown().superRefine((input, context) => {
      const said = JSON.stringify(input);
      context.addIssue({ code: 'custom', message: said, path: [said], expected: said, params: { said } });
    }),
  }),
  throwing: z.object({
    a: z.unknown().transform((input) => {
      throw new TypeError(`cannot read ${JSON.stringify(input)}`);
    }),
  }),
};

const marker = 'Jane-Doe_42';
const marked = fc.letrec<{ value: unknown; object: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>(marker, `${marker}@example.org`, 7, null, true),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc.dictionary(fc.constantFrom('a', 'b', 'c', marker, `${marker} and more`), tie('value'), {
    maxKeys: 4,
  }),
}));

test.each(Object.entries(shapes))('names no value and no key of a refused record: %s', (_name, shape) => {
  let refused = 0;
  fc.assert(
    fc.property(marked.object, (record) => {
      const refusal = refusalOf(() => checkShape(record, { shape }));
      if (refusal === null) return;
      refused += 1;
      expect(refusal.reason).toMatch(/^(WRONG_SHAPE|UNMAPPABLE)$/);
      expect(refusal.message).not.toMatch(/Jane|Doe|42|example/);
    }),
    { numRuns: 200 },
  );
  expect(refused).toBeGreaterThan(10);
});

test('quotes no text of a record that cannot be parsed', () => {
  const texts = [
    `{"a": ${marker}}`,
    `{"a": "${marker}`,
    `{"$${marker}": 1}`,
    `"${marker}`,
    `{"${marker}\\u0000":1}`,
  ];
  for (const text of texts) {
    expect(refusalOf(() => parse(text))?.message).not.toMatch(/Jane|Doe/);
  }
  const broken = Buffer.concat([Buffer.from(`"${marker}`), Buffer.from([0xff])]);
  expect(refusalOf(() => parse(broken))?.message).toBe('expected UTF-8 text, got other bytes');
});

test('names the first three faulty paths and their expected types', () => {
  const shape = z.object({
    a: z.number(),
    list: z.array(z.object({ name: z.string() })),
    of: z.record(z.string(), z.number()),
  });
  const record = { a: 'x', list: [{ name: 'y' }, { name: null }], of: { Jane: 'z' } };
  expect(refusalOf(() => checkShape(record, { shape }))).toEqual({
    reason: 'WRONG_SHAPE',
    message:
      'a: expected number, got string; list.1.name: expected string, got null; of.?: expected number, got string',
  });
  expect(refusalOf(() => checkShape([], { shape }))?.message).toBe('record: expected object, got array');
});

test('lists the fields of zod shapes of every kind (object, array, union, record, optional)', () => {
  type Tree = { readonly leaf: string; readonly branches: readonly Tree[] };
  const tree: z.ZodType<Tree> = z.lazy(() => z.object({ leaf: z.string(), branches: z.array(tree) }));
  const shape = z
    .looseObject({ one: z.string().nullish(), two: z.union([z.object({ three: z.number() }), z.null()]) })
    .extend({
      four: z
        .record(z.string(), z.object({ five: tree }))
        .optional()
        .default({}),
    })
    .transform((value) => value);
  expect([...fieldNames(shape)].sort()).toEqual(['branches', 'five', 'four', 'leaf', 'one', 'three', 'two']);
});
