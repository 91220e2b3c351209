import { HubError } from '../../../schema/errors.ts';
import { nonceFor, openSealed, seal } from '../../../schema/runtime/seal.ts';

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

/**
 * Encrypts a place, bound to the scope, so that a cursor reveals nothing about its row. The nonce is derived from both, so the
 * same row and scope always give the same bytes.
 */
export function sealCursor(place: Place, scope: CursorScope, key: Buffer): string {
  const text = JSON.stringify([place.sortAt.getTime(), place.id]);
  const bound = JSON.stringify(scope);
  return seal(text, bound, key, nonceFor(`${text}\n${bound}`, key));
}

/** Decrypts a cursor of this scope. Throws BAD_CURSOR for a forged cursor and for one of another scope. */
export function openCursor(cursor: string, scope: CursorScope, key: Buffer): Place {
  try {
    const [time, id]: [number, string] = JSON.parse(openSealed(cursor, JSON.stringify(scope), key));
    return { sortAt: new Date(time), id };
  } catch (error) {
    throw new HubError('BAD_CURSOR', 'the cursor cannot be decrypted in this scope', { cause: error });
  }
}
