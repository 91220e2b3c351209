import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parse, separateOperations } from 'graphql';
import { loadPlanner, type Planner } from '../../../gateway/plan/planner.ts';

const supergraph = readFileSync('schema/supergraph.graphql', 'utf8');
const parts =
  'advisories { nodes { id } } exploitation { nodes { assertedBy } } cyberIncidents { nodes { name } }';
const operationOf = (fields: number) =>
  `{ ${Array.from({ length: fields }, (_, at) => `a${at}: vulnerability(id: "CVE-2099-${10_000 + at}") { ${parts} }`).join(' ')} }`;
/** An operation whose planning takes tens of milliseconds with Hive's planner, and one that takes ten times as long. */
const [large, huge] = [operationOf(90), operationOf(900)];

let planner: Planner;
beforeAll(async () => (planner = await loadPlanner(supergraph)));
afterAll(async () => await planner.stop());

test('refuses an operation whose planning exceeds the deadline, and does not try the other planner', async () => {
  const hasty = await loadPlanner(supergraph, { planningMs: 1 });
  await expect(hasty.prepare('huge', parse(huge))).rejects.toMatchObject({ code: 'OPERATION_TOO_LARGE' });
  await hasty.stop();
  await planner.prepare('large', parse(large));
});

test('plans equal documents that arrive together once', async () => {
  const both = await Promise.all(
    [1, 2].map(async () => await planner.prepare('one', parse('{ __typename }'))),
  );
  expect(both[0]).toBe(both[1]);
});

test('counts the memory of an operation with its fragments expanded, and with its texts', async () => {
  const spreads = Array.from({ length: 60 }, (_, at) => `a${at}: advisories { ...A }`).join(' ');
  const fragments = `{ ${spreads} } fragment A on AdvisoryConnection { nodes { ...B ...C } }
    fragment B on Advisory { a: id b: id c: id d: id } fragment C on Advisory { e: id f: id g: id h: id }`;
  const { bytes } = await planner.prepare('fragments', parse(fragments));
  expect(bytes).toBeGreaterThan(60 * 8 * 1000);
  const long = `query A { advisories(after: "${'x'.repeat(100_000)}") { nodes { id } } } query B { __typename }`;
  // A document that was taken out of another one has no text any more.
  const only = separateOperations(parse(long))['A'] ?? parse(long);
  expect((await planner.prepare('long', only)).bytes).toBeGreaterThan(1_000_000);
});
