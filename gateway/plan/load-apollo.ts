import type { ApolloGateway } from '@apollo/gateway';
import type { QueryPlanner as ApolloPlanner } from '@apollo/query-planner';
import type { GraphQLSchema } from 'graphql';

/** A supergraph in Apollo's gateway. */
export type LoadedSupergraph = {
  /** The schema of clients. */
  readonly api: GraphQLSchema;
  /** The names of the subgraphs, with the URLs that the supergraph states. */
  readonly subgraphs: ReadonlyMap<string, string | undefined>;
  readonly planner: ApolloPlanner;
  stop(): Promise<void>;
};

const maxEvaluatedPlans = 100;

/**
 * Loads a supergraph into Apollo's gateway, which validates and holds it. Throws if it is invalid. It blocks the event loop for
 * more than a second. The gateway reports usage to its vendor unless APOLLO_TELEMETRY_DISABLED is set before the import.
 */
export async function loadApollo(supergraph: string): Promise<LoadedSupergraph> {
  process.env['APOLLO_TELEMETRY_DISABLED'] = '1';
  const { ApolloGateway: Gateway } = await import('@apollo/gateway');
  const subgraphs = new Map<string, string | undefined>();
  const gateway = new Gateway({
    supergraphSdl: supergraph,
    buildService: ({ name, url }) => {
      subgraphs.set(name, url);
      return { process: () => Promise.reject(new Error('expected the hub to ask the subgraphs itself')) };
    },
    queryPlannerConfig: { debug: { maxEvaluatedPlans } },
    logger: silent,
  });
  let api: GraphQLSchema | undefined;
  gateway.onSchemaLoadOrUpdate(({ apiSchema }) => {
    api = apiSchema;
  });
  await gateway.load({ apollo: {} });
  if (api === undefined) throw new Error('expected a schema from the supergraph, got none');
  return { api, subgraphs, planner: plannerOf(gateway), stop: async () => await gateway.stop() };
}

/** The gateway has its planner in a private field. Building a second one would take another second at each start. */
function plannerOf(gateway: ApolloGateway): ApolloPlanner {
  const planner = gateway['queryPlanner'] as ApolloPlanner | undefined;
  if (planner === undefined) throw new Error('expected a planner of the gateway, got none');
  return planner;
}

/** The gateway logs errors of subgraphs, which it never asks here. */
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // Nothing to do.
}
