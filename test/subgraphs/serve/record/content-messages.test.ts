import { expect, test } from '@jest/globals';
import { buildSchema } from 'graphql';
import type { Kind } from '../../../../subgraphs/serve/kind.ts';
import { takeContent } from '../../../../subgraphs/serve/record/take-content.ts';

// The messages are parsed from those of graphql-js. This fails if an installed version changes their form.
const schema = buildSchema(`
  type Query { a: Int }
  enum Level { LOW HIGH }
  input Part { name: String! }
  input ThingContent { title: String! count: Int level: Level parts: [Part!]! part: Part }`);
const valid = { title: 't', parts: [] };

function faultsOf(content: unknown): unknown {
  return takeContent(schema, { type: 'Thing' } as Kind, content, { resolveActor: () => null });
}

test.each([
  ['a missing required member', { parts: [] }, [], 'title: expected String!, got nothing'],
  ['a missing required list', { title: 't' }, [], 'parts: expected [Part!]!, got nothing'],
  ['a missing member of a member', { ...valid, part: {} }, ['part'], 'name: expected String!, got nothing'],
  ['null for a required member', { ...valid, title: null }, ['title'], 'expected String!'],
  ['a value in place of an object', { ...valid, part: 'secret' }, ['part'], 'expected Part'],
  ['null in a list', { ...valid, parts: [null] }, ['parts', '0'], 'expected Part!'],
  ['an unknown member', { ...valid, secret: 1 }, [], 'unknown field: the schema does not define it'],
])('reports %s by type, without its value', (_case, content, path, message) => {
  expect(faultsOf(content)).toEqual([{ path, message }]);
});

test.each([
  ['a string in place of a number', { ...valid, count: 'secret' }],
  ['a number out of range', { ...valid, count: 2 ** 40 }],
  ['an unknown enum value', { ...valid, level: 'SECRET' }],
])('reports %s without its value', (_case, content) => {
  expect(faultsOf(content)).toEqual([
    { path: [expect.any(String)], message: 'expected a value of another type or range' },
  ]);
});
