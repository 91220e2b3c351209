import type { Collection, Db } from 'mongodb';
import {
  beginConfirmation,
  type Confirmation,
  endConfirmation,
  forgetConfirmations,
} from './confirmations.ts';
import { dropGrants, type GrantEntry, indexGrants, keepGrants, withdrawGrant } from './grants.ts';
import { orUnavailable } from './or-unavailable.ts';

/** The grants of the registry, as releases and proposed releases change them. */
export type GrantRegistry = {
  /** Enters grants. Returns false, without the rest of them, if the organisation that would get one has too many. */
  keepGrants(entries: readonly GrantEntry[], now: Date): Promise<boolean>;
  /** Takes back grants whose releases were refused. */
  dropGrants(ids: readonly string[]): Promise<void>;
  /** Keeps the place of a grant whose proposed release is about to be confirmed. Returns false if there is no place. */
  beginConfirmation(
    of: Omit<Confirmation, 'grant'> & { readonly entry: GrantEntry },
    now: Date,
  ): Promise<boolean>;
  /** Notes whether a confirmation was made or refused. */
  endConfirmation(of: Omit<Confirmation, 'release'>, isMade: boolean): Promise<void>;
  /** Removes the earlier confirmations of a release that has lapsed. */
  forgetConfirmations(of: Omit<Confirmation, 'attempt'>, now: Date): Promise<void>;
  /** Takes back the grant of a proposed release that was withdrawn. */
  withdrawGrant(of: Omit<Confirmation, 'attempt'>): Promise<void>;
};

/** Opens the grants of the registry. Every method throws REGISTRY_UNAVAILABLE as `openRegistry` says. */
export function openGrants(db: Db, ms: number): GrantRegistry {
  const grants: Collection<GrantEntry> = db.collection('grants');
  let indexed: Promise<void> | null = null;
  const index = async () => {
    indexed ??= indexGrants(grants);
    await indexed.catch((error: unknown) => {
      indexed = null;
      throw error;
    });
  };
  return {
    keepGrants: async (entries, now) =>
      await orUnavailable(ms, async () => {
        await index();
        return await keepGrants(grants, entries, now, ms);
      }),
    dropGrants: async (ids) => await orUnavailable(ms, async () => await dropGrants(grants, ids, ms)),
    beginConfirmation: async (of, now) =>
      await orUnavailable(ms, async () => {
        await index();
        return await beginConfirmation(grants, of, now, ms);
      }),
    endConfirmation: async (of, isMade) =>
      await orUnavailable(ms, async () => await endConfirmation(grants, of, isMade, ms)),
    forgetConfirmations: async (of, now) =>
      await orUnavailable(ms, async () => await forgetConfirmations(grants, of, now, ms)),
    withdrawGrant: async (of) =>
      await orUnavailable(ms, async () => {
        await withdrawGrant(grants, of, ms);
        await forgetConfirmations(grants, of, null, ms);
      }),
  };
}
