import { expect, test } from '@jest/globals';
import { createDeferringExecute, type Deferrals } from './deferring.ts';
import { supergraphs } from './features.ts';
import { formatDifference, runSuite } from './run-suite.ts';

/** Apollo's gateway rejects `@context`; both planners plan some operations over the other one wrongly. */
const compared = supergraphs.filter(({ name }) => name !== 'context' && name !== 'interface-object');

test.each(['hive', 'apollo'] as const)(
  'gives the same data in parts as at once, wherever fragments are deferred, with the planner %s',
  async (first) => {
    const done: Deferrals = { operations: 0, parts: 0, laterQueries: 0 };
    const chosen = first === 'hive' ? compared : compared.filter(({ name }) => name !== 'requires');
    const { differences } = await runSuite(createDeferringExecute(first, done), {
      supergraphs: chosen,
      generated: Number(process.env['JCU_GENERATED'] ?? 40),
    });
    // A null in place of a required value ends at the fragment, so answers with errors differ.
    const plain = differences.filter(
      ({ kind, wanted }) => (kind === 'data' || kind === 'thrown') && wanted.errors === undefined,
    );
    expect(plain.map(formatDifference)).toEqual([]);
    expect(done.operations).toBeGreaterThan(200);
    expect(done.parts).toBeGreaterThan(500);
    expect(done.laterQueries).toBeGreaterThan(50);
  },
);
