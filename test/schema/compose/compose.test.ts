import { expect, test } from '@jest/globals';
import { buildSchema } from 'graphql';
import { findUnannouncedBreaks } from '../../../schema/compose/breaking.ts';
import { compose, findDrift } from '../../../schema/compose/compose.ts';
import { readPolicy } from '../../../schema/policy/decide/load.ts';
import { findPolicyGaps, findUnnamed } from '../../../schema/policy/check/coverage.ts';

const now = new Date('2026-11-24T12:00:00Z');

test('the committed supergraph and published schema are what the sources compose to', () => {
  expect(findDrift(compose())).toEqual([]);
});

test('the policy names every coordinate of every subgraph, and nothing else', () => {
  expect(findPolicyGaps(readPolicy())).toEqual([]);
});

test('a field, an argument, an input field and an abstract type that no rule names are found', () => {
  const schema = buildSchema(`
    type Query { advisories(first: Int, secret: Int): Int  backdoor: Int }
    input AdvisoryFilter { serial: String  everything: Boolean }
    interface Hidden { id: ID }`);
  expect(findUnnamed(schema, readPolicy())).toEqual([
    'Query.advisories(secret:): no rule names it',
    'Query.backdoor: no rule names it',
    'AdvisoryFilter.everything: no rule names it',
    'Hidden: rules on abstract types are not taken',
  ]);
});

test('a guarded field that could not be null is found: hiding it would hide its parent', () => {
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

test('a field may go once its announced day has passed, and not before or unannounced', () => {
  const next = 'type Query { kept: Int } enum Colour { RED OLD }';
  expect(findUnannouncedBreaks(published, next, now)).toEqual([
    expect.stringContaining('Query.running'),
    expect.stringContaining('Query.silent'),
  ]);
});

test('an enum value goes by the same rule, and what is added breaks nobody', () => {
  const next = `${published.replace(/OLD @deprecated\([^)]*\)/, '')} type More { a: Int }`;
  expect(findUnannouncedBreaks(published, next, now)).toEqual([]);
  expect(findUnannouncedBreaks(published, published.replace('RED', 'BLUE'), now)).toEqual([
    expect.stringContaining('RED'),
  ]);
});
