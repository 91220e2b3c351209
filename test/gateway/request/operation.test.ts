import { expect, test } from '@jest/globals';
import { buildSchema, parse, print } from 'graphql';
import { coerceVariables, isChange, onlyOperation } from '../../../gateway/request/operation.ts';

const schema = buildSchema(`
  type Query { a(first: Int, filter: Filter): Int }
  type Mutation { change: Int }
  input Filter { name: String! tags: [String!] }`);

const two = `query One { ...F } mutation Two { change } fragment F on Query { a } fragment G on Query { b: a }`;

function only(document: string, name: string | null = null): string {
  return print(onlyOperation(parse(document), name, schema))
    .replaceAll(/\s+/g, ' ')
    .trim();
}

test('keeps the selected operation and the fragments that it uses', () => {
  expect(only(two, 'One')).toBe('query One { ...F } fragment F on Query { a }');
  expect(only(two, 'Two')).toBe('mutation Two { change }');
});

test('returns a document with one operation unchanged', () => {
  const document = parse('{ a }');
  expect(onlyOperation(document, null, schema)).toBe(document);
});

test.each([
  ['no operation has the name', two, 'Three'],
  ['the name is missing although there are several operations', two, null],
  ['the name is that of an inherited property', '{ a }', 'toString'],
  ['the document has no operation', 'fragment F on Query { a }', null],
])('throws OPERATION_RESOLUTION_FAILURE if %s', (_case, document, name) => {
  expect(() => onlyOperation(parse(document), name, schema)).toThrow(
    expect.objectContaining({ code: 'OPERATION_RESOLUTION_FAILURE' }),
  );
});

test('throws GRAPHQL_VALIDATION_FAILED if the schema has no such root type', () => {
  expect(() => onlyOperation(parse('subscription { a }'), null, schema)).toThrow(
    expect.objectContaining({ code: 'GRAPHQL_VALIDATION_FAILED' }),
  );
});

test('recognises a mutation', () => {
  expect(isChange(parse('mutation { change }'))).toBe(true);
  expect(isChange(parse('{ a }'))).toBe(false);
  expect(isChange(parse('fragment F on Query { a }'))).toBe(false);
});

test('coerces variables: defaults, single values as lists, omitted values', () => {
  const document = parse(
    'query ($n: Int = 5, $f: Filter, $m: Int) { a(first: $n, filter: $f) b: a(first: $m) }',
  );
  expect(coerceVariables(document, {}, schema)).toEqual({ n: 5 });
  const given = { n: null, f: { name: 'x', tags: 't' }, other: 1 };
  expect(coerceVariables(document, given, schema)).toEqual({ n: null, f: { name: 'x', tags: ['t'] } });
});

test.each([
  ['a value of another type', { n: '5' }],
  ['a missing required member', { n: 1, f: {} }],
  ['an unknown member', { n: 1, f: { name: 'x', serial: 'y' } }],
  ['a missing required variable', {}],
])('throws BAD_USER_INPUT for %s', (_case, variables) => {
  const document = parse('query ($n: Int!, $f: Filter) { a(first: $n, filter: $f) }');
  expect(() => coerceVariables(document, variables, schema)).toThrow(
    expect.objectContaining({ code: 'BAD_USER_INPUT' }),
  );
});

test('gives the same error for a type that the schema does not have as for any other fault', () => {
  const document = parse('query ($f: Hidden) { a(filter: $f) }');
  expect(() => coerceVariables(document, { f: {} }, schema)).toThrow(
    expect.objectContaining({ code: 'BAD_USER_INPUT' }),
  );
});
