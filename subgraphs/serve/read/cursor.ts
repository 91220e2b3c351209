import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { HubError } from '../../../schema/errors.ts';

/** A place in a list: the sort key and the id of the row before it. */
export type Place = { readonly sortAt: Date; readonly id: string };

/** The scope that a cursor is bound to: reader, picture, list, filter and order. */
export type CursorScope = {
  readonly subject: string;
  readonly picture: string;
  readonly list: string;
  readonly filter: unknown;
  readonly direction: 'ASC' | 'DESC';
};

const ivBytes = 12;
const tagBytes = 16;

/**
 * Encrypts a place with AES-256-GCM, with the scope as associated data, so that a cursor reveals nothing about its row.
 * The nonce is derived from both, so the same row and scope always give the same bytes.
 */
export function sealCursor(place: Place, scope: CursorScope, key: Buffer): string {
  const text = JSON.stringify([place.sortAt.getTime(), place.id]);
  const bound = JSON.stringify(scope);
  const iv = createHmac('sha256', key).update(`${text}\n${bound}`).digest().subarray(0, ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(bound));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** Decrypts a cursor of this scope. Throws BAD_CURSOR for a forged cursor and for one of another scope. */
export function openCursor(cursor: string, scope: CursorScope, key: Buffer): Place {
  try {
    const bytes = Buffer.from(cursor, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(Buffer.from(JSON.stringify(scope)));
    decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
    const text =
      decipher.update(bytes.subarray(ivBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8');
    const [time, id]: [number, string] = JSON.parse(text);
    return { sortAt: new Date(time), id };
  } catch (error) {
    throw new HubError('BAD_CURSOR', 'the cursor cannot be decrypted in this scope', { cause: error });
  }
}
