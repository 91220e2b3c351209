import { setTimeout as pause } from 'node:timers/promises';
import type { PolicyArchive, PolicyWatch } from '../../../schema/policy/bundle/in-force.ts';
import { nameOfVersion, numberOfVersion } from '../../../schema/policy/decide/policy.ts';

type Log = { error(words: string): void };

/** Whether a request of a hub that decided under this version is answered here. */
export type HubVersion = { accepts(version: string): Promise<boolean> };

/** Longer than a part needs, on a busy machine, to see that a bundle is another and to take it (schema/policy/bundle/in-force.ts). */
const waitMs = 4000;
const againMs = 50;

/**
 * Compares the version that the hub decided under with the one in force here. The same is answered, and the one taken
 * before it, so that a new bundle may come to the subgraphs first: what is given is what both allow. A hub that is ahead
 * is waited for, since its bundle may be on its way; after that, as with any other version, the request is refused and
 * the operator told: rows would be decided by rules that are no more, or the trail would name a policy of long ago.
 */
export function compareHubVersion(
  policies: Pick<PolicyWatch, 'current'>,
  archive: Pick<PolicyArchive, 'before'>,
  log: Log,
): HubVersion {
  let before: { readonly of: number; readonly version: Promise<number | null> } | null = null;
  let said = '';
  const previous = async (version: number): Promise<number | null> => {
    if (before?.of !== version) before = { of: version, version: archive.before(version) };
    return await before.version.catch((error: unknown) => {
      before = null;
      throw error;
    });
  };
  const judge = async (hub: string): Promise<'same' | 'ahead' | 'foreign'> => {
    const own = policies.current()?.version;
    if (own === undefined) return 'ahead';
    if (hub === nameOfVersion(own)) return 'same';
    const theirs = numberOfVersion(hub);
    if (theirs !== null && theirs > own) return 'ahead';
    return theirs !== null && theirs === (await previous(own)) ? 'same' : 'foreign';
  };
  const refuse = (hub: string): boolean => {
    const own = policies.current()?.version;
    const words = `the hub decides by ${hub.slice(0, 64)}, and version ${own ?? 'none'} is in force here: it is refused. Put the same bundle in place at both (JCU_POLICY_BUNDLE_FILE), here first.`;
    if (said !== words) log.error(words);
    said = words;
    return false;
  };
  return {
    accepts: async (hub) => {
      const until = performance.now() + waitMs;
      for (;;) {
        const judged = await judge(hub);
        if (judged === 'same') return true;
        if (judged === 'foreign' || performance.now() > until) return refuse(hub);
        await pause(againMs);
      }
    },
  };
}
