import type { Reader } from '../../schema/protocol/reader.ts';
import { canonicalBytes, sha256 } from './canonical.ts';

/** The reader as the decision used it. After its erasure the entry still has the organisation. */
export type PersonalReader = Omit<Reader, 'organisation' | 'purpose' | 'picture'> & {
  /** The client's id at the issuer. */
  readonly clientId: string;
  /** The token's `jti`, if the issuer sets one. */
  readonly tokenId: string | null;
};

/** The parts of the operation that the client chose freely, so that they may name a person. */
export type PersonalOperation = {
  /** The first 256 characters of the operation's name. */
  readonly name: string | null;
  /** SHA-256 of the document's exact text. */
  readonly sha256: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Ids that contain a value, such as an indicator's, with their index in the entry's `disclosed`. */
  readonly ids: readonly { readonly index: number; readonly id: string }[];
};

/** The names of the erasable parts of an entry. */
export const personalParts = ['reader', 'operation'] as const;
/** The name of one erasable part. */
export type PersonalPart = (typeof personalParts)[number];

/** One erasable part: its canonical bytes (RFC 8785) and a salt of 32 random bytes against guessing. */
export type SaltedPart = { readonly salt: Uint8Array; readonly bytes: Uint8Array };

/** The erasable parts of one entry. Each can be erased separately; null if it was. */
export type PersonalParts = Readonly<Record<PersonalPart, SaltedPart | null>>;

/** Adds the salt to a part. Throws if the salt does not have 32 bytes. */
export function saltPart(personal: PersonalReader | PersonalOperation, salt: Uint8Array): SaltedPart {
  if (salt.length !== 32) throw new RangeError(`expected a salt of 32 bytes, got ${salt.length}`);
  return { salt, bytes: canonicalBytes(personal) };
}

/**
 * Returns the commitment in the entry: SHA-256("jcu-hub trail v1 " + part + "\n" || salt || bytes), in hex. It proves
 * the part while it exists. After part and salt are erased, it reveals nothing.
 */
export function commitTo(part: PersonalPart, salted: SaltedPart): string {
  return sha256(`jcu-hub trail v1 ${part}\n`, salted.salt, salted.bytes);
}

/** Returns whether a part matches the entry's commitment. */
export function verifyPersonal(
  entry: Readonly<Record<PersonalPart, { readonly commitment: string }>>,
  part: PersonalPart,
  salted: SaltedPart,
): boolean {
  return salted.salt.length === 32 && commitTo(part, salted) === entry[part].commitment;
}
