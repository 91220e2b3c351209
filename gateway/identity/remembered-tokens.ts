import { createHash, type webcrypto } from 'node:crypto';
import type { JWTHeaderParameters, JWTPayload } from 'jose';
import { ByteCache } from '../../schema/runtime/byte-cache.ts';

/** A token whose signature was verified, with the key that verified it. */
export type RememberedToken = {
  readonly payload: JWTPayload;
  readonly header: JWTHeaderParameters;
  readonly key: webcrypto.CryptoKey | Uint8Array;
};

/** About 3000 tokens of 1 KB. */
const maxBytes = 8_000_000;

/**
 * Remembers tokens whose signature was verified, by their hash, so that a client's next request costs no signature. Only
 * the signature is remembered. At each request the issuer's key is looked up again and must be the same, so that a key
 * which the issuer withdrew is refused as early as without this cache; and the times are compared again.
 */
export class RememberedTokens {
  readonly #tokens = new ByteCache<RememberedToken>(maxBytes, 'tokens');

  find(token: string): RememberedToken | undefined {
    return this.#tokens.get(hashOf(token));
  }

  add(token: string, verified: RememberedToken): void {
    this.#tokens.set(hashOf(token), verified, 2 * token.length);
  }

  forget(token: string): void {
    this.#tokens.delete(hashOf(token));
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
