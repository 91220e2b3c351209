import { expect, test } from '@jest/globals';
import { buildSchema, execute, parse, validate } from 'graphql';
import { fieldsOf } from '../../../gateway/audit/fields.ts';
import { compileWriter } from '../../../gateway/shape/writer.ts';
import { stringifyResult, WrittenData } from '../../../gateway/shape/written-data.ts';
import { generate } from '../plan/suite/generate.ts';

const schema = buildSchema(`
  enum Colour { RED GREEN }
  scalar Json
  type Query { one: Box many: [Box] lists: [[Box!]] strict: Strict text: String json: Json }
  type Box { id: ID! name: String colour: Colour count: Int share: Float isOpen: Boolean names: [String] inner: Box }
  type Strict { must: String! boxes: [Box!]! }`);

/** Data with nulls, empty lists and false values in many places. */
const box = {
  id: '1',
  name: '',
  colour: 'RED',
  count: 0,
  share: 0.5,
  isOpen: false,
  names: [null],
  inner: null,
};
const data = {
  one: { ...box, inner: { ...box, name: null, names: [] } },
  many: [box, null, { ...box, id: '2', colour: null }],
  lists: [[box], [], null],
  strict: { must: 'x', boxes: [box] },
  text: 'quote " and \u2028 line',
  json: { any: [1, null] },
};

function write(query: string, value: Readonly<Record<string, unknown>>, variables = {}) {
  return compileWriter(parse(query), schema)(value, variables);
}

test('writes what graphql-js would answer, to random operations', () => {
  for (let seed = 0; seed < 500; seed += 1) {
    const { query, variables } = generate(schema, seed);
    expect(validate(schema, parse(query))).toEqual([]);
    const wanted = execute({
      schema,
      document: parse(query),
      rootValue: data,
      variableValues: variables,
      fieldResolver: (source, _args, _context, { fieldName }) =>
        (source as Record<string, unknown>)[fieldName],
    });
    const raw = execute({ schema, document: parse(query), rootValue: data, variableValues: variables });
    const { text } = write(query, JSON.parse(JSON.stringify(raw)).data, variables);
    expect([query, text]).toEqual([query, JSON.stringify((wanted as { data: unknown }).data)]);
  }
});

test('notes the coordinates that were given as the walk over the data finds them', () => {
  for (let seed = 0; seed < 500; seed += 1) {
    const { query, variables } = generate(schema, seed);
    const raw = execute({ schema, document: parse(query), rootValue: data, variableValues: variables });
    const answered = JSON.parse(JSON.stringify(raw)).data;
    const { given } = write(query, answered, variables);
    const walked = fieldsOf(parse(query), variables, answered, schema);
    expect([query, [...given].toSorted()]).toEqual([query, walked.given.toSorted()]);
  }
});

test.each([
  ['a text for a number', '{ one { count } }', { one: { count: '7' } }, '{"one":{"count":null}}'],
  ['a number for a text', '{ one { name } }', { one: { name: 7 } }, '{"one":{"name":null}}'],
  ['a number above 32 bits', '{ one { count } }', { one: { count: 2 ** 31 } }, '{"one":{"count":null}}'],
  ['an unknown enum value', '{ one { colour } }', { one: { colour: 'BLUE' } }, '{"one":{"colour":null}}'],
  ['a list for an object', '{ one { name } }', { one: [] }, '{"one":null}'],
  ['an object for a list', '{ many { name } }', { many: {} }, '{"many":null}'],
  ['a value of Object.prototype', '{ toString: text }', {}, '{"toString":null}'],
])('writes null in place of %s', (_what, query, value, wanted) => {
  expect(write(query, value).text).toBe(wanted);
});

test('puts null at the next value that may be null, and states the path of the missing one', () => {
  const strict = { strict: { must: 'x', boxes: [box, { name: 'without an id' }] } };
  const { text, missing } = write('{ a: strict { must boxes { id } } text }', {
    a: strict.strict,
    text: 't',
  });
  expect(text).toBe('{"a":null,"text":"t"}');
  expect(missing).toEqual([{ field: 'Box.id', path: ['a', 'boxes', 1, 'id'] }]);
});

test('prints a result with written data as JSON.stringify prints it with the data', () => {
  const extensions = { picture: 'real' };
  const [text, value] = ['{"text":"x"}', { text: 'x' }];
  const plain = { errors: [{ message: 'm' }], data: value, extensions };
  const written = { errors: [{ message: 'm' }], data: new WrittenData(text), extensions };
  expect(stringifyResult(written)).toBe(JSON.stringify(plain));
  expect(JSON.stringify(written)).toBe(JSON.stringify(plain));
  const without = { errors: undefined, data: new WrittenData(text), extensions };
  expect(stringifyResult(without)).toBe(JSON.stringify(without));
  expect(stringifyResult(plain)).toBe(JSON.stringify(plain));
});
