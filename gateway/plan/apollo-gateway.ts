import type { ExecutionResult } from 'graphql';
import type { ApolloGateway } from '@apollo/gateway';
import type { ParsedOperation } from '../answer.ts';
import type { Planner } from './planner.ts';

/** An operation as Apollo Server hands it to a gateway: parsed, and not validated. */
export type Incoming = Parameters<ApolloGateway['executor']>[0];

/**
 * Returns the `gateway` option of Apollo Server, which parses and validates; `execute` does the rest. Apollo's type asks
 * for more than its server uses, so the caller has to cast.
 */
export function gatewayOf(planner: Planner, execute: (incoming: Incoming) => Promise<ExecutionResult>) {
  return {
    load: () => Promise.resolve({ executor: execute }),
    onSchemaLoadOrUpdate: (notify: (loaded: { apiSchema: unknown; coreSupergraphSdl: string }) => void) => {
      notify({ apiSchema: planner.schema, coreSupergraphSdl: planner.supergraph });
      return () => undefined;
    },
    stop: () => Promise.resolve(),
  };
}

/** Returns the operation of Apollo Server, which resolves an unknown operation name to null: it is taken as the client sent it. */
export function parsedOf({ document, source, queryHash, request }: Incoming): ParsedOperation {
  const { operationName = null, variables = {} } = request;
  return { document, source, hash: queryHash, operationName, variables };
}
