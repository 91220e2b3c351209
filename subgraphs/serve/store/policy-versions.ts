import { openStoredBundle } from '../../../schema/policy/bundle/bundle.ts';
import type { PolicyArchive } from '../../../schema/policy/bundle/in-force.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';

/** The policies of all versions that were accepted, compiled at their first use. */
export type Versions = {
  /** Rejects if the version was never accepted, differs from the accepted one, or no longer compiles. */
  readonly of: (version: number) => Promise<Policy>;
};

/** Returns the versions of a policy archive. */
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
