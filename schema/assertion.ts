import { createHash, randomUUID } from 'node:crypto';
import { type CryptoKey, type JWTVerifyGetKey, jwtVerify, SignJWT } from 'jose';
import type { Reader } from './reader.ts';

/**
 * The hub's word for a reader, to one subgraph, for one request: a JWT (RFC 7519) signed with Ed25519 (RFC 8037),
 * bound to the subgraph by `aud`, to the request by the SHA-256 of its body, and to this second by `exp`.
 */
export type Assertion = {
  readonly reader: Reader;
  /** The policy that the hub decided under. */
  readonly policy: string;
  /** The deployment's id: the issuer. */
  readonly deployment: string;
  /** Leads operators from a subgraph's log to the hub's. */
  readonly correlationId: string;
};

export type VerifiedAssertion = Assertion & { readonly id: string; readonly expiresAt: Date };

const type = 'jcu-assertion+jwt';
const lifetimeSeconds = 10;
const clockToleranceSeconds = 2;

/** Signs an assertion that holds for ten seconds, for this body and this subgraph only. */
export async function signAssertion(
  assertion: Assertion,
  request: { readonly audience: string; readonly body: string },
  key: { readonly id: string; readonly privateKey: CryptoKey },
  now: Date,
): Promise<string> {
  const seconds = Math.floor(now.getTime() / 1000);
  return await new SignJWT({
    reader: assertion.reader,
    policy: assertion.policy,
    correlationId: assertion.correlationId,
    body: digest(request.body),
  })
    .setProtectedHeader({ alg: 'EdDSA', typ: type, kid: key.id })
    .setIssuer(assertion.deployment)
    .setAudience(request.audience)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + lifetimeSeconds)
    .setJti(randomUUID())
    .sign(key.privateKey);
}

/**
 * Verifies a token against the hub's public keys. Throws on anything that is not exactly an assertion for this
 * audience, deployment and body within its seconds; a caller answers 401 and says nothing more.
 */
export async function verifyAssertion(
  token: string,
  expected: { readonly audience: string; readonly deployment: string; readonly body: string },
  keys: JWTVerifyGetKey,
  now: Date,
): Promise<VerifiedAssertion> {
  const { payload } = await jwtVerify<AssertionClaims>(token, keys, {
    algorithms: ['EdDSA'],
    typ: type,
    issuer: expected.deployment,
    audience: expected.audience,
    requiredClaims: ['exp', 'iat', 'jti', 'reader', 'policy', 'body', 'correlationId'],
    maxTokenAge: lifetimeSeconds,
    clockTolerance: clockToleranceSeconds,
    currentDate: now,
  });
  if (payload.body !== digest(expected.body)) throw new Error('the assertion is for another body');
  const { reader, policy, correlationId, jti = '', exp = 0 } = payload;
  return {
    reader,
    policy,
    correlationId,
    deployment: expected.deployment,
    id: jti,
    expiresAt: new Date(exp * 1000),
  };
}

type AssertionClaims = {
  readonly reader: Reader;
  readonly policy: string;
  readonly correlationId: string;
  readonly body: string;
};

function digest(body: string): string {
  return createHash('sha256').update(body).digest('base64url');
}

/** Assertions that were used: each is good once. Bounded by their seconds of life. */
export class UsedAssertions {
  readonly #until = new Map<string, number>();

  /** Whether this is its first use; remembers it until it could not pass any more. */
  take(assertion: Pick<VerifiedAssertion, 'id' | 'expiresAt'>, now: Date): boolean {
    for (const [id, until] of this.#until) {
      if (until >= now.getTime()) break;
      this.#until.delete(id);
    }
    if (this.#until.has(assertion.id)) return false;
    this.#until.set(assertion.id, assertion.expiresAt.getTime() + clockToleranceSeconds * 1000);
    return true;
  }
}
