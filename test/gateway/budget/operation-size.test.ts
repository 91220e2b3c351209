import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { buildSchema, getNamedType, isObjectType, parse } from 'graphql';
import { limitOperation, measureOperation } from '../../../gateway/budget/operation-size.ts';

const tooLarge = expect.objectContaining({ code: 'OPERATION_TOO_LARGE' });

/** Nests lists four levels deep: each level multiplies the rows by 100. */
function nested(argument: string): string {
  return `a(${argument}) { nodes { b(${argument}) { nodes { c(${argument}) { nodes { id } } } } } }`;
}

test('does not offset other lists by a negative number of rows', () => {
  expect(() => limitOperation(parse(`{ ${nested('first: 100')} }`))).toThrow(tooLarge);
  const offset = `{ ${nested('first: 100')} x: a(first: -1000000000) { nodes { id } } }`;
  expect(() => limitOperation(parse(offset))).toThrow(tooLarge);
  const variable = `query ($n: Int) { ${nested('first: 100')} x: a(first: $n) { nodes { id } } }`;
  expect(() => limitOperation(parse(variable), { n: -1e9 })).toThrow(tooLarge);
});

test('counts an omitted variable as its default value', () => {
  const document = parse(`query ($n: Int = 100) { ${nested('first: $n')} }`);
  expect(() => limitOperation(document)).toThrow(tooLarge);
  expect(limitOperation(document, { n: 1 }).rows).toBe(3);
});

test('counts a list also if its rows are in a fragment or behind many fields', () => {
  const plain = measureOperation(parse('{ a { nodes { id } } }'));
  const named = measureOperation(parse('{ a { ...C } } fragment C on C { nodes { id } }'));
  const inline = measureOperation(parse('{ a { ... on C { ... { nodes { id } } } } }'));
  const others = Array.from({ length: 300 }, (_, n) => `t${n}: __typename`).join(' ');
  const behind = measureOperation(parse(`{ a { ${others} nodes { id } } }`));
  expect([plain.rows, named.rows, inline.rows, behind.rows]).toEqual([25, 25, 25, 25]);
});

test.each(['ids', 'values'])('counts each item of %s, also in a variable', (argument) => {
  expect(measureOperation(parse(`{ a(${argument}: ["1", "2", "3"]) { id } }`)).rows).toBe(3);
  const variable = parse(`query ($all: [String!]!) { a(${argument}: $all) { id } }`);
  expect(limitOperation(variable, { all: ['1', '2'] }).rows).toBe(2);
});

test('counts each id of nodes as a separate look-up, before anything is read', () => {
  const written = measureOperation(
    parse('{ a: x(id: "1") { id b(first: 5) { id } } b: x(id: "2") { id b(first: 5) { id } } }'),
  );
  const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id b(first: 5) { id } } }';
  const both = measureOperation(parse(query), { ids: ['1', '2'] });
  const { selections, fields, depth } = written;
  expect(both).toMatchObject({ selections, fields, depth, rows: written.rows + 2 });
  expect(measureOperation(parse('{ nodes(ids: ["1", "2"]) { id } }')).fields).toBe(2);
  expect(() => limitOperation(parse(query), { ids: Array.from({ length: 101 }, String) })).toThrow(tooLarge);
  // The connections of lists have a field of the same name.
  expect(measureOperation(parse('{ a { nodes { id } } }')).fields).toBe(1);
});

test('counts root fields in fragments', () => {
  const roots = Array.from({ length: 101 }, (_, n) => `a${n}: a`).join(' ');
  expect(() => limitOperation(parse(`{ ${roots} }`))).toThrow(tooLarge);
  expect(() => limitOperation(parse(`{ ...F } fragment F on Query { ${roots} }`))).toThrow(tooLarge);
  expect(() => limitOperation(parse(`{ ... { ${roots} } }`))).toThrow(tooLarge);
});

const nest = (levels: number) => `{ ${'a { '.repeat(levels - 1)}a${' }'.repeat(levels - 1)} }`;
const inFragment = (levels: number) => `{ a { ...F } } fragment F on A ${nest(levels - 1)}`;

/** Returns this many lists, each of which counts 10,000 records. */
function totals(count: number): string {
  const lists = Array.from(
    { length: count },
    (_, n) => `a${n}: files(first: 1) { total(max: 10000) { value } }`,
  );
  return lists.join(' ');
}

test('limits the depth with fragments expanded', () => {
  for (const textOf of [nest, inFragment]) {
    expect(() => limitOperation(parse(textOf(24)))).not.toThrow();
    expect(() => limitOperation(parse(textOf(25)))).toThrow(tooLarge);
  }
});

test('limits the records that all totals together count', () => {
  const lists = new Map([['states', 27]]);
  expect(() => limitOperation(parse(`{ states { ${totals(3)} } }`), {}, lists)).not.toThrow();
  expect(() => limitOperation(parse(`{ states { ${totals(4)} } }`), {}, lists)).toThrow(tooLarge);
});

/** Repeats a root field under different response keys, each with a condition. */
function conditional(times: number, field: (at: number) => string): string {
  const all = Array.from({ length: times }, (_, at) => at);
  const variables = all.map((at) => `$v${at}: Boolean!`).join(' ');
  return `query (${variables}) { ${all.map((at) => `a${at}: ${field(at)}`).join(' ')} }`;
}

test.each([
  ['searches', (at: number) => `search(text: "x") @include(if: $v${at}) { enisa { total } }`],
  ['suggestions', (at: number) => `suggest(text: "x") @include(if: $v${at}) { certEu { id } }`],
  [
    'both together',
    (at: number) => `${at % 2 === 0 ? 'search' : 'suggest'}(text: "x") @skip(if: $v${at}) { id }`,
  ],
  ['duties', (at: number) => `onDuty @include(if: $v${at}) { jointUnit { id } }`],
  [
    'matches',
    (at: number) => `mobilisation(id: "1") { ... @include(if: $v${at}) { matches(from: "") { unit } } }`,
  ],
])('refuses %s above 5 in one operation, also those with a condition', (_name, field) => {
  limitOperation(parse(conditional(5, field)));
  expect(() => limitOperation(parse(conditional(6, field)))).toThrow(tooLarge);
});

/** Asks Europol's part several times. */
const parts = (times: number) =>
  Array.from({ length: times }, (_, at) => `b${at}: europol(first: ${at}) { total }`).join(' ');

test('refuses more than 5 searches of one community under one field, also in fragments', () => {
  limitOperation(parse(`{ search(text: "x") { ${parts(5)} enisa { total } } }`));
  expect(() => limitOperation(parse(`{ search(text: "x") { ${parts(6)} } }`))).toThrow(tooLarge);
  const query = `{ search(text: "x") { ...P } suggest(text: "x") { ... { ...P } } } fragment P on Search { ${parts(3)} }`;
  expect(() => limitOperation(parse(query))).toThrow(tooLarge);
  // A field of a community elsewhere is no search.
  limitOperation(parse(`{ inbox { ${parts(6)} } }`));
});

test('counts the fields of the graph that it means, and no others of the same name', () => {
  const { Query: root, ...types } = buildSchema(
    readFileSync('schema/published.graphql', 'utf8'),
  ).getTypeMap();
  const named = (name: string) =>
    Object.values(types)
      .filter((type) => isObjectType(type))
      .filter((type) => Object.hasOwn(type.getFields(), name))
      .filter((type) => name !== 'matches' || (type.getFields()[name]?.args.length ?? 0) > 0)
      .map((type) => type.name);
  expect(['search', 'suggest', 'onDuty', 'matches'].flatMap(named)).toEqual(['Mobilisation']);
  if (!isObjectType(root)) throw new Error('expected the type Query');
  expect(Object.keys(root.getFields())).toEqual(expect.arrayContaining(['search', 'suggest', 'onDuty']));
  for (const name of ['Search', 'Suggestions', 'OnDuty']) {
    const type = types[name];
    const all = isObjectType(type) ? Object.values(type.getFields()) : [];
    const found = ['SearchConnection', 'SearchHit', 'DutyContact'];
    const ofCommunities = all.filter((field) => found.includes(getNamedType(field.type).name));
    const fields = ofCommunities.map((field) => field.name);
    const query = `{ search(text: "x") { ${fields.map((field) => `${field} { id }`).join(' ')} } }`;
    expect(measureOperation(parse(query)).points).toBe(200 * fields.length);
    expect(fields).not.toEqual([]);
  }
});
