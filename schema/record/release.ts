import { createHash } from 'node:crypto';
import type { Reader } from '../protocol/reader.ts';

/** The terms of a grant: the originator, the organisation that may read, and the end. */
export type GrantTerms = {
  readonly by: string;
  readonly to: string;
  readonly until: Date;
  /** Of an emergency release: the only person of the organisation who may read, or null for all of its persons. */
  readonly emergency?: ForPerson | undefined;
  /** Of a release that two persons make: the same. */
  readonly proposal?: ForPerson | undefined;
};

type ForPerson = { readonly person: string | null };

/** The longest time of a release, in days. */
export const maxReleaseDays = 366;
/** The longest time of an emergency release, in hours (W9c). */
export const maxEmergencyHours = 24;

/** The longest time that a proposed release waits for its second person, in days. */
export const maxProposalDays = 7;

/**
 * The class of a grant, by which the policy decides what it opens: to an emergency release and to a release that two
 * persons made, more than to a standing grant.
 */
export type GrantClass = 'standing' | 'emergency' | 'confirmed';

/** No grant of another class has an id with one of these prefixes. */
const emergencyPrefix = 'emergency.';
const confirmedPrefix = 'confirmed.';

/**
 * Returns the id of the grant that a release uses. The hub enters the grant in its registry under this id before the
 * community stores it with the record. Releases with the same terms use one grant; other terms give another id, so a grant
 * never has the end of another release.
 */
export function grantIdOf({ by, to, until, emergency, proposal }: GrantTerms): string {
  const end = until.toISOString();
  if (emergency !== undefined) return `${emergencyPrefix}${digestOf([by, to, end, emergency.person])}`;
  if (proposal !== undefined) return `${confirmedPrefix}${digestOf([by, to, end, proposal.person])}`;
  return digestOf([by, to, end]);
}

/** Returns whether a reader is an officer on duty on screen, who alone may release in an emergency what its organisation owns. */
export function canReleaseInEmergency({ onScreen, roles }: Pick<Reader, 'onScreen' | 'roles'>): boolean {
  return onScreen && roles.includes('duty-officer');
}

/** Returns the class of a grant. */
export function grantClassOf(grant: string): GrantClass {
  if (isOfEmergency(grant)) return 'emergency';
  return grant.startsWith(confirmedPrefix) ? 'confirmed' : 'standing';
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

/** Returns the time until which a second person can confirm a release that is proposed now. */
export function endOfProposal(until: Date, now: Date): Date {
  return new Date(Math.min(until.getTime(), now.getTime() + maxProposalDays * 86_400_000));
}

/** Returns the end of the place of a proposed release in the registry: the clock of its community can be ahead by a minute. */
export function endOfPlace(confirmBy: Date): Date {
  return new Date(confirmBy.getTime() + 60_000);
}

/** Returns whether a time can be the end of an emergency release that is made now, or `slackHours` later. */
export function canEndEmergency(until: Date, now: Date, slackHours = 0): boolean {
  return until > now && until.getTime() <= now.getTime() + (maxEmergencyHours + slackHours) * 3_600_000;
}
