import { expect, test } from '@jest/globals';
import { buildSchema } from 'graphql';
import { findUnannouncedBreaks } from '../../../schema/compose/breaking.ts';
import { compose, findDrift } from '../../../schema/compose/compose.ts';
import { readPolicy } from '../../../schema/policy/decide/load.ts';
import { findPolicyGaps, findUnnamed } from '../../../schema/policy/check/coverage.ts';

const now = new Date('2026-11-24T12:00:00Z');

test('the committed supergraph and published schema are up to date', () => {
  expect(findDrift(compose())).toEqual([]);
});

test('the policy covers every coordinate of every subgraph, and no other', () => {
  expect(findPolicyGaps(readPolicy())).toEqual([]);
});

test('reports a field, an argument, an input field and an abstract type without a group', () => {
  const schema = buildSchema(`
    type Query { advisories(first: Int, secret: Int): Int  backdoor: Int }
    input AdvisoryFilter { serial: String  everything: Boolean }
    interface Hidden { id: ID }`);
  expect(findUnnamed(schema, readPolicy())).toEqual([
    'Query.advisories(secret:): no group in coordinates.yaml',
    'Query.backdoor: no group in coordinates.yaml',
    'AdvisoryFilter.everything: no group in coordinates.yaml',
    'Hidden: interfaces and unions are not supported, because graphql-shield ignores rules on them',
  ]);
});

test('reports a guarded field that is not nullable: hiding it would hide its parent', () => {
  const schema = buildSchema(`
    type Query { advisory(id: ID!): Advisory! }
    type Advisory { id: ID!  title: String! }`);
  expect(findUnnamed(schema, readPolicy())).toEqual([
    'Query.advisory: a guarded field must be nullable',
    'Advisory.title: a guarded field must be nullable',
  ]);
});

const published = `
  type Query {
    kept: Int
    announced: Int @deprecated(reason: "use kept; until 2026-11-23")
    running: Int @deprecated(reason: "use kept; until 2026-11-24")
    silent: Int
  }
  enum Colour { RED  OLD @deprecated(reason: "until 2026-01-31") }`;

test('rejects the removal of a field before its announced day has passed, or unannounced', () => {
  const next = 'type Query { kept: Int } enum Colour { RED OLD }';
  expect(findUnannouncedBreaks(published, next, now)).toEqual([
    expect.stringContaining('Query.running'),
    expect.stringContaining('Query.silent'),
  ]);
});

test('rejects the unannounced removal of an enum value, and accepts additions', () => {
  const next = `${published.replace(/OLD @deprecated\([^)]*\)/, '')} type More { a: Int }`;
  expect(findUnannouncedBreaks(published, next, now)).toEqual([]);
  expect(findUnannouncedBreaks(published, published.replace('RED', 'BLUE'), now)).toEqual([
    expect.stringContaining('RED'),
  ]);
});
