import { randomUUID } from 'node:crypto';
import type { PolicyWatch } from '../../../schema/policy/bundle/in-force.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import { within } from '../../../schema/runtime/within.ts';
import { type CommunityStore, isOpen } from '../store/store.ts';
import { readKeyState } from '../store/key-state.ts';
import { type Held, underLease } from '../store/walk/under-lease.ts';
import { relabel, type RelabelOptions } from './relabel.ts';

type Log = { warn(words: string): void; error(words: string): void };
type Options = Pick<RelabelOptions, 'rest' | 'graceMs'>;

const lookEveryMs = 1000;
const stopMs = 3000;

/**
 * Relabels a store in the background whenever another policy has come into force: one subgraph of the community at a
 * time, under a lease that ends with its holder. A newer policy in the middle takes its place. What fails is tried
 * again, and goes on where it was.
 */
export function relabelInBackground(
  store: CommunityStore,
  policies: Pick<PolicyWatch, 'current'>,
  log: Log,
  options: Options = {},
) {
  const holder = randomUUID();
  const told = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    try {
      const policy = await findDue(store, policies);
      if (policy !== null)
        await relabelUnderLease(store, policies, policy, holder, told.signal, log, options);
    } catch (error) {
      if (!told.signal.aborted)
        log.error(`the records are not relabelled yet: ${String(error)}; it is tried again`);
    }
    if (!told.signal.aborted) timer = setTimeout(again, lookEveryMs).unref();
  };
  const again = () => {
    looking = look();
  };
  let looking = look();
  return {
    stop: async () => {
      told.abort();
      clearTimeout(timer);
      // A store that is lost may keep a transaction waiting: what it holds undoes itself.
      await within(stopMs, looking).catch(() => undefined);
    },
  };
}

/** The policy in force, where the store's records are not under it and it alone. */
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
  told: AbortSignal,
  log: Log,
  options: Options,
): Promise<void> {
  const began = performance.now();
  const isOver = () =>
    policies.current()?.policy.source.version === policy.source.version ? null : 'another policy is in force';
  const work = async ({ signal, progress }: Held) =>
    await relabel(store, policy, { ...options, signal: AbortSignal.any([told, signal]), progress });
  const done = await underLease(store, 'relabel', holder, work, isOver);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (done !== null && done.added + done.cleaned > 0)
    log.warn(`records relabelled to version ${policy.source.version}: ${done.added}, in ${seconds} s`);
}
