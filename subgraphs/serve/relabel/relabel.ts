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
import { type Step, writeRange } from './relabel-range.ts';

/** What a relabelling is told besides the store and the policy. */
export type RelabelOptions = WalkOptions & {
  /**
   * How long after the switch old keys are still written and none is removed, in milliseconds: longer than a subgraph
   * serves without looking at the state (`staleMs`), and the longest request that began under the old one.
   */
  readonly graceMs?: number;
};

/** How many records were written in either step. */
export type Relabelling = { readonly added: number; readonly cleaned: number };

/** How long a switch is waited for by default, in milliseconds. */
export const usualGraceMs = 30_000;

/**
 * Brings every record of a store, and its join rows, under a policy's keys: adds them beside those by which rows are
 * found, has rows found by the new ones, then removes the old. Safe to kill at any moment and to run twice at once:
 * what is left to do is told by the rows themselves. Throws where a newer policy is served here already.
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
    if (state === null) throw new Error('the state of the labels is gone');
    if (Math.max(state.serving, state.next ?? 0) > version)
      throw new Error(`expected version ${version} to be the newest, got ${state.next ?? state.serving}`);
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

/** Waits until nobody finds rows by the keys of the version before any more: until then every row bears them. */
async function leave(store: CommunityStore, state: KeyState, options: RelabelOptions): Promise<void> {
  const restMs = state.switchedAt.getTime() + (options.graceMs ?? usualGraceMs) - Date.now();
  if (restMs > 0) await pause(restMs, undefined, { signal: options.signal });
  await changeKeyState(store, state, { leaving: null });
}

/** Adds the keys to every row, then has rows found by them. */
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
  // Until a whole pass finds nothing: what came in behind the first one bears the keys, and this shows it.
  if (added > 0) return added;
  const switchedAt = new Date();
  const to = { serving: version, next: null, leaving: state.serving, settled: null, switchedAt };
  await changeKeyState(store, state, to);
  return 0;
}

/** Removes every other version's keys. */
async function settle(
  store: CommunityStore,
  policy: Policy,
  state: KeyState,
  options: RelabelOptions,
): Promise<number> {
  const { version } = policy.source;
  const foreign = { $elemMatch: { $not: keysOfVersion(version) } };
  const todo = { $or: [{ policy: { $ne: policy.version } }, { admits: foreign }, { admitsEarly: foreign }] };
  const cleaned = await pass(store, policy, { name: 'removing', state, todo }, options);
  if (cleaned === 0) await changeKeyState(store, state, { settled: version });
  return cleaned;
}

/** Walks through all records; gives how many were written. */
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
