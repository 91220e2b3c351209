import type { ClientSession } from 'mongodb';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import { noTerms } from '../../../schema/policy/decide/search-terms.ts';
import type { Oldest } from '../record/schema-versions.ts';
import type { CommunityStore } from './store.ts';
import {
  beginKeyState,
  chooseShard,
  holdKeyState,
  isSame,
  type KeyState,
  refuseOldProgram,
} from './key-state.ts';
import type { Versions } from './policy-versions.ts';

/** The policy, or the policies, that give the access keys of a record, and the version that is stored with them. */
export type KeyPolicy = Pick<Policy, 'admittedKeys' | 'searchTerms' | 'subscribeKeys' | 'version'> & {
  /** The versions of documents below which fields of older versions are no longer written. */
  readonly shed?: Oldest;
};

/** Gives access keys to the records that are written, by the policy versions that the store uses now. */
export type KeyAssigner = {
  /** Returns the keys of every policy version that rows are found by, or will be found by next. */
  current(): Promise<KeyPolicy>;
  /**
   * Makes the transaction fail unless the store still uses the versions that `current` returned last. Throws
   * KeyStateChanged where it does not.
   */
  hold(session: ClientSession): Promise<void>;
};

/** Assigns the keys of one policy version. For stores that are never relabelled, such as those of tests. */
export function assignKeysBy(policy: Policy): KeyAssigner {
  return { current: async () => await Promise.resolve(policy), hold: async () => await Promise.resolve() };
}

/** Assigns keys as the store's key state says. A store without one begins with version `first`. */
export function followKeyState(store: CommunityStore, versions: Versions, first: number): KeyAssigner {
  const shard = chooseShard();
  let known: { readonly state: KeyState; readonly keyPolicy: KeyPolicy } | null = null;
  return {
    current: async () => {
      const state = await beginKeyState(store, first);
      refuseOldProgram(store, state);
      if (known === null || !isSame(known.state, state)) {
        const combined = combine(await Promise.all(versionsToWrite(state).map(versions.of)));
        known = { state, keyPolicy: { ...combined, shed: state.shed ?? {} } };
      }
      return known.keyPolicy;
    },
    hold: async (session) => {
      if (known === null) throw new Error('expected a call of current() before hold()');
      await holdKeyState(store, shard, known.state, session);
    },
  };
}

/** Returns the policy versions whose keys a row must have now, the newest first. */
function versionsToWrite({ serving, next, leaving }: KeyState): readonly number[] {
  return [next, serving, leaving].filter((version) => version !== null);
}

/** Combines policy versions: a record gets the keys of all. Keys of two versions never match. */
function combine(policies: readonly Policy[]): KeyPolicy {
  const [newest] = policies;
  if (newest === undefined) throw new Error('expected at least one version of the policy');
  return {
    version: newest.version,
    admittedKeys: (envelope, kind) => {
      const all = policies.map((policy) => policy.admittedKeys(envelope, kind));
      return { admits: all.flatMap(({ admits }) => admits), early: all.flatMap(({ early }) => early) };
    },
    subscribeKeys: (envelope, kind, now) =>
      policies.flatMap((policy) => policy.subscribeKeys(envelope, kind, now)),
    searchTerms: (envelope, kind, field, paths, always) => {
      const isHidden = policies.some((one) => one.searchTerms(envelope, kind, field, paths) !== null);
      if (!isHidden && always !== true) return null;
      // If one version hides the field, readers of every version find its value by terms.
      const all = policies.map((one) => one.searchTerms(envelope, kind, field, paths, true) ?? noTerms);
      return { open: all.flatMap(({ open }) => open), early: all.flatMap(({ early }) => early) };
    },
  };
}
