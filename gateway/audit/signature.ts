import { createPublicKey, type KeyObject, type webcrypto, verify } from 'node:crypto';
import { z } from 'zod';

/** The hub's key for entries of the audit log: its Ed25519 signing key. */
export type EntryKey = { readonly id: string; readonly privateKey: webcrypto.CryptoKey };

/** The public keys that hubs of the deployment ever signed entries with, by `kid`. */
export type EntryKeys = ReadonlyMap<string, KeyObject>;

/** The key signs session offers too: the prefix makes sure that one signature is never valid as the other. */
const prefix = Buffer.from('jcu-hub trail v2 entry\n');

/** Signs the bytes of an entry: Ed25519 (RFC 8032) over the prefix and the bytes. */
export async function signEntry(bytes: Uint8Array, { privateKey }: EntryKey): Promise<Uint8Array> {
  const signed = Buffer.concat([prefix, bytes]);
  return new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, signed));
}

/** Returns whether a signature is of these bytes under this key. */
export function verifyEntry(bytes: Uint8Array, signature: Uint8Array, key: KeyObject): boolean {
  return verify(null, Buffer.concat([prefix, bytes]), key, signature);
}

const jwks = z.object({
  keys: z.array(
    z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), kid: z.string().min(1), x: z.string() }),
  ),
});

/** Reads a JWKS (RFC 7517) of the hub's public keys. Throws if it is invalid or has two keys with one `kid`. */
export function readEntryKeys(text: string): EntryKeys {
  const keys = new Map<string, KeyObject>();
  for (const { kty, crv, kid, x } of parse(text).keys) {
    if (keys.has(kid)) throw new Error(`expected one key of the hub for each kid, got two for ${kid}`);
    keys.set(kid, createPublicKey({ format: 'jwk', key: { kty, crv, x } }));
  }
  return keys;
}

function parse(text: string): z.infer<typeof jwks> {
  try {
    return jwks.parse(JSON.parse(text));
  } catch {
    throw new Error("expected a JWKS of the hub's public Ed25519 keys, each with its kid");
  }
}
