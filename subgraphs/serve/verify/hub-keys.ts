import { importJWK } from 'jose';
import { z } from 'zod';
import type { HubKeys } from '../../../schema/protocol/session.ts';

const base64url = z.string().regex(/^[\w-]{43}$/);

/** Public keys only. A file that contains a private key is rejected. */
const jwks = z.object({
  keys: z
    .array(
      z.object({
        kty: z.literal('OKP'),
        crv: z.literal('Ed25519'),
        kid: z.string().min(1).max(200),
        x: base64url,
        alg: z.enum(['EdDSA', 'Ed25519']).optional(),
        use: z.literal('sig').optional(),
        d: z.undefined().optional(),
      }),
    )
    .max(20),
});

/**
 * Parses the hub's public keys: a JWKS (RFC 7517) of at most 20 Ed25519 keys with distinct `kid`s. Throws on any other
 * text; the message contains nothing of the file. An empty set is valid: it accepts no session.
 */
export async function readHubKeys(text: string): Promise<HubKeys> {
  try {
    return await importKeys(text);
  } catch {
    throw new Error('JCU_HUB_KEYS_FILE: expected a JWKS of public Ed25519 keys, each with a unique kid');
  }
}

async function importKeys(text: string): Promise<HubKeys> {
  const { keys } = jwks.parse(JSON.parse(text));
  const imported = await Promise.all(
    keys.map(async ({ kid, x }) => {
      const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x }, 'EdDSA');
      return [kid, { x, key }] as const;
    }),
  );
  const byKid = new Map(imported);
  if (byKid.size !== keys.length) throw new Error('two keys have the same kid');
  return byKid;
}
