import { BothPolicies } from '../../../schema/policy/decide/both.ts';
import type { PolicyWatch } from '../../../schema/policy/bundle/in-force.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { Oldest } from '../record/schema-versions.ts';
import type { CommunityStore } from '../store/store.ts';
import { beginKeyState } from '../store/key-state.ts';
import type { Versions } from '../store/policy-versions.ts';

/** Where an operator is told of what cannot be served. */
type Log = { warn(words: string): void; error(words: string): void };

/** The policy that requests are decided under now; null while none may be, and then everything is refused. */
export type Served = {
  current(): Policy | null;
  /** The oldest version of each kind's documents that the store is held to, as it was looked at a moment ago. */
  oldest(): Oldest;
  stop(): void;
};

const lookEveryMs = 300;

/**
 * Old keys are removed some time after the switch: who has not looked at the state for so long knows nothing, and
 * refuses. Removing waits for this, and for the longest request, and more (`usualGraceMs`).
 */
const staleMs = 10_000;

/** The policy of a store whose rows are found by one version, while another is in force: both. */
export async function policyServed(serving: number, inForce: Policy, versions: Versions): Promise<Policy> {
  if (inForce.source.version === serving) return inForce;
  return new BothPolicies(await versions.of(serving), inForce);
}

/**
 * Follows both the policy in force and the state of the store's labels. While rows are found by an older version's
 * keys, that version and the one in force must both allow; a new one binds from the moment that it is in force. The hub
 * need not know: it decides by the newest version alone, and only takes away from what is given here.
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
  let said = '';
  let oldest: Oldest = {};
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const tell = (words: string) => {
    if (words !== '' && words !== said) log.error(words);
    said = words;
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
        lookedAt = began;
        tell('');
      }
    } catch (error) {
      tell(`which keys rows are found by cannot be told: ${String(error)}`);
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
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
