import { nonceFor, openSealed, seal } from '../../../schema/runtime/seal.ts';

/** A place in the changes of a store: in its log, and among the embargoes that end by the clock. */
export type Position = {
  /** The resume token of MongoDB's change stream. */
  readonly token: string;
  /** The time up to which the ends of embargoes were sent, in milliseconds since the epoch. */
  readonly endedTo: number;
};

const textBytes = 512;

/**
 * Encrypts a position, bound to the community: the hub and its clients learn nothing from it. The nonce is derived from the
 * position, so one position always gives the same text.
 */
export function sealPosition({ token, endedTo }: Position, community: string, key: Buffer): string {
  const text = padded(JSON.stringify([token, endedTo]));
  const bound = boundTo(community);
  return seal(text, bound, key, nonceFor(`${bound}\n${text}`, key));
}

/** The token has the id of a record, so its length tells the kind. Padding gives all positions one length. */
function padded(text: string): string {
  return text.padEnd(Math.ceil(text.length / textBytes) * textBytes);
}

/** Decrypts a position of this community; null for any other text. */
export function openPosition(sealed: string, community: string, key: Buffer): Position | null {
  try {
    const [token, endedTo]: [string, number] = JSON.parse(openSealed(sealed, boundTo(community), key));
    return { token, endedTo };
  } catch {
    return null;
  }
}

function boundTo(community: string): string {
  return `position in the changes of ${community}`;
}
