import { readKept } from './bundle.ts';
import type { PolicyArchive } from './in-force.ts';
import type { Policy } from '../decide/policy.ts';

/** The policy of a version as entries of the log name it; null where it was never in force here, or cannot be read. */
export type PolicyHistory = (version: string) => Promise<Policy | null>;

/** Compiled policies are large, and an inquiry is about few. */
const maxKept = 4;

/** Opens the policies that were ever in force for explaining decisions of their time. */
export function openPolicyHistory(memory: Pick<PolicyArchive, 'find'>): PolicyHistory {
  const compiled = new Map<number, Policy>();
  return async (version) => {
    const number = Number(/^joint-baseline-([1-9]\d{0,8})$/.exec(version)?.[1]);
    if (Number.isNaN(number)) return null;
    const policy = compiled.get(number) ?? (await readPolicyOf(number, memory));
    if (policy === null) return null;
    if (compiled.size >= maxKept) compiled.clear();
    compiled.set(number, policy);
    return policy;
  };
}

async function readPolicyOf(number: number, memory: Pick<PolicyArchive, 'find'>): Promise<Policy | null> {
  try {
    const policy = readKept(await memory.find(number));
    return policy.source.version === number ? policy : null;
  } catch {
    return null;
  }
}
