import { expect, test } from '@jest/globals';
import { buildSchema, type GraphQLSchema, OverlappingFieldsCanBeMergedRule, parse, validate } from 'graphql';
import { readFileSync } from 'node:fs';
import { createValidate } from '../../../gateway/request/validate.ts';
import { errorTable } from '../../../schema/errors.ts';

const whole = buildSchema(readFileSync('schema/published.graphql', 'utf8'));
const small = buildSchema('type Query { advisory: Advisory } type Advisory { id: ID serials: [String] }');
const large = buildSchema(
  'type Query { advisory: Advisory } type Advisory { id: ID serial: Int serials: [String] }',
);

function check(document: string, schema: GraphQLSchema = whole, ofKind: GraphQLSchema = schema) {
  const parsed = parse(document);
  return createValidate(schema)({ key: document, document: parsed, operation: parsed }, ofKind);
}

function messagesOf(document: string, schema: GraphQLSchema, ofKind?: GraphQLSchema) {
  return check(document, schema, ofKind).map(({ message }) => message);
}

test('takes the messages from the schema of the kind of reader', () => {
  expect(messagesOf('{ advisory { seral } }', large, small)).toEqual([
    'Cannot query field "seral" on type "Advisory". Did you mean "serials"?',
  ]);
  expect(messagesOf('{ advisory { serial { a } } }', large, small)).toEqual([
    'Cannot query field "serial" on type "Advisory". Did you mean "serials"?',
  ]);
  expect(messagesOf('{ advisory { serial } }', large, small)).toEqual([]);
});

test('gives a constant if only the published schema finds the document invalid', () => {
  const wider = buildSchema('type Query { advisory: Advisory } type Advisory { id: ID other: ID }');
  expect(messagesOf('{ advisory { other } }', large, wider)).toEqual([
    errorTable.GRAPHQL_VALIDATION_FAILED.message,
  ]);
});

test('answers each error with status, code and locations', () => {
  const [error] = check('{ advisories { nodes { nothing } } }');
  expect([error?.locations, error?.extensions]).toEqual([
    [{ line: 1, column: 24 }],
    { code: 'GRAPHQL_VALIDATION_FAILED', http: { status: 400 } },
  ]);
  expect(check(`{ ${Array.from({ length: 500 }, (_, n) => `x${n}`).join(' ')} }`).length).toBeLessThan(25);
});

test.each([
  ['{ a: advisories(first: 1) { nodes { id } } a: advisories(first: 2) { nodes { id } } }', false],
  ['{ a: advisories(first: 1) { nodes { id } } a: mispEvents(first: 1) { nodes { id } } }', false],
  ['{ a: advisories { nodes { x: id } } a: advisories { nodes { x: serial } } }', false],
  [
    '{ a: advisories { nodes { ...F } } ...G } fragment F on Advisory { x: id } fragment G on Query { a: advisories { nodes { x: serial } } }',
    false,
  ],
  ['{ advisories { ... { nodes { x: id } } ... { nodes { x: serial } } } }', false],
  [
    'query ($n: Int) { a: advisories(first: $n) { nodes { id } } a: advisories(first: 1) { nodes { id } } }',
    false,
  ],
  ['{ a: advisories(first: 1) { nodes { id } } a: advisories(first: 1) { nodes { serial id } } }', true],
  [
    '{ advisories(first: 1, after: "x") { nodes { id } } advisories(after: "x", first: 1) { nodes { serial } } }',
    true,
  ],
  [
    '{ ...F ...F } fragment F on Query { advisories { nodes { id ...G } } } fragment G on Advisory { id serial }',
    true,
  ],
  ['{ node(id: "1") { id ... on Advisory { x: serial } ... on MispEvent { x: uuid } } }', true],
  ['{ node(id: "1") { ... on Advisory { x: id } ...F } } fragment F on Advisory { x: serial }', false],
  ['{ node(id: "1") { x: id ... on Advisory { x: serial } } }', false],
  ['{ node(id: "1") { ... on Node { x: id ... on Advisory { ... { x: serial } } } } }', false],
  ['{ nodes(ids: ["1"]) { ... on Advisory { ... on Node { x: id } x: serial } } }', false],
  [
    '{ node(id: "1") { ... on Advisory { vulnerabilities { x: advisories(first: 1) { nodes { id } } } } ... on MispEvent { vulnerabilities { x: advisories(first: 2) { nodes { id } } } } } }',
    true,
  ],
  [
    '{ node(id: "1") { ... on Advisory { vulnerabilities { x: id } } ... on Advisory { vulnerabilities { x: name } } } }',
    false,
  ],
  ['query ($a: ID!) { node(id: $a) { id } node(id: "1") { id } }', false],
  ['{ node(id: "1") { id } node(id: "1") { ... on Advisory { serial } } }', true],
])('finds conflicting fields as graphql-js does: %s', (document, isValid) => {
  const found = validate(whole, parse(document), [OverlappingFieldsCanBeMergedRule]);
  expect([found.length === 0, check(document).length === 0]).toEqual([isValid, isValid]);
});

test('reports unused variables and fragments, and undefined ones', () => {
  const twice = '{ __typename ...F } fragment F on Query { __typename }';
  expect(check(twice)).toEqual([]);
  expect(check('query ($v: String) { __typename }')[0]?.message).toContain('"$v" is never used');
  expect(check('{ advisories(first: $n) { nodes { id } } }')[0]?.message).toContain('"$n" is not defined');
  expect(check('{ __typename } fragment F on Query { __typename }')[0]?.message).toContain(
    '"F" is never used',
  );
});

test('compares the fields of an invalid document on Node once for each type', () => {
  const types = ['Advisory', 'MispEvent', 'Operation', 'Response', 'Sighting', 'Vulnerability'];
  const level = (below: string) =>
    `n: node(id: "1") { ${below} ${types.map((type) => `... on ${type} { n: node(id: "1") { id } }`).join(' ')} }`;
  const document = `{ ${Array.from({ length: 8 }).reduce<string>(level, 'id')} }`;
  const began = process.cpuUsage();
  expect(check(document)).not.toEqual([]);
  expect(process.cpuUsage(began).user).toBeLessThan(5_000_000);
});

test('validates a large document of equal fields in a time that is linear in its size', () => {
  const document = `{ ${'advisories { nodes { id } } '.repeat(600)} }`;
  const began = process.cpuUsage();
  expect(check(document)).toEqual([]);
  expect(process.cpuUsage(began).user).toBeLessThan(5_000_000);
});
