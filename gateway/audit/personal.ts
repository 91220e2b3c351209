import type { Reader } from '../../schema/protocol/reader.ts';
import { canonicalBytes, sha256 } from './canonical.ts';

/** Who asked, as the decision took it: erased, the entry still says which organisation. */
export type PersonalReader = Omit<Reader, 'organisation' | 'purpose' | 'picture'> & {
  /** The client's id at the issuer. */
  readonly clientId: string;
  /** The token's `jti`, where the issuer gives one. */
  readonly tokenId: string | null;
};

/** What was asked in the client's own words, any of which may name a person. */
export type PersonalOperation = {
  /** At most 256 characters of the operation's name. */
  readonly name: string | null;
  /** SHA-256 of the document's exact text. */
  readonly sha256: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Ids that are made of a value, such as an indicator's: by their place in the entry's `disclosed`. */
  readonly ids: readonly { readonly index: number; readonly id: string }[];
};

export const personalParts = ['reader', 'operation'] as const;
export type PersonalPart = (typeof personalParts)[number];

/** One erasable part: its canonical bytes (RFC 8785) and the 32 random bytes that keep it from being guessed. */
export type SaltedPart = { readonly salt: Uint8Array; readonly bytes: Uint8Array };

/** The erasable parts of one entry: each can be erased without the other, null where it was. */
export type PersonalParts = Readonly<Record<PersonalPart, SaltedPart | null>>;

/** A part under its salt; throws on a salt that is not of 32 bytes. */
export function saltPart(personal: PersonalReader | PersonalOperation, salt: Uint8Array): SaltedPart {
  if (salt.length !== 32) throw new RangeError(`expected a salt of 32 bytes, got ${salt.length}`);
  return { salt, bytes: canonicalBytes(personal) };
}

/**
 * The commitment that stands in the entry: SHA-256("jcu-hub trail v1 " + part + "\n" || salt || bytes), in hex. It
 * proves the part while that is there, and says nothing once part and salt are erased.
 */
export function commitTo(part: PersonalPart, salted: SaltedPart): string {
  return sha256(`jcu-hub trail v1 ${part}\n`, salted.salt, salted.bytes);
}

/** Whether a part is the one that the entry was written with. */
export function verifyPersonal(
  entry: Readonly<Record<PersonalPart, { readonly commitment: string }>>,
  part: PersonalPart,
  salted: SaltedPart,
): boolean {
  return salted.salt.length === 32 && commitTo(part, salted) === entry[part].commitment;
}
