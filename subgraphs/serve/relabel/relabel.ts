import { setTimeout as pause } from 'node:timers/promises';
import { keysOfVersion } from '../../../schema/policy/decide/access-keys.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { CommunityStore } from '../store/store.ts';
import {
  beginKeyState,
  changeKeyState,
  chooseShard,
  type KeyState,
  readKeyState,
  KeyStateChanged,
} from '../store/key-state.ts';
import { walk, type WalkOptions } from '../store/walk/walk.ts';
import { removeChangeRowsBefore } from '../sync/change-rows.ts';
import { type Step, writeRange } from './relabel-range.ts';

/** Options of a relabelling. */
export type RelabelOptions = WalkOptions & {
  /**
   * How long after the switch old keys are still written and not removed, in milliseconds. It must exceed the time
   * that a subgraph serves without reading the state (`staleMs`) plus the longest request.
   */
  readonly graceMs?: number;
};

/** How many records were written in each step. */
export type Relabelling = { readonly added: number; readonly cleaned: number };

/** The default of `graceMs`, in milliseconds. */
export const usualGraceMs = 30_000;

/**
 * Gives every record of a store, and its join rows, the access keys of a policy. Adds the new keys next to the old
 * ones, switches the store to the new keys, then removes the old ones. Safe to kill at any time and to run twice at
 * once: the rows show what is left to do. Throws if the store uses a newer policy already.
 */
export async function relabel(
  store: CommunityStore,
  policy: Policy,
  options: RelabelOptions = {},
): Promise<Relabelling> {
  const { version } = policy.source;
  let [added, cleaned] = [0, 0];
  await beginKeyState(store, version);
  for (;;) {
    options.signal?.throwIfAborted();
    const state = await readKeyState(store);
    if (state === null) throw new Error("expected the store's key state, got none");
    if (Math.max(state.serving, state.next ?? 0) > version)
      throw new Error(
        `expected version ${version} of the policy to be the newest in this store, got ${state.next ?? state.serving}`,
      );
    if (state.serving === version && state.settled === version) return { added, cleaned };
    try {
      if (state.leaving !== null) await leave(store, state, options);
      else if (state.serving === version) cleaned += await settle(store, policy, state, options);
      else added += await add(store, policy, state, options);
    } catch (error) {
      if (!(error instanceof KeyStateChanged)) throw error;
    }
  }
}

/** Waits until no request uses the previous version's keys. Every row has them until then. */
async function leave(store: CommunityStore, state: KeyState, options: RelabelOptions): Promise<void> {
  const restMs = state.switchedAt.getTime() + (options.graceMs ?? usualGraceMs) - Date.now();
  if (restMs > 0) await pause(restMs, undefined, { signal: options.signal });
  await changeKeyState(store, state, { leaving: null });
}

/** Adds the keys to every row, then switches the store to them. */
async function add(
  store: CommunityStore,
  policy: Policy,
  state: KeyState,
  options: RelabelOptions,
): Promise<number> {
  const { version } = policy.source;
  if (state.next !== version) {
    await changeKeyState(store, state, { next: version });
    return 0;
  }
  const todo = { policy: { $ne: policy.version } };
  const added = await pass(store, policy, { name: 'adding', state, todo }, options);
  // Switch only after a pass that wrote nothing: it proves that every row has the keys.
  if (added > 0) return added;
  const switchedAt = new Date();
  const to = { serving: version, next: null, leaving: state.serving, settled: null, switchedAt };
  await changeKeyState(store, state, to);
  return 0;
}

/** Removes the keys of all other versions. */
async function settle(
  store: CommunityStore,
  policy: Policy,
  state: KeyState,
  options: RelabelOptions,
): Promise<number> {
  const { version } = policy.source;
  const ofOthers = { $elemMatch: { $not: keysOfVersion(version) } };
  const todo = {
    $or: [
      { policy: { $ne: policy.version } },
      { admits: ofOthers },
      { admitsEarly: ofOthers },
      { terms: ofOthers },
    ],
  };
  const cleaned = await pass(store, policy, { name: 'removing', state, todo }, options);
  if (cleaned > 0) return cleaned;
  await removeChangeRowsBefore(store, version);
  await changeKeyState(store, state, { settled: version });
  return cleaned;
}

/** Walks through all records. Returns how many were written. */
async function pass(
  store: CommunityStore,
  policy: Policy,
  step: Step,
  options: RelabelOptions,
): Promise<number> {
  const shard = chooseShard();
  return await walk(
    store,
    [...store.records.keys()],
    step.name,
    options,
    async (kind, range) => await writeRange(store, policy, kind, range, step, shard),
  );
}
