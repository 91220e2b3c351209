import type { ApolloGateway, GraphQLDataSource } from '@apollo/gateway';
import { createHash } from 'node:crypto';
import { type DocumentNode, type GraphQLSchema, print } from 'graphql';
import { checkDateTimes } from '../../schema/record/date-time.ts';
import { HubError } from '../../schema/errors.ts';
import type { RequestContext } from '../request/context.ts';

/** An operation as Apollo Server hands it to a gateway: parsed and validated against the API schema. */
export type Incoming = Parameters<ApolloGateway['executor']>[0];

/** What a plan brought together; `malformed` where a variable was not of its type. */
export type Gathered = {
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly malformed: boolean;
};

/** The stock planner and executor, behind the stages' own interface. */
export type Planner = {
  readonly schema: GraphQLSchema;
  readonly supergraph: string;
  gather(incoming: Incoming, document: DocumentNode): Promise<Gathered>;
  /** As the stock executor gives it, errors and all: for the open wiring only. */
  run(incoming: Incoming): ReturnType<ApolloGateway['executor']>;
  stop(): Promise<void>;
};

/**
 * Loads a supergraph into Apollo's gateway, with an own source for each subgraph. Throws where it does not load.
 * The gateway reports usage to its vendor unless told otherwise before it is imported.
 */
export async function loadPlanner(
  supergraph: string,
  source: (name: string, url: string | undefined) => GraphQLDataSource,
): Promise<Planner> {
  process.env['APOLLO_TELEMETRY_DISABLED'] = '1';
  const { ApolloGateway: Gateway } = await import('@apollo/gateway');
  const gateway = new Gateway({
    supergraphSdl: supergraph,
    buildService: ({ name, url }) => source(name, url),
    logger: silent,
  });
  let api: GraphQLSchema | undefined;
  gateway.onSchemaLoadOrUpdate(({ apiSchema }) => {
    api = apiSchema;
  });
  const { executor } = await gateway.load({ apollo: {} });
  if (api === undefined) throw new Error('the supergraph gave no schema');
  return {
    schema: checkDateTimes(api),
    supergraph,
    gather: async (incoming, document) => await gather(executor, incoming, document),
    run: executor,
    stop: async () => await gateway.stop(),
  };
}

async function gather(
  executor: ApolloGateway['executor'],
  incoming: Incoming,
  document: DocumentNode,
): Promise<Gathered> {
  const cut = document !== incoming.document;
  const queryHash = cut ? createHash('sha256').update(print(document)).digest('hex') : incoming.queryHash;
  const result = await executor({ ...incoming, document, queryHash });
  const data = (result.data as Record<string, unknown> | null | undefined) ?? null;
  const context = incoming.context as RequestContext;
  const unexplained = result.errors !== undefined && context.lost.size === 0 && context.told.size === 0;
  if (unexplained && data !== null) throw new HubError('INTERNAL', String(result.errors));
  return { data, malformed: unexplained };
}

const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** What the stock executor logs holds errors of subgraphs: our own sources have logged them by then. */
function ignore(): void {
  // Nothing to do.
}
