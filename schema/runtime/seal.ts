import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

const nonceBytes = 12;
const tagBytes = 16;

/**
 * Encrypts a text with AES-256-GCM, with `scope` as associated data. Returns nonce, tag and ciphertext in base64url. The
 * nonce is random by default. Cursors, positions and ids of events have this format, and clients keep them: a change of it
 * makes them invalid.
 */
export function seal(
  text: string,
  scope: string,
  key: Buffer,
  nonce: Buffer = randomBytes(nonceBytes),
): string {
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(scope));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** Decrypts a text of this scope and key. Throws for any other. */
export function openSealed(sealed: string, scope: string, key: Buffer): string {
  const bytes = Buffer.from(sealed, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(scope));
  decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
  return decipher.update(bytes.subarray(nonceBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8');
}

/**
 * Derives a nonce, so that equal texts in one scope give equal results. `all` must hold both the text and the scope: a nonce
 * that is used for two of them breaks the encryption.
 */
export function nonceFor(all: string, key: Buffer): Buffer {
  return createHmac('sha256', key).update(all).digest().subarray(0, nonceBytes);
}
