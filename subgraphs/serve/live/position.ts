import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';

/** A place in the changes of a store: in its log, and among the embargoes that end by the clock. */
export type Position = {
  /** The resume token of MongoDB's change stream. */
  readonly token: string;
  /** The time up to which the ends of embargoes were sent, in milliseconds since the epoch. */
  readonly endedTo: number;
};

const textBytes = 512;
const ivBytes = 12;
const tagBytes = 16;

/**
 * Encrypts a position with AES-256-GCM, bound to the community: the hub and its clients learn nothing from it. The nonce
 * is derived from the position, so one position always gives the same text.
 */
export function sealPosition({ token, endedTo }: Position, community: string, key: Buffer): string {
  const text = padded(JSON.stringify([token, endedTo]));
  const bound = boundTo(community);
  const iv = createHmac('sha256', key).update(`${bound}\n${text}`).digest().subarray(0, ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(bound));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** A token names a record, and its length tells the kind: all positions have one length. */
function padded(text: string): string {
  return text.padEnd(Math.ceil(text.length / textBytes) * textBytes);
}

/** Decrypts a position of this community; null for any other text. */
export function openPosition(sealed: string, community: string, key: Buffer): Position | null {
  try {
    const bytes = Buffer.from(sealed, 'base64url');
    const iv = bytes.subarray(0, ivBytes);
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from(boundTo(community)));
    decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
    const text =
      decipher.update(bytes.subarray(ivBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8');
    const [token, endedTo]: [string, number] = JSON.parse(text);
    return { token, endedTo };
  } catch {
    return null;
  }
}

function boundTo(community: string): string {
  return `position in the changes of ${community}`;
}
