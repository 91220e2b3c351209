import { HubError } from '../schema/errors.ts';
import type { PolicyWatch } from '../schema/policy/bundle/in-force.ts';
import type { Policy } from '../schema/policy/decide/policy.ts';
import type { Run } from '../schema/runtime/observe/run.ts';
import type { Readers } from './http/context-middleware.ts';
import { identify } from './identity/identify.ts';
import { discoverKeys } from './identity/issuer-keys.ts';
import { RememberedTokens } from './identity/remembered-tokens.ts';
import type { HubSettings } from './settings.ts';
import type { HubStore } from './store.ts';
import type { WatchedSupergraph } from './watch-supergraph.ts';

/** Returns who a reader is, and the policy in force. */
export function createReaders(
  settings: HubSettings,
  { registry }: Pick<HubStore, 'registry'>,
  policy: () => Policy | null,
  { keys, run }: { readonly keys: ReturnType<typeof discoverKeys>; readonly run: Run },
): Readers {
  const rules = { ...settings, keys, remembered: new RememberedTokens() };
  return {
    identify: async (authorization, now) =>
      await run('identity', async () => await identify(authorization, rules, registry, now)),
    policyInForce: () => orUnavailable(policy()),
  };
}

/** Returns the issuer's keys, and whether the issuer gave them when they were last needed. */
export function watchIssuer({ issuer, issuerKeysSeconds: maxAgeSeconds }: HubSettings) {
  let state = 'not asked yet';
  const noted = (isAvailable: boolean) => (state = isAvailable ? 'ready' : 'does not give its keys');
  return { keys: discoverKeys(issuer, { maxAgeSeconds, noted }), state: () => state };
}

/** Returns a function that returns the policy in force. It returns null if there is no policy, or no accepted supergraph. */
export function inForce(
  policies: PolicyWatch,
  supergraph: Pick<WatchedSupergraph<unknown>, 'isAccepted'>,
): () => Policy | null {
  return () => (supergraph.isAccepted() ? (policies.current()?.policy ?? null) : null);
}

/** Returns the policy in force. The whole request is decided by it, also if the policy changes meanwhile. */
export function orUnavailable(policy: Policy | null): Policy {
  if (policy === null)
    throw new HubError(
      'POLICY_UNAVAILABLE',
      'no policy is in force, or the supergraph is not accepted: the log says why',
    );
  return policy;
}
