import { expect, test } from '@jest/globals';
import { createDeferringExecute, type Deferrals } from './deferring.ts';
import { supergraphs } from './features.ts';
import { runSuite } from './run-suite.ts';

/** Apollo's gateway rejects `@context`. */
const accepted = supergraphs.filter(({ name }) => name !== 'context');

test.each(['hive', 'apollo'] as const)(
  'gives the same data in parts as at once, wherever fragments are deferred, with the planner %s',
  async (first) => {
    const done: Deferrals = { operations: 0, parts: 0, laterQueries: 0, differences: [] };
    await runSuite(createDeferringExecute(first, done), {
      supergraphs: accepted,
      generated: Number(process.env['JCU_GENERATED'] ?? 25),
    });
    expect(done.differences).toEqual([]);
    expect(done.operations).toBeGreaterThan(200);
    expect(done.parts).toBeGreaterThan(500);
    expect(done.laterQueries).toBeGreaterThan(50);
  },
);
