import { importJWK } from 'jose';
import { type Assertion, signAssertion } from '../../schema/assertion.ts';
import type { RequestContext } from '../request/context.ts';
import type { Vouch } from './source.ts';

/** The key that assertions are signed with. */
export type SigningKey = Parameters<typeof signAssertion>[2];

/** Reads a private Ed25519 JWK (RFC 8037). Throws where it is none or has no `kid`. */
export async function readSigningKey(jwk: Readonly<Record<string, unknown>>): Promise<SigningKey> {
  if (jwk['crv'] !== 'Ed25519' || typeof jwk['kid'] !== 'string' || typeof jwk['d'] !== 'string') {
    throw new Error('JCU_SIGNING_KEY_FILE: expected a private Ed25519 JWK with a kid');
  }
  return { id: jwk['kid'], privateKey: (await importJWK(jwk, 'EdDSA')) as SigningKey['privateKey'] };
}

/** Vouches for a reader towards one community: an assertion for this body, good for seconds and once. */
export function createVouch(community: string, deployment: string, policy: string, key: SigningKey): Vouch {
  return async (body: string, context: RequestContext) => {
    const { reader, correlationId } = context;
    const assertion: Assertion = { reader, policy, deployment, correlationId };
    const signed = await signAssertion(assertion, { audience: community, body }, key, new Date());
    return { authorization: `Bearer ${signed}` };
  };
}
