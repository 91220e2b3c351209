import type { Readiness } from './observer.ts';
import type { HubFigures } from './hub-metrics.ts';
import type { HubStore } from '../store.ts';

/** Returns the state of each part of the hub. A subgraph that fails makes no hub unready: the other parts are answered. */
export function createReadiness(
  { policyVersion, supergraphVersion, load, shelters }: HubFigures,
  store: Pick<HubStore, 'states'>,
  issuer: () => string,
  isReady: () => Promise<boolean>,
): Readiness {
  return async () => {
    const [ready, states] = await Promise.all([isReady(), store.states()]);
    const subgraphs = [...shelters()].map(
      ([name, { isOpen }]) => [`subgraph ${name}`, isOpen ? 'not asked: it keeps failing' : 'ready'] as const,
    );
    return {
      isReady: ready && load().state === 'ready',
      parts: {
        load: load().state,
        policy: policyVersion() === null ? 'none in force' : 'ready',
        supergraph: supergraphVersion() === null ? 'not accepted' : 'ready',
        ...states,
        'issuer keys': issuer(),
        ...Object.fromEntries(subgraphs),
      },
    };
  };
}
