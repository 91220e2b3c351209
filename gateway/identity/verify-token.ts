import { createRemoteJWKSet, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { HubError } from '../../schema/errors.ts';
import { type Purpose, purposes } from '../../schema/record/vocabulary.ts';

/** The claims of a verified access token. */
export type VerifiedToken = {
  readonly subject: string;
  readonly clientId: string;
  /** The token's id (`jti`), if it has one. */
  readonly id: string | null;
  readonly organisation: string;
  readonly purpose: Purpose | null;
  /** `real` or the id of one exercise. */
  readonly picture: string;
  readonly acr: string | null;
  readonly interactive: boolean;
};

/** The expected issuer, audience and keys of an access token. */
export type TokenRules = {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: JWTVerifyGetKey;
};

const clockToleranceSeconds = 5;

/**
 * Verifies an access token (RFC 9068): algorithm, type, issuer, audience, times and every claim that decisions use.
 * Throws UNAUTHENTICATED for every fault, so that a client cannot learn which check failed.
 */
export async function verifyToken(token: string, rules: TokenRules, now: Date): Promise<VerifiedToken> {
  try {
    const { payload } = await jwtVerify(token, rules.keys, {
      algorithms: ['EdDSA', 'ES256', 'PS256'],
      typ: 'at+jwt',
      issuer: rules.issuer,
      audience: rules.audience,
      requiredClaims: ['exp', 'iat', 'sub', 'client_id', 'organisation', 'picture'],
      clockTolerance: clockToleranceSeconds,
      currentDate: now,
    });
    return readClaims(payload);
  } catch (error) {
    throw new HubError('UNAUTHENTICATED', String(error), { cause: error });
  }
}

/** Returns the issuer's keys. OpenID Connect Discovery runs at the first token, and again after a failure. */
export function discoverKeys(issuer: string): JWTVerifyGetKey {
  let keys: Promise<JWTVerifyGetKey> | null = null;
  return async (header, token) => {
    keys ??= discover(issuer).catch((error: unknown) => {
      keys = null;
      throw error;
    });
    return await (
      await keys
    )(header, token);
  };
}

async function discover(issuer: string): Promise<JWTVerifyGetKey> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(3000) });
  const metadata = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
  if (metadata.issuer !== issuer)
    throw new Error(`discovery: expected the issuer ${issuer}, got ${String(metadata.issuer)}`);
  return createRemoteJWKSet(new URL(String(metadata.jwks_uri)), {
    timeoutDuration: 3000,
    cooldownDuration: 5000,
  });
}

function readClaims(payload: JWTPayload): VerifiedToken {
  const purpose = payload['purpose'] ?? null;
  const known = purposes.find((one) => one === purpose) ?? null;
  if (purpose !== null && known === null) throw new Error('purpose: expected a value of the vocabulary');
  const picture = text('picture', payload['picture']);
  if (!/^(real|exercise:[a-z0-9-]{1,60})$/.test(picture))
    throw new Error('picture: expected `real` or `exercise:ID`');
  return {
    subject: text('sub', payload.sub),
    clientId: text('client_id', payload['client_id']),
    id: payload.jti === undefined ? null : text('jti', payload.jti),
    organisation: text('organisation', payload['organisation']),
    purpose: known,
    picture,
    acr: typeof payload['acr'] === 'string' ? payload['acr'] : null,
    interactive: payload['interactive'] === true,
  };
}

function text(name: string, claim: unknown): string {
  if (typeof claim !== 'string' || claim === '' || claim.length > 200)
    throw new Error(`${name}: expected a text of 1 to 200 characters`);
  return claim;
}
