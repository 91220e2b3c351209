import { type CryptoKey, importJWK } from 'jose';
import { z } from 'zod';

/** The public keys of the policy signers, by `kid`. */
export type PolicyKeys = ReadonlyMap<string, CryptoKey>;

const key = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  kid: z.string().min(1),
  x: z.string(),
});
const publicSet = z.object({ keys: z.array(key.extend({ d: z.undefined().optional() })).min(1) });

/** Reads a JWKS (RFC 7517) of public Ed25519 keys. Throws if the form is wrong, a `kid` occurs twice, or a key is private. */
export async function readPolicyKeys(text: string): Promise<PolicyKeys> {
  const keys = new Map<string, CryptoKey>();
  for (const jwk of parse(text, publicSet, 'a JWKS of public Ed25519 keys, each with its kid').keys) {
    if (keys.has(jwk.kid)) throw new Error(`two policy keys have the kid ${jwk.kid}`);
    keys.set(jwk.kid, await importKey(jwk));
  }
  return keys;
}

/** Reads the private key of a policy signer (JWK). Throws if the form is wrong; the message never quotes the text. */
export async function readPolicySigner(
  text: string,
): Promise<{ readonly id: string; readonly privateKey: CryptoKey }> {
  const jwk = parse(text, key.extend({ d: z.string() }), 'a private Ed25519 JWK with a kid');
  return { id: jwk.kid, privateKey: await importKey(jwk) };
}

async function importKey({ kty, crv, x, d }: z.infer<typeof key> & { readonly d?: string | undefined }) {
  const imported = await importJWK({ kty, crv, x, ...(d === undefined ? {} : { d }) }, 'EdDSA');
  if (imported instanceof Uint8Array) throw new Error('expected an Ed25519 key');
  return imported;
}

function parse<Shape extends z.ZodType>(text: string, shape: Shape, what: string): z.infer<Shape> {
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    throw new Error(`expected ${what}`);
  }
}
