import type { PolicyWatch } from '../../schema/policy/bundle/in-force.ts';
import type { Parts } from '../dispatch/parts.ts';
import type { Load } from '../http/load.ts';
import type { WatchedOperations } from '../persisted/watch-operations.ts';
import type { HubStore } from '../store.ts';
import type { WatchedSupergraph } from '../watch-supergraph.ts';
import type { HubFigures } from './hub-metrics.ts';

/** The parts of the hub that have figures. */
type Sources = {
  readonly policies: PolicyWatch;
  readonly supergraph: Pick<WatchedSupergraph<unknown>, 'isAccepted' | 'version'>;
  readonly operations: WatchedOperations;
  readonly load: Load;
  readonly store: HubStore;
  readonly communities: Parts;
};

/** Returns the figures that the metrics read. */
export function figuresOf({
  policies,
  supergraph,
  operations,
  load,
  store,
  communities,
}: Sources): HubFigures {
  return {
    policyVersion: () => policies.current()?.version ?? null,
    supergraphVersion: () => (supergraph.isAccepted() ? supergraph.version() : null),
    operations: () => operations.size(),
    load: () => ({ state: load.state(), inProgress: load.inProgress }),
    trail: store.trailFigures,
    shelters: () => communities.states(),
    webhooks: () => store.webhooks.outcomes,
  };
}
