import { createHash } from 'node:crypto';
import type { Reader } from '../protocol/reader.ts';

/** The terms of a grant: the originator, the organisation that may read, and the end. */
export type GrantTerms = {
  readonly by: string;
  readonly to: string;
  readonly until: Date;
  /** Of an emergency release: the only person of the organisation who may read, or null for all of its persons. */
  readonly emergency?: { readonly person: string | null } | undefined;
};

/** The longest time of a release, in days. */
export const maxReleaseDays = 366;
/** The longest time of an emergency release, in hours (W9c). */
export const maxEmergencyHours = 24;

/** No other grant has an id with this prefix: the policy opens more to an emergency release than to a grant. */
const emergencyPrefix = 'emergency.';

/**
 * Returns the id of the grant that a release uses. The hub enters the grant in its registry under this id before the
 * community stores it with the record. Releases with the same terms use one grant; other terms give another id, so a grant
 * never has the end of another release.
 */
export function grantIdOf({ by, to, until, emergency }: GrantTerms): string {
  const end = until.toISOString();
  return emergency === undefined
    ? digestOf([by, to, end])
    : `${emergencyPrefix}${digestOf([by, to, end, emergency.person])}`;
}

/** Returns whether a reader is an officer on duty on screen, who alone may release in an emergency what its organisation owns. */
export function canReleaseInEmergency({ onScreen, roles }: Pick<Reader, 'onScreen' | 'roles'>): boolean {
  return onScreen && roles.includes('duty-officer');
}

/** Returns whether a grant is one of an emergency release. */
export function isOfEmergency(grant: string): boolean {
  return grant.startsWith(emergencyPrefix);
}

function digestOf(terms: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(terms)).digest('base64url');
}

/** Returns whether a time can be the end of a release that is made now, or `slackDays` later. */
export function canEndRelease(until: Date, now: Date, slackDays = 0): boolean {
  return until > now && until.getTime() <= now.getTime() + (maxReleaseDays + slackDays) * 86_400_000;
}

/** Returns whether a time can be the end of an emergency release that is made now, or `slackHours` later. */
export function canEndEmergency(until: Date, now: Date, slackHours = 0): boolean {
  return until > now && until.getTime() <= now.getTime() + (maxEmergencyHours + slackHours) * 3_600_000;
}
