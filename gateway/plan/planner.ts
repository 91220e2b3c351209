import type { ApolloGateway, GraphQLDataSource } from '@apollo/gateway';
import { createHash } from 'node:crypto';
import { type DocumentNode, type GraphQLSchema, print } from 'graphql';
import { checkDateTimes } from '../../schema/record/date-time.ts';
import { HubError } from '../../schema/errors.ts';
import { type Collected, createCollected, type Execution } from '../dispatch/collected.ts';
import type { RequestContext } from '../request/context.ts';

/** An operation as Apollo Server hands it to a gateway: parsed, and validated against the API schema. */
export type Incoming = Parameters<ApolloGateway['executor']>[0];

/** The result of a plan. `malformed` is true if a variable does not have its type. */
export type Gathered = {
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly malformed: boolean;
  readonly collected: Collected;
};

/** Apollo's planner and executor behind the interface of the stages. */
export type Planner = {
  readonly schema: GraphQLSchema;
  readonly supergraph: string;
  /** Plans a document, asks the subgraphs, and joins their responses. Throws INTERNAL on an unexplained error. */
  gather(incoming: Incoming, document: DocumentNode, request: RequestContext): Promise<Gathered>;
  /** Returns the executor's result unchanged, errors included. For the open wiring only. */
  run(incoming: Incoming): ReturnType<ApolloGateway['executor']>;
  stop(): Promise<void>;
};

const maxEvaluatedPlans = 100;

/**
 * Loads a supergraph into Apollo's gateway, with a data source for each subgraph: `source` gets its name, its URL and the
 * schema of the graph, which is there once the planner is loaded. Throws if the supergraph is invalid.
 * The gateway reports usage to its vendor unless APOLLO_TELEMETRY_DISABLED is set before the import.
 */
export async function loadPlanner(
  supergraph: string,
  source: (name: string, url: string | undefined, schema: () => GraphQLSchema) => GraphQLDataSource,
): Promise<Planner> {
  process.env['APOLLO_TELEMETRY_DISABLED'] = '1';
  const { ApolloGateway: Gateway } = await import('@apollo/gateway');
  const gateway = new Gateway({
    supergraphSdl: supergraph,
    buildService: ({ name, url }) => source(name, url, () => schemaOr(api)),
    // Planning runs on the main thread and cannot be interrupted. Plans beyond this number are hardly ever better.
    queryPlannerConfig: { debug: { maxEvaluatedPlans } },
    logger: silent,
  });
  let api: GraphQLSchema | undefined;
  gateway.onSchemaLoadOrUpdate(({ apiSchema }) => {
    api = apiSchema;
  });
  const { executor } = await gateway.load({ apollo: {} });
  return {
    schema: checkDateTimes(schemaOr(api)),
    supergraph,
    gather: async (incoming, document, request) => await gather(executor, incoming, document, request),
    run: executor,
    stop: async () => await gateway.stop(),
  };
}

function schemaOr(api: GraphQLSchema | undefined): GraphQLSchema {
  if (api === undefined) throw new Error('expected a schema from the supergraph, got none');
  return api;
}

async function gather(
  executor: ApolloGateway['executor'],
  incoming: Incoming,
  document: DocumentNode,
  request: RequestContext,
): Promise<Gathered> {
  const collected = createCollected();
  const context: Execution = { request, collected };
  const isPruned = document !== incoming.document;
  const queryHash = isPruned
    ? createHash('sha256').update(print(document)).digest('hex')
    : incoming.queryHash;
  const result = await executor({ ...incoming, document, queryHash, context }).finally(() =>
    collected.sizes.end(),
  );
  const data = (result.data as Record<string, unknown> | null | undefined) ?? null;
  const isExplained = collected.failedSubgraphs.size > 0 || collected.errorCodes.size > 0;
  const malformed = result.errors !== undefined && !isExplained;
  if (malformed && data !== null) throw new HubError('INTERNAL', String(result.errors));
  return { data, malformed, collected };
}

/** The executor logs errors of subgraphs in full. The data sources have logged them by then. */
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // Nothing to do.
}
