import { createHash } from 'node:crypto';

/** The terms of a grant: the originator, the organisation that may read, and the end. */
export type GrantTerms = { readonly by: string; readonly to: string; readonly until: Date };

/** The longest time of a release, in days. */
export const maxReleaseDays = 366;

/**
 * Returns the id of the grant that a release uses. The hub enters the grant in its registry under this id before the
 * community stores it with the record. Releases with the same terms use one grant; other terms give another id, so a grant
 * never has the end of another release.
 */
export function grantIdOf({ by, to, until }: GrantTerms): string {
  const terms = JSON.stringify([by, to, until.toISOString()]);
  return createHash('sha256').update(terms).digest('base64url');
}

/** Returns whether a time can be the end of a release that is made now, or `slackDays` later. */
export function canEndRelease(until: Date, now: Date, slackDays = 0): boolean {
  return until > now && until.getTime() <= now.getTime() + (maxReleaseDays + slackDays) * 86_400_000;
}
