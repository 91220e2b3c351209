import { openStoredBundle } from './bundle.ts';
import type { PolicyArchive } from './in-force.ts';
import { numberOfVersion, type Policy } from '../decide/policy.ts';

/** Returns the policy of a version such as `joint-baseline-6`; null if it was never in force here or cannot be read. */
export type PolicyHistory = (version: string) => Promise<Policy | null>;

/** A compiled policy is large, and an inquiry needs few. */
const maxCached = 4;

/** Opens the policies that were in force before, so that decisions of their time can be explained. */
export function openPolicyHistory(memory: Pick<PolicyArchive, 'find'>): PolicyHistory {
  const compiled = new Map<number, Policy>();
  return async (version) => {
    const number = numberOfVersion(version);
    if (number === null) return null;
    const policy = compiled.get(number) ?? (await readPolicyOf(number, memory));
    if (policy === null) return null;
    if (compiled.size >= maxCached) compiled.clear();
    compiled.set(number, policy);
    return policy;
  };
}

async function readPolicyOf(number: number, memory: Pick<PolicyArchive, 'find'>): Promise<Policy | null> {
  try {
    const policy = openStoredBundle(await memory.find(number));
    return policy.source.version === number ? policy : null;
  } catch {
    return null;
  }
}
