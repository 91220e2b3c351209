import { expect, test } from '@jest/globals';
import { parse, validate } from 'graphql';
import { createApolloExecute } from './apollo.ts';
import { supergraphs } from './features.ts';
import { generate } from './generate.ts';
import { type Difference, formatDifference, runSuite } from './run-suite.ts';

/** Faults of Apollo's planner and executor. The data of every other operation must be right. */
const faults = [
  // An alias that has the name of a key or of a required field is sent in its place.
  'keys: a key with aliases',
  'keys: alias equal to a key field of another type',
  'requires: required fields that are selected with aliases',
  'interface-object: aliases',
  'inaccessible: hidden key with an alias of its name',
  // A value that was asked for with other arguments is sent as the required field.
  'requires: argument that the operation uses with another value',
  // The condition of a field with a required field applies to other fields of its subgraph too.
  'requires: next to a computed field that is skipped',
  'requires: next to a computed field that is not included',
  // The field is asked before its required field is known, and that answer is used as a required field in turn.
  'requires: chain from the subgraph that computes',
  // Consecutive root fields of one subgraph are one query. Their fields of other subgraphs are read after all of them.
  'mutations: in order in one subgraph',
  // Fields of equal inline fragments are joined, which changes their order.
  'selections: order over inline fragments',
  // The executor renames the values of aliased fields. It drops 0, "" and false.
  'rewrites: one field of several types',
  'rewrites: falsy values',
  'rewrites: with aliases',
  'rewrites: with another subgraph',
  'rewrites: under type conditions and conditions',
];

/** The stock gateway rejects supergraphs with `@context`. */
const rejected = 'context';
/** Random operations over these supergraphs meet the faults. */
const faulty = [rejected, 'requires', 'interface-object', 'rewrites'];

test('gives the answers of the merged schema, except for known faults', async () => {
  const { differences } = await runSuite(createApolloExecute());
  const accepted = differences.filter(({ supergraph }) => supergraph !== rejected);
  const names = accepted.map(({ supergraph, operation }) => `${supergraph}: ${operation.name}`);
  expect(accepted.map(({ kind }) => kind).filter((kind) => kind !== 'data' && kind !== 'order')).toEqual([]);
  expect(names.toSorted()).toEqual(faults.toSorted());
});

test('gives the answers of the merged schema to random operations', async () => {
  const { differences } = await runSuite(createApolloExecute(), {
    supergraphs: supergraphs.filter(({ name }) => !faulty.includes(name)),
    generated: 40,
  });
  expect(differences.filter(isOfRandomData).map(formatDifference)).toEqual([]);
});

test('has fixed operations that are valid and have unique names', () => {
  for (const { name, merged, operations } of supergraphs) {
    expect(new Set(operations.map((operation) => operation.name)).size).toBe(operations.length);
    for (const { query } of operations)
      expect([name, query, validate(merged, parse(query))]).toEqual([name, query, []]);
  }
});

test('generates the same valid operation from the same seed', () => {
  for (const { merged } of supergraphs) {
    const one = Array.from({ length: 20 }, (_, seed) => generate(merged, seed));
    expect(Array.from({ length: 20 }, (_, seed) => generate(merged, seed))).toEqual(one);
    expect(new Set(one.map(({ query }) => query)).size).toBeGreaterThan(15);
  }
});

function isOfRandomData({ operation, kind }: Difference): boolean {
  return operation.name.startsWith('seed') && kind !== 'order';
}
