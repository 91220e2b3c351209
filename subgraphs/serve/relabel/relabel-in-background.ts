import { randomUUID } from 'node:crypto';
import type { PolicyWatch } from '../../../schema/policy/bundle/in-force.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import { within } from '../../../schema/runtime/within.ts';
import { type CommunityStore, isOpen } from '../store/store.ts';
import { followKeyState } from '../store/key-assigner.ts';
import { readKeyState } from '../store/key-state.ts';
import type { Versions } from '../store/policy-versions.ts';
import { type Held, underLease } from '../store/walk/under-lease.ts';
import { isRefillDue, refill } from './refill.ts';
import { relabel, type RelabelOptions } from './relabel.ts';

type Log = { warn(message: string): void; error(message: string): void };
type Options = Pick<RelabelOptions, 'rest' | 'graceMs'> & {
  /** With it, records without derived values are refilled too. */
  readonly versions?: Versions;
};

const lookEveryMs = 1000;
const stopMs = 3000;

/**
 * Relabels a store in the background after each change of the policy. Only one subgraph process of the community does
 * it at a time, under a lease. A newer policy replaces the one that is in progress. After a failure the next attempt
 * continues with the records that are left.
 */
export function relabelInBackground(
  store: CommunityStore,
  policies: Pick<PolicyWatch, 'current'>,
  log: Log,
  options: Options = {},
) {
  const holder = randomUUID();
  const stopped = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    try {
      const policy = await findDue(store, policies);
      if (policy !== null)
        await relabelUnderLease(store, policies, policy, holder, stopped.signal, log, options);
      else await refillUnderLease(store, policies, holder, stopped.signal, log, options);
    } catch (error) {
      if (!stopped.signal.aborted) log.error(`relabelling failed and will be tried again: ${String(error)}`);
    }
    if (!stopped.signal.aborted) timer = setTimeout(again, lookEveryMs).unref();
  };
  const again = () => {
    looking = look();
  };
  let looking = look();
  return {
    stop: async () => {
      stopped.abort();
      clearTimeout(timer);
      // If the store is away, a transaction may still be open. The server aborts it.
      await within(stopMs, looking).catch(() => undefined);
    },
  };
}

/**
 * Returns the policy in force if some records lack its access keys or have those of another version; null otherwise.
 */
async function findDue(
  store: CommunityStore,
  policies: Pick<PolicyWatch, 'current'>,
): Promise<Policy | null> {
  const policy = policies.current()?.policy;
  const state = policy !== undefined && isOpen(store) ? await readKeyState(store) : null;
  if (policy === undefined || state === null) return null;
  const { version } = policy.source;
  if (Math.max(state.serving, state.next ?? 0) > version) return null;
  return state.serving === version && state.settled === version ? null : policy;
}

async function relabelUnderLease(
  store: CommunityStore,
  policies: Pick<PolicyWatch, 'current'>,
  policy: Policy,
  holder: string,
  stopped: AbortSignal,
  log: Log,
  options: Options,
): Promise<void> {
  const began = performance.now();
  const isOver = () =>
    policies.current()?.policy.source.version === policy.source.version ? null : 'another policy is in force';
  const work = async ({ signal, progress }: Held) =>
    await relabel(store, policy, { ...options, signal: AbortSignal.any([stopped, signal]), progress });
  const done = await underLease(store, 'relabel', holder, work, isOver);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (done !== null && done.added + done.cleaned > 0)
    log.warn(`relabelled ${done.added} records to version ${policy.source.version} in ${seconds} s`);
}

/** Derives the values of records that lack them. Filters are unavailable until it has ended. */
async function refillUnderLease(
  store: CommunityStore,
  policies: Pick<PolicyWatch, 'current'>,
  holder: string,
  stopped: AbortSignal,
  log: Log,
  { versions, rest }: Options,
): Promise<void> {
  const inForce = policies.current()?.policy.source.version;
  if (versions === undefined || inForce === undefined || !isOpen(store) || !(await isRefillDue(store)))
    return;
  const keyAssigner = followKeyState(store, versions, inForce);
  const work = async ({ signal, progress }: Held) =>
    await refill(store, keyAssigner, {
      ...(rest === undefined ? {} : { rest }),
      signal: AbortSignal.any([stopped, signal]),
      progress,
    });
  const done = await underLease(store, 'relabel', holder, work);
  if (done !== null && done > 0) log.warn(`derived the values that filters compare for ${done} records`);
}
