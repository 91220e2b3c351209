import { expect, test } from '@jest/globals';
import { buildSchema } from 'graphql';
import { readFileSync } from 'node:fs';
import { isRecord, readQuery } from '../../../gateway/dispatch/asked.ts';
import { checkAnswer } from '../../../gateway/dispatch/check-answer.ts';
import { policy } from '../../helpers/policy.ts';

const schema = buildSchema(readFileSync('schema/published.graphql', 'utf8'));
const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) {
  ... on Vulnerability { families: ransomwareFamilies { nodes { name } } } } }`;
const types = new Map([['_entities', ['Vulnerability']]]);
const id = 'RansomwareFamily:1';

function check(data: Readonly<Record<string, unknown>>, document = query) {
  return checkAnswer(data, readQuery(document, schema), types);
}

test('keeps requested data under its alias, and names the records in it', () => {
  const { data, rows } = check({ _entities: [{ families: { nodes: [{ name: 'A', _row: id }] } }] });
  expect(data).toEqual({ _entities: [{ families: { nodes: [{ name: 'A' }] } }] });
  expect([...rows]).toEqual([[id, 'RansomwareFamily']]);
});

test('removes data that was not requested, so that it cannot be merged', () => {
  const forged = {
    _entities: [
      {
        families: { nodes: [{ name: 'A', extra: 1, _row: id }] },
        advisories: { nodes: [{ title: { value: 'forged' } }] },
        id: 'Vulnerability:CVE-2',
      },
    ],
    vulnerability: { name: 'forged' },
  };
  expect(check(forged).data).toEqual({ _entities: [{ families: { nodes: [{ name: 'A' }] } }] });
});

test.each([
  ['a leaf for a connection', { _entities: [{ families: 'all' }] }],
  ['an object for a leaf', { _entities: [{ families: { nodes: [{ name: { nested: true }, _row: id }] } }] }],
  ['a number for a text', { _entities: [{ families: { nodes: [{ name: 7, _row: id }] } }] }],
  ['an object for a list', { _entities: [{ families: { nodes: {} } }] }],
  ['a list for an object', { _entities: [{ families: [] }] }],
  ['a list in a list', { _entities: [{ families: { nodes: [[{ name: 'A', _row: id }]] } }] }],
  ['a record without its id', { _entities: [{ families: { nodes: [{ name: 'A' }] } }] }],
  ['too few entities', { _entities: [] }],
  ['too many entities', { _entities: [null, null] }],
  ['no list of entities', { _entities: 'none' }],
])('rejects a response with %s, and says where', (_what, data) => {
  expect(() => check(data)).toThrow(/^data\._entities[^:]*: expected .*, got /);
});

/** Two lookups of one request, each under an alias. */
const aliases = `query ($r0: [_Any!]!, $r1: [_Any!]!) {
  _e0: _entities(representations: $r0) { ... on Vulnerability { families: ransomwareFamilies { nodes { name } } } }
  _e1: _entities(representations: $r1) { ... on RansomwareFamily { name } } }`;
const typesOfAliases = new Map([
  ['_e0', ['Vulnerability']],
  ['_e1', ['RansomwareFamily', 'RansomwareFamily']],
]);

function checkAliases(data: Readonly<Record<string, unknown>>) {
  return checkAnswer(data, readQuery(aliases, schema), typesOfAliases);
}

const first = { families: { nodes: [{ name: 'A', _row: id }] } };
const rowOf = (number: number) => ({ name: 'B', _row: `RansomwareFamily:${number}` });

test('checks the entities under each of several aliases by the types that were sent there', () => {
  const { data, rows } = checkAliases({
    _e0: [{ ...first, name: 'forged' }],
    _e1: [rowOf(2), { ...rowOf(3), families: 'forged' }],
  });
  expect(data).toEqual({
    _e0: [{ families: { nodes: [{ name: 'A' }] } }],
    _e1: [{ name: 'B' }, { name: 'B' }],
  });
  expect([...rows.keys()]).toEqual([id, 'RansomwareFamily:2', 'RansomwareFamily:3']);
});

test.each([
  ['too few entities under the first alias', { _e0: [], _e1: [rowOf(2), rowOf(3)] }],
  ['too few entities under the second alias', { _e0: [first], _e1: [rowOf(2)] }],
  ['too many entities under the second alias', { _e0: [first], _e1: [rowOf(2), rowOf(3), rowOf(4)] }],
  ['the entities of one alias under the other', { _e0: [rowOf(2)], _e1: [first, first] }],
])('rejects a response with %s', (_what, data) => {
  expect(() => checkAliases(data)).toThrow(/^data\._e[01][^:]*: expected .*, got /);
});

const page = (total: unknown, publishedAt: unknown) => ({
  advisories: { total, nodes: [{ publishedAt, _row: 'Advisory:1' }] },
});

function answer(kind: string, type: string) {
  return { vulnerability: { kind, __typename: type, id: 'Vulnerability:CVE-2099-1' } };
}

test('rejects an object that is passed off as one of another type', () => {
  const document = '{ vulnerability(id: "CVE-2099-1") { kind: __typename __typename id } }';
  expect(check(answer('Vulnerability', 'Vulnerability'), document).data).toEqual(
    answer('Vulnerability', 'Vulnerability'),
  );
  expect(() => check(answer('Vulnerability', 'Organisation'), document)).toThrow('expected Vulnerability');
  expect(() => check(answer('x', 'Vulnerability'), document)).toThrow('expected Vulnerability');
});

test('checks each leaf by its type', () => {
  const document =
    '{ advisories(first: 1) { total { value exact } nodes { publishedAt { utc precision } } } }';
  const total = { value: 3, exact: true };
  const time = { utc: '2026-01-01T00:00:00.000Z', precision: 'DAY' };
  expect(check(page(total, time), document).rows.get('Advisory:1')).toBe('Advisory');
  expect(check(page(total, null), document).data).toEqual({
    advisories: { total, nodes: [{ publishedAt: null }] },
  });
  for (const wrong of [
    page({ value: 1.5, exact: true }, time),
    page({ value: 2 ** 31, exact: true }, time),
    page({ value: '3', exact: true }, time),
    page({ value: 3, exact: 'yes' }, time),
    page(total, { ...time, utc: 7 }),
    page(total, { ...time, precision: 'MILLENNIUM' }),
  ])
    expect(() => check(wrong, document)).toThrow(/^data\.advisories/);
});

test('accepts a field that the query may leave out', () => {
  const document =
    'query ($x: Boolean!) { advisories { nodes { id @include(if: $x) ... @skip(if: $x) { serial } } } }';
  const data = { advisories: { nodes: [{ _row: 'Advisory:1' }] } };
  expect(check(data, document).data).toEqual({ advisories: { nodes: [{}] } });
});

test('asks for the id of each record under a key that the client does not use', () => {
  const { text, rowKey } = readQuery('{ advisories { nodes { _row: title { value } } } }', schema);
  expect(rowKey).toBe('_row_');
  expect(text).toContain('{_row:title{value}_row_:id}');
});

test('takes for records exactly the types that the policy decides as records', () => {
  const records = Object.values(schema.getTypeMap()).filter(isRecord);
  const ofPolicy = policy.coordinates.types.filter((type) => policy.coordinates.natureOf(type) === 'record');
  expect(records.map(({ name }) => name).toSorted()).toEqual([...ofPolicy].toSorted());
  for (const type of records) expect(String(type.getFields()['id']?.type)).toBe('ID!');
});
