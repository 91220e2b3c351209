import { setTimeout as sleep } from 'node:timers/promises';
import type { PolicyArchive, PolicyWatch } from '../../../schema/policy/bundle/in-force.ts';
import { nameOfVersion, numberOfVersion } from '../../../schema/policy/decide/policy.ts';

type Log = { error(message: string): void };

/** Checks the policy version that the hub decided under. */
export type HubVersion = {
  /** Whether this subgraph answers a request that the hub decided under this version. */
  accepts(version: string): Promise<boolean>;
};

/** Longer than a busy subgraph takes to notice and load a changed bundle (schema/policy/bundle/in-force.ts). */
const waitMs = 4000;
const pollMs = 50;

/**
 * Compares the policy version of the hub with the one in force here.
 *
 * - Same version: accepted.
 * - The version in force here before the current one: accepted, so that a bundle can be installed at the subgraphs
 *   first. The reader gets what both versions allow.
 * - Newer version: waits up to 4 s for the bundle to arrive here, then refuses.
 * - Any other version: refused, and logged once. Otherwise rows would be decided by outdated rules, or the audit log
 *   would name an outdated policy.
 */
export function compareHubVersion(
  policies: Pick<PolicyWatch, 'current'>,
  archive: Pick<PolicyArchive, 'before'>,
  log: Log,
): HubVersion {
  let cached: { readonly of: number; readonly version: Promise<number | null> } | null = null;
  let lastLogged = '';
  const previous = async (version: number): Promise<number | null> => {
    if (cached?.of !== version) cached = { of: version, version: archive.before(version) };
    return await cached.version.catch((error: unknown) => {
      cached = null;
      throw error;
    });
  };
  const compare = async (hub: string): Promise<'accepted' | 'newer' | 'other'> => {
    const own = policies.current()?.version;
    if (own === undefined) return 'newer';
    if (hub === nameOfVersion(own)) return 'accepted';
    const theirs = numberOfVersion(hub);
    if (theirs !== null && theirs > own) return 'newer';
    return theirs !== null && theirs === (await previous(own)) ? 'accepted' : 'other';
  };
  const refuse = (hub: string): boolean => {
    const own = policies.current()?.version;
    const message = `refused a request: the hub decides by policy ${hub.slice(0, 64)}, this subgraph by version ${own ?? 'none'}. Install the same bundle at both (JCU_POLICY_BUNDLE_FILE), at the subgraph first.`;
    if (lastLogged !== message) log.error(message);
    lastLogged = message;
    return false;
  };
  return {
    accepts: async (hub) => {
      const until = performance.now() + waitMs;
      for (;;) {
        const result = await compare(hub);
        if (result === 'accepted') return true;
        if (result === 'other' || performance.now() > until) return refuse(hub);
        await sleep(pollMs);
      }
    },
  };
}
