import { openStoredBundle } from '../../../schema/policy/bundle/bundle.ts';
import type { PolicyArchive } from '../../../schema/policy/bundle/in-force.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';

/** The policies of all versions that were taken here, compiled at their first use. */
export type Versions = {
  /** Rejects where the version was never taken, is another than the one that was, or compiles no more. */
  readonly of: (version: number) => Promise<Policy>;
};

/** Compiles versions out of what a store remembers. */
export function versionsIn(memory: Pick<PolicyArchive, 'find'>): Versions {
  const known = new Map<number, Policy>();
  return {
    of: async (version) => {
      const policy = known.get(version) ?? openStoredBundle(await memory.find(version));
      known.set(version, policy);
      return policy;
    },
  };
}
