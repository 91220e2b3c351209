import { expect, test } from '@jest/globals';
import { buildSchema, OperationTypeNode } from 'graphql';
import { type AskPart, compilePlan } from '../../../gateway/plan/execute.ts';
import type { Fetch, Plan } from '../../../gateway/plan/plan.ts';
import { Types } from '../../../gateway/plan/types.ts';

const types = new Types(buildSchema('type Query { a: Int b: Int c: Int }'));
const variables = { given: {}, coerced: {} };

function fetchOf(subgraph: string): Fetch {
  return {
    kind: 'fetch',
    subgraph,
    operation: OperationTypeNode.QUERY,
    query: `{ ${subgraph} }`,
    operationName: null,
    variables: [],
    path: [],
    lookups: [],
    after: [],
  };
}

const plan: Plan = {
  kind: 'sequence',
  nodes: [{ kind: 'parallel', nodes: [fetchOf('a'), fetchOf('b')] }, fetchOf('c')],
};

/** Runs the plan for a client that leaves while one subgraph is asked. Returns the subgraphs that were asked. */
async function askedUntil(leavesAt: string | null): Promise<readonly string[]> {
  const asked: string[] = [];
  const client = new AbortController();
  const ask: AskPart = async ({ fetch: { subgraph } }) => {
    asked.push(subgraph);
    if (subgraph === leavesAt) client.abort();
    return await Promise.resolve({ data: { [subgraph]: 1 }, errors: [] });
  };
  await compilePlan(plan, types)({ ask, variables, signal: client.signal });
  return asked;
}

test('sends no further query once the client has left', async () => {
  expect(await askedUntil(null)).toEqual(['a', 'b', 'c']);
  expect(await askedUntil('b')).toEqual(['a', 'b']);
  expect(await askedUntil('a')).toEqual(['a']);
});
