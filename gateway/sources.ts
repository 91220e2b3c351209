import type { GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { Parts } from './dispatch/parts.ts';
import type { PartSource } from './dispatch/source.ts';
import { createHubSubgraph } from './hub-subgraph/subgraph.ts';
import type { HubStore } from './store.ts';

/** Returns the sources of the data: the hub's own subgraph in this process, and one for each community. */
export function createSources(
  communities: Parts,
  store: HubStore,
  log: Logger,
): (name: string, schema: GraphQLSchema) => PartSource {
  const own = createHubSubgraph(store, log);
  return (name, schema) => (name === 'hub' ? own : communities.source(name, schema));
}
