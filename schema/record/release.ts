import { createHash } from 'node:crypto';
import { sharedKey } from './shared-types.ts';

/** The terms of a release: the key of the change, the organisation that may read, and the end. */
export type ReleaseTerms = {
  readonly by: string;
  readonly record: string;
  readonly key: string;
  readonly to: string;
  readonly until: Date;
};

/**
 * Returns the id of the grant that a release makes. The hub enters the grant in its registry under this id before the
 * community stores it with the record. Other terms give another id, so a grant never has the end of another release.
 */
export function grantIdOf({ by, record, key, to, until }: ReleaseTerms): string {
  const terms = JSON.stringify([by, record, key, to, until.toISOString()]);
  return createHash('sha256').update(terms).digest('base64url');
}

/** Returns the registry id in a registry id or in a key of Organisation. Null for any other text. */
export function organisationIn(text: string): string | null {
  return sharedKey('Organisation', text)?.slice('Organisation:'.length) ?? null;
}
