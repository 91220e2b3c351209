import { BothPolicies } from '../../../schema/policy/decide/both.ts';
import type { PolicyWatch } from '../../../schema/policy/bundle/in-force.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { Oldest } from '../record/schema-versions.ts';
import type { CommunityStore } from '../store/store.ts';
import { isDerived } from '../store/derive.ts';
import { beginKeyState } from '../store/key-state.ts';
import type { Versions } from '../store/policy-versions.ts';

/** The operator's log. */
type Log = { warn(message: string): void; error(message: string): void };

/** The policy that decides requests now, and the minimum document versions of the store. */
export type Served = {
  /** Null while no policy may decide: every request is then refused. */
  current(): Policy | null;
  /** The minimum document version of each kind, as last read from the store. */
  oldest(): Oldest;
  /** Whether all records have the derived values that filters compare, as last read from the store. */
  filled(): boolean;
  stop(): void;
};

const lookEveryMs = 300;

/**
 * Old keys are removed some time after the switch. A subgraph that has not read the key state for this long may use
 * removed keys, so it refuses requests. Removal waits longer than this plus the longest request (`usualGraceMs`).
 */
const staleMs = 10_000;

/** Returns the policy in force, combined with the version that rows are found by if that is another one. */
export async function policyServed(serving: number, inForce: Policy, versions: Versions): Promise<Policy> {
  if (inForce.source.version === serving) return inForce;
  return new BothPolicies(await versions.of(serving), inForce);
}

/**
 * Follows the policy in force and the store's key state. While rows are found by the keys of an older version, that
 * version and the one in force must both allow; a new version applies as soon as it is in force. The hub decides by the
 * newest version only, which can only remove rows from this subgraph's answer.
 */
export function followServed(
  store: CommunityStore,
  policies: Pick<PolicyWatch, 'current'>,
  versions: Versions,
  log: Log,
  maxMs = staleMs,
): Served {
  let found: Policy | null = null;
  let served: { readonly found: Policy; readonly inForce: Policy; readonly policy: Policy } | null = null;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let reported = '';
  let oldest: Oldest = {};
  let filled = false;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const report = (message: string) => {
    if (message !== '' && message !== reported) log.error(message);
    reported = message;
  };
  const look = async (): Promise<void> => {
    const inForce = policies.current()?.policy;
    const began = performance.now();
    try {
      if (inForce !== undefined) {
        const state = await beginKeyState(store, inForce.source.version);
        const { serving } = state;
        if (inForce.source.version === serving) found = inForce;
        else if (found?.source.version !== serving) found = await versions.of(serving);
        oldest = state.oldest ?? {};
        filled = isDerived(state);
        lookedAt = began;
        report('');
      }
    } catch (error) {
      report(`the key state of the store cannot be read: ${String(error)}`);
    }
    if (!stopped) timer = setTimeout(() => void look(), lookEveryMs).unref();
  };
  void look();
  return {
    current: () => {
      const inForce = policies.current()?.policy;
      if (inForce === undefined || found === null || performance.now() - lookedAt > maxMs) return null;
      if (served?.found !== found || served.inForce !== inForce) {
        const isOne = found.source.version === inForce.source.version;
        const policy = isOne ? inForce : new BothPolicies(found, inForce);
        served = { found, inForce, policy };
      }
      return served.policy;
    },
    oldest: () => oldest,
    filled: () => filled,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
