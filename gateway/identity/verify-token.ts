import { type JWTPayload, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { HubError } from '../../schema/errors.ts';
import type { RememberedTokens } from './remembered-tokens.ts';
import { type Purpose, purposes } from '../../schema/record/vocabulary.ts';

/** The claims of a verified access token. */
export type VerifiedToken = {
  readonly subject: string;
  readonly clientId: string;
  /** The token's id (`jti`). RFC 9068 requires it, and a single token is revoked by it. */
  readonly id: string;
  readonly organisation: string;
  readonly purpose: Purpose | null;
  /** `real` or the id of one exercise. */
  readonly picture: string;
  readonly acr: string | null;
  readonly interactive: boolean;
  readonly expiresAt: Date;
};

/** The expected issuer, audience and keys of an access token. */
export type TokenRules = {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: JWTVerifyGetKey;
  /** The maximum time between issue and expiry, in seconds. */
  readonly maxTokenSeconds: number;
  /** The tokens whose signature was verified before. Without it, the signature is verified at each request. */
  readonly remembered?: RememberedTokens;
};

const clockToleranceSeconds = 5;

/**
 * Verifies an access token (RFC 9068): algorithm, type, issuer, audience, times and every claim that decisions use.
 * Throws UNAUTHENTICATED for every fault, so that a client cannot learn which check failed.
 */
export async function verifyToken(token: string, rules: TokenRules, now: Date): Promise<VerifiedToken> {
  try {
    const payload = (await recall(token, rules, now)) ?? (await verify(token, rules, now));
    checkLifetime(payload, rules.maxTokenSeconds, now);
    return readClaims(payload);
  } catch (error) {
    if (error instanceof HubError) throw error;
    throw new HubError('UNAUTHENTICATED', String(error), { cause: error });
  }
}

async function verify(token: string, rules: TokenRules, now: Date): Promise<JWTPayload> {
  const { payload, protectedHeader, key } = await jwtVerify(token, rules.keys, {
    algorithms: ['EdDSA', 'ES256', 'PS256'],
    typ: 'at+jwt',
    issuer: rules.issuer,
    audience: rules.audience,
    requiredClaims: ['exp', 'iat', 'jti', 'sub', 'client_id', 'organisation', 'picture'],
    clockTolerance: clockToleranceSeconds,
    currentDate: now,
  });
  rules.remembered?.add(token, { payload, header: protectedHeader, key });
  return payload;
}

/**
 * Returns the claims of a token that was verified before with a key that the issuer still has, if its times still hold;
 * null if it must be verified. Throws as the lookup of the key does.
 */
async function recall(
  token: string,
  { remembered, keys }: TokenRules,
  now: Date,
): Promise<JWTPayload | null> {
  const known = remembered?.find(token);
  if (known === undefined) return null;
  const key = await keys(known.header, { payload: '', signature: '' });
  const seconds = now.getTime() / 1000;
  const { exp = 0, nbf = 0 } = known.payload;
  const isInTime = exp > seconds - clockToleranceSeconds && nbf <= seconds + clockToleranceSeconds;
  if (key === known.key && isInTime) return known.payload;
  remembered?.forget(token);
  return null;
}

/** jose checks that `exp` is in the future, but not that `iat` is in the past, nor how long the token is valid. */
function checkLifetime({ iat, exp }: JWTPayload, maxSeconds: number, now: Date): void {
  if (typeof iat !== 'number' || typeof exp !== 'number') throw new Error('iat, exp: expected numbers');
  if (iat > now.getTime() / 1000 + clockToleranceSeconds)
    throw new Error('iat: the token is from the future');
  if (exp <= iat) throw new Error('exp: expected a time after iat');
  if (exp - iat > maxSeconds)
    throw new Error(`exp: expected at most ${maxSeconds} s after iat, got ${exp - iat} s`);
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
    id: text('jti', payload.jti),
    organisation: text('organisation', payload['organisation']),
    purpose: known,
    picture,
    acr: typeof payload['acr'] === 'string' ? payload['acr'] : null,
    interactive: payload['interactive'] === true,
    expiresAt: new Date((payload.exp ?? 0) * 1000),
  };
}

function text(name: string, claim: unknown): string {
  if (typeof claim !== 'string' || claim === '' || claim.length > 200)
    throw new Error(`${name}: expected a text of 1 to 200 characters`);
  return claim;
}
