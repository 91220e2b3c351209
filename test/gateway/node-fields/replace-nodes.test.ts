import { expect, test } from '@jest/globals';
import { buildSchema, extendSchema, parse, print, stripIgnoredCharacters, validate } from 'graphql';
import { maxParts, nodePartsOf } from '../../../gateway/node-fields/node-parts.ts';
import { replaceNodes } from '../../../gateway/node-fields/replace-nodes.ts';
import { restoreNodes } from '../../../gateway/node-fields/restore-nodes.ts';
import { nodeLookupsOf } from '../../../schema/node-interface/node-lookups.ts';
import { findTakenNames, withNode } from '../../../schema/node-interface/with-node.ts';

const plain = buildSchema(`
  type Query {
    advisory(id: ID!): Advisory
    advisories: Advisories
    operation(id: ID!): Operation
    vulnerability(id: String!): Vulnerability
    indicator(type: IndicatorType, value: String!): Indicator
    notice(id: ID!): Notice
  }
  type Advisories { nodes: [Advisory!]! }
  type Advisory { id: ID! title: String envelope: String vulnerabilities(first: Int): [Vulnerability!] }
  type Operation { id: ID! title: String envelope: String }
  type Vulnerability { id: ID! name: String }
  type Indicator { id: ID! value: String }
  type Notice { id: ID! }
  enum IndicatorType { URL OTHER }
  type Subscription { advisoryEvents: AdvisoryEvent }
  type AdvisoryEvent { record: Advisory }
`);
const published = withNode(plain);
const lookups = nodeLookupsOf(plain);

function replace(text: string, variables: Readonly<Record<string, unknown>> = {}) {
  const document = parse(text, { noLocation: true });
  expect(validate(published, document)).toEqual([]);
  const replaced = replaceNodes(document, variables, plain, lookups);
  // Every later stage gets a document of the schema without the interface.
  expect(validate(plain, replaced.document)).toEqual([]);
  return { ...replaced, text: stripIgnoredCharacters(print(replaced.document)) };
}

const short = (text: string) => stripIgnoredCharacters(text);

test('gives the interface to records and shared entities, and not to objects whose id says no type', () => {
  expect([...lookups.keys()]).toEqual(['Advisory', 'Operation', 'Vulnerability', 'Indicator']);
  expect(published.getType('Notice')?.astNode).toBeDefined();
  expect(published.getPossibleTypes(published.getType('Node') as never).map(({ name }) => name)).toEqual([
    ...lookups.keys(),
  ]);
});

test('reports a graph that has the interface or one of the fields already', () => {
  expect(findTakenNames(plain)).toEqual([]);
  for (const [added, name] of [
    ['interface Node { id: ID! }', 'Node'],
    ['type Node { id: ID! }', 'Node'],
    ['extend type Query { nodes: [Advisory] }', 'Query.nodes'],
  ] as const)
    expect(findTakenNames(extendSchema(plain, parse(added)))).toEqual([
      `${name}: the hub adds it to the published schema; give yours another name`,
    ]);
});

test('leaves an operation without the interface as it is', () => {
  const document = parse('{ advisories { nodes { id } } }');
  expect(replaceNodes(document, {}, plain, lookups)).toEqual({ document, nodes: null });
  expect(replaceNodes(document, {}, plain, lookups).document).toBe(document);
});

test('replaces a node by the look-up of the type that its id names, with the selections of that type', () => {
  const { text, nodes } = replace(
    'query ($id: ID!) { one: node(id: $id) { __typename id ...A ... on Operation { title } } } fragment A on Advisory { title }',
    { id: 'Advisory:1' },
  );
  expect(text).toBe(
    short(
      'query ($jcuNodeOne_one_id: ID!) { one: advisory(id: $jcuNodeOne_one_id) { __typename id ...A } } fragment A on Advisory { title }',
    ),
  );
  expect(nodes?.variables).toEqual({ jcuNodeOne_one_id: 'Advisory:1' });
});

test.each([
  ['Vulnerability:CVE-2025-53770', 'vulnerability', { id: 'CVE-2025-53770' }],
  ['Indicator:URL:https://evil.example/x', 'indicator', { type: 'URL', value: 'https://evil.example/x' }],
])('looks %s up by its natural key', (id, field, values) => {
  const { text, nodes } = replace('query ($id: ID!) { node(id: $id) { id } }', { id });
  expect(text).toContain(`node:${field}(`);
  expect(Object.values(nodes?.variables ?? {})).toEqual(Object.values(values));
});

test.each([
  'Advisory',
  '',
  ':1',
  'Nothing:1',
  'Notice:1',
  'Query:1',
  '__proto__:1',
  'constructor:1',
  'Vulnerability:nothing',
  'Vulnerability:cve-2025-53770',
  'Indicator:URL:no url',
  'ThreatActor:name:x',
])('looks nothing up for the id "%s"', (id) => {
  const { text, nodes } = replace('query ($id: ID!) { node(id: $id) { id } }', { id });
  expect([text, nodes?.variables]).toEqual(['{jcuNodeType:__typename}', {}]);
  expect(restoreNodes({ data: null }, nodes)).toEqual({ data: { node: null } });
});

test('looks each id of a list up once, and returns the list in the order of the ids', () => {
  const ids = ['Advisory:1', 'Operation:2', 'nothing', 'Advisory:3', 'Advisory:1'];
  const { text, nodes } = replace('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids });
  expect(text.match(/advisory\(/g)).toHaveLength(2);
  const data = Object.fromEntries(
    Object.entries(nodes?.variables ?? {}).map(([name, id]) => [name.replace(/_id$/, ''), { id }]),
  );
  expect(restoreNodes({ data }, nodes)).toEqual({
    data: { nodes: ids.map((id) => (id === 'nothing' ? null : { id })) },
  });
});

test('names a failed look-up at each place of its id', () => {
  const ids = ['Advisory:1', 'Operation:2', 'Advisory:1'];
  const { nodes } = replace('query ($ids: [ID!]!) { all: nodes(ids: $ids) { id } }', { ids });
  const paths = [['jcuNodeOf_all_Advisory_0', 'title'], ['other']];
  const shaped = { data: null, errors: paths.map((path) => ({ message: 'm', path, extensions: {} })) };
  const { errors } = restoreNodes(shaped as never, nodes);
  expect(errors?.map(({ path }) => path)).toEqual([['all', 0, 'title'], ['all', 2, 'title'], ['other']]);
});

test('keeps the answer of an object of which the client selects nothing', () => {
  const { text, nodes } = replace('{ node(id: "Advisory:1") { ... on Operation { title } } }');
  expect(text).toContain('{jcuNodeExists:__typename}');
  expect(restoreNodes({ data: { node: { jcuNodeExists: 'Advisory' } } }, nodes)).toEqual({
    data: { node: {} },
  });
  expect(restoreNodes({ data: { node: null } }, nodes)).toEqual({ data: { node: null } });
});

test('keeps the order of the fields, without those that the client leaves out', () => {
  const query =
    'query ($yes: Boolean!) { b: node(id: "Advisory:1") { id } ...F a: advisories { nodes { id } } c: node(id: "Advisory:2") @skip(if: $yes) { id } ... @skip(if: $yes) { d: node(id: "Advisory:3") { id } } } fragment F on Query { z: node(id: "Operation:1") { id } }';
  const { text, nodes } = replace(query, { yes: true });
  expect(nodes?.order).toEqual(['b', 'z', 'a']);
  expect(text).not.toContain('$yes');
  expect([...(nodes?.keysOf.keys() ?? [])]).toEqual(['b', 'z']);
});

test('merges two nodes of one response key', () => {
  const { text } = replace(
    '{ node(id: "Advisory:1") { id } node(id: "Advisory:1") { ... on Advisory { title } } }',
  );
  expect(text.match(/node:advisory\(id:\$jcuNodeOne_node_id\)/g)).toHaveLength(2);
});

test('takes no name that the client uses', () => {
  const { text, nodes } = replace(
    'query ($jcuNode: ID!) { jcuNode_: node(id: $jcuNode) { jcuNode__Exists: id } }',
    { jcuNode: 'Advisory:1' },
  );
  expect(Object.keys(nodes?.variables ?? {})).toEqual(['jcuNode___One_jcuNode__id']);
  expect(text).toContain('jcuNode_:advisory');
});

test('gives the look-ups of two fields different names', () => {
  const { nodes } = replace(
    '{ a: nodes(ids: "Advisory:1") { id } a_Advisory_0: node(id: "Advisory:2") { id } }',
  );
  expect(Object.values(nodes?.variables ?? {})).toEqual(['Advisory:1', 'Advisory:2']);
});

test('narrows fragments on the interface anywhere in an operation', () => {
  const query =
    '{ advisories { nodes { ...N ... on Node { ... on Advisory { title } ... on Operation { title } } } } } fragment N on Node { id ... on Vulnerability { name } }';
  const { text, nodes } = replace(query);
  expect([text, nodes]).toEqual([
    short('{ advisories { nodes { ... { id } ... { ... { title } } } } }'),
    null,
  ]);
  const events = replace('subscription { advisoryEvents { record { ... on Node { id } } } }');
  expect(events.text).toBe(short('subscription { advisoryEvents { record { ... { id } } } }'));
});

test('refuses a field outside of node whose selections can never apply', () => {
  const document = parse('{ advisories { nodes { ... on Node { ... on Operation { title } } } } }');
  expect(() => replaceNodes(document, {}, plain, lookups)).toThrow(
    expect.objectContaining({ code: 'GRAPHQL_VALIDATION_FAILED' }),
  );
});

test('takes 50 ids at most', () => {
  const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }';
  const ids = Array.from({ length: 50 }, (_, at) => `Advisory:${at}`);
  expect(replace(query, { ids }).nodes?.types.size).toBe(50);
  expect(() => replace(query, { ids: [...ids, 'Advisory:50'] })).toThrow(
    expect.objectContaining({ code: 'BAD_USER_INPUT' }),
  );
});

/** The documents that are planned for an operation, and their keys. */
function partsOf(query: string, variables: Readonly<Record<string, unknown>> = {}) {
  const { document, nodes } = replace(query, variables);
  return nodes === null ? [] : nodePartsOf(document, nodes);
}

test('plans one document for each type and number of ids, whatever the ids and their order', () => {
  const query =
    'query ($ids: [ID!]!, $id: ID!) { nodes(ids: $ids) { id } node(id: $id) { id } advisories { nodes { id } } }';
  const keysOf = (ids: readonly string[], id: string) => partsOf(query, { ids, id }).map(({ key }) => key);
  const first = keysOf(['Advisory:1', 'Operation:1', 'Advisory:2'], 'Advisory:9');
  expect(first).toHaveLength(3);
  expect(keysOf(['Operation:7', 'Advisory:8', 'Advisory:7'], 'Advisory:1')).toEqual(first);
  // One advisory less: the other two are the same.
  const other = keysOf(['Operation:7', 'Advisory:8'], 'Advisory:1');
  expect(new Set(other).intersection(new Set(first)).size).toBe(2);
});

test('plans 100 nodes of one type in one document, so that one query looks them all up', () => {
  const aliases = Array.from({ length: 100 }, (_, at) => `n${at}: node(id: "Advisory:${at}") { id }`);
  const [only, ...others] = partsOf(`{ ${aliases.join(' ')} }`);
  expect(others).toEqual([]);
  expect(print(only?.document ?? parse('')).match(/advisory\(/g)).toHaveLength(100);
});

test('plans 10 documents at most, those of the last types together, and leaves no look-up out', () => {
  const types = Array.from({ length: 2 * maxParts }, (_, at) => [`key${at}`, `A${at}:1`] as const);
  const keys = types.map(([field]) => field);
  const document = parse(`{ other ${keys.map((key) => `${key}: x(id: "1")`).join(' ')} }`);
  const nodes = { types: new Map(keys.map((key, at) => [key, types[at]?.[1] ?? ''])) };
  const parts = nodePartsOf(document, nodes as never);
  expect(parts).toHaveLength(maxParts);
  const whole = parts.map((part) => print(part.document)).join('');
  for (const key of ['other', ...keys]) expect(whole.split(new RegExp(`\\b${key}\\b`))).toHaveLength(2);
});
