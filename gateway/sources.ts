import type { Logger } from 'pino';
import type { SigningKey } from '../schema/protocol/session.ts';
import { createAgree } from './dispatch/agree.ts';
import { createAsk } from './dispatch/ask-subgraph.ts';
import { createAgent } from './dispatch/fetch-subgraph.ts';
import { Sessions } from './dispatch/hub-sessions.ts';
import { createShelter } from './dispatch/shelter.ts';
import { createSource, type PartSource } from './dispatch/source.ts';
import { createHubSubgraph } from './hub-subgraph/subgraph.ts';
import { sourcesOf } from './plan/gather.ts';
import type { Planner } from './plan/planner.ts';
import type { HubSettings } from './settings.ts';
import type { HubStore } from './store.ts';

/** Creates the sources of the data: the hub's own subgraph in this process, and one for each community. */
export function createSources(
  planner: Planner,
  settings: HubSettings,
  store: HubStore,
  key: () => SigningKey,
  log: Logger,
): ReadonlyMap<string, PartSource> {
  const agent = createAgent(settings.subgraphsCa, settings.partConcurrency);
  const addresses: Readonly<Record<string, string>> = settings.subgraphs;
  return sourcesOf(planner, (name, schema) => {
    if (name === 'hub') return createHubSubgraph(store, log);
    const url = Object.hasOwn(addresses, name) ? addresses[name] : undefined;
    if (url === undefined)
      throw new Error(`the supergraph has a subgraph ${name}, but no setting has its URL`);
    const ends = { deployment: settings.deployment, community: name };
    const subgraph = { url, deadlineMs: settings.partDeadlineMs, agent };
    const sessions = new Sessions(createAgree(ends, subgraph, key), () => key().id, log);
    const bounds = { atOnce: settings.partConcurrency, deadlineMs: settings.partDeadlineMs };
    return createSource(name, createAsk(subgraph, sessions), schema, createShelter(name, bounds, log), log);
  });
}
