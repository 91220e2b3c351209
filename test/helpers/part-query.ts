import { OperationTypeNode } from 'graphql';
import type { PartQuery } from '../../gateway/plan/execute.ts';

/** Returns a query to a subgraph for root fields, as the hub's engine sends it. */
export function queryOf(query: string, variables: Readonly<Record<string, unknown>> = {}): PartQuery {
  return {
    fetch: {
      kind: 'fetch',
      subgraph: 'any',
      operation: OperationTypeNode.QUERY,
      query,
      operationName: null,
      variables: Object.keys(variables),
      path: [],
      lookups: [],
      after: [],
    },
    variables,
    represented: [],
  };
}
