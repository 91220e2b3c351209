import { expect, test } from '@jest/globals';
import { createEngineExecute } from './engine.ts';
import { supergraphs } from './features.ts';
import { type Difference, formatDifference, runSuite } from './run-suite.ts';

/** Apollo's gateway, which holds the supergraph, rejects `@context`. */
const accepted = supergraphs.filter(({ name }) => name !== 'context');

/** Operations that the planner plans wrongly, and the supergraphs over which random operations meet such faults. */
const faults = {
  hive: { operations: [], supergraphs: ['interface-object'] },
  apollo: {
    operations: ['requires: chain from the subgraph that computes'],
    supergraphs: ['requires', 'interface-object'],
  },
};

test.each(['hive', 'apollo'] as const)(
  'gives the answers of the merged schema with the planner %s',
  async (first) => {
    const { differences } = await runSuite(createEngineExecute(first), { supergraphs: accepted });
    expect(
      differences
        .filter((one) => !faults[first].operations.includes(nameOf(one) as never))
        .map(formatDifference),
    ).toEqual([]);
    expect(differences.map(nameOf)).toEqual(faults[first].operations);
  },
);

test.each(['hive', 'apollo'] as const)(
  'gives them to random operations with the planner %s',
  async (first) => {
    const { differences } = await runSuite(createEngineExecute(first), {
      supergraphs: accepted.filter(({ name }) => !faults[first].supergraphs.includes(name)),
      generated: Number(process.env['JCU_GENERATED'] ?? 40),
    });
    const random = differences.filter(({ operation }) => operation.name.startsWith('seed'));
    expect(random.map(formatDifference)).toEqual([]);
  },
);

function nameOf({ supergraph, operation }: Difference): string {
  return `${supergraph}: ${operation.name}`;
}
