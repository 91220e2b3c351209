import type { ClientSession } from 'mongodb';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { Oldest } from '../record/schema-versions.ts';
import type { CommunityStore } from './store.ts';
import {
  beginLabelling,
  chooseShard,
  holdLabelling,
  isSame,
  type Labelling,
  refuseOutgrown,
} from './labelling.ts';
import type { Versions } from './policy-versions.ts';

/** What makes a record's labels, and the version that they are told to be of. */
export type Labels = Pick<Policy, 'admittedKeys' | 'version'> & {
  /** What older versions of documents need not read any more; nothing where it is not said. */
  readonly shed?: Oldest;
};

/** What labels the records that are written: it follows the state of the store's labels. */
export type Labeller = {
  /** Makes the labels of a batch: the keys of every version that rows are found by, or soon will be. */
  current(): Promise<Labels>;
  /** Holds what `current` said for one transaction. Throws Relabelled where it is another by now. */
  hold(session: ClientSession): Promise<void>;
};

/** Labels by one policy, whatever happens: for stores that nobody relabels, as tests and benches have them. */
export function labelBy(policy: Policy): Labeller {
  return { current: async () => await Promise.resolve(policy), hold: async () => await Promise.resolve() };
}

/** Labels as the store says, beginning with a version where it says nothing yet. */
export function followLabelling(store: CommunityStore, versions: Versions, first: number): Labeller {
  const shard = chooseShard();
  let known: { readonly state: Labelling; readonly labels: Labels } | null = null;
  return {
    current: async () => {
      const state = await beginLabelling(store, first);
      refuseOutgrown(store, state);
      if (known === null || !isSame(known.state, state)) {
        const labels = besideEachOther(await Promise.all(written(state).map(versions.of)));
        known = { state, labels: { ...labels, shed: state.shed ?? {} } };
      }
      return known.labels;
    },
    hold: async (session) => {
      if (known === null) throw new Error('expected to be asked for labels before');
      await holdLabelling(store, shard, known.state, session);
    },
  };
}

/** The versions whose keys a row must bear now, the newest first. */
function written({ serving, next, leaving }: Labelling): readonly number[] {
  return [next, serving, leaving].filter((version) => version !== null);
}

/** The keys of several versions on one record; keys of two versions never meet. */
function besideEachOther(policies: readonly Policy[]): Labels {
  const [newest] = policies;
  if (newest === undefined) throw new Error('expected a version to label by');
  return {
    version: newest.version,
    admittedKeys: (envelope, kind) => {
      const all = policies.map((policy) => policy.admittedKeys(envelope, kind));
      return { admits: all.flatMap(({ admits }) => admits), early: all.flatMap(({ early }) => early) };
    },
  };
}
