import { LocalGraphQLDataSource } from '@apollo/gateway';
import { createHash } from 'node:crypto';
import { type ExecutionResult, parse } from 'graphql';
import type { Execute } from './run-suite.ts';
import type { Supergraph } from './supergraph.ts';

type Executor = (incoming: unknown) => Promise<ExecutionResult>;

/** Creates an `Execute` that plans and executes with `@apollo/gateway` unchanged, over the schemas in this process. */
export function createApolloExecute(): Execute {
  const executors = new Map<Supergraph, Promise<Executor>>();
  return async (supergraph, { query, variables, operationName }) => {
    const executor = executors.get(supergraph) ?? load(supergraph);
    executors.set(supergraph, executor);
    const incoming = {
      request: { query, variables, operationName },
      document: parse(query),
      operationName: operationName ?? null,
      queryHash: createHash('sha256').update(query).digest('hex'),
      context: {},
      metrics: {},
      logger: silent,
    };
    const run = await executor;
    return await run(incoming);
  };
}

async function load({ supergraphSdl, subgraphs }: Supergraph): Promise<Executor> {
  process.env['APOLLO_TELEMETRY_DISABLED'] = '1';
  const { ApolloGateway } = await import('@apollo/gateway');
  const gateway = new ApolloGateway({
    supergraphSdl,
    buildService: ({ name }) => {
      const schema = subgraphs.get(name);
      if (schema === undefined) throw new Error(`expected a subgraph ${name}`);
      return new LocalGraphQLDataSource(schema);
    },
    logger: silent,
  });
  const { executor } = await gateway.load({ apollo: {} });
  return executor as unknown as Executor;
}

const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // Nothing to do.
}
