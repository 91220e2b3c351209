import {
  createHmac,
  createPublicKey,
  createSecretKey,
  createHash,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomUUID,
  timingSafeEqual,
} from 'node:crypto';
import { type CryptoKey, jwtVerify, SignJWT } from 'jose';

/**
 * A session of one hub process with one subgraph. Its key signs assertions. The key is agreed with X25519 (RFC 7748) from
 * two ephemeral keys, so that a signing key that is stolen later does not reveal earlier sessions.
 *
 * The hub signs its ephemeral public key with Ed25519, so the subgraph authenticates the hub. The answer proves that the
 * subgraph derived the same key, so an attacker cannot insert another ephemeral key. The answer does not authenticate
 * the subgraph: as with any HTTP, any server at its address can answer. A deployment therefore uses TLS with verified
 * certificates, which also encrypts queries and responses. Without TLS an attacker on the network can answer in place of
 * the subgraph, but cannot query the subgraph, change a query, or replay an assertion.
 */
export type Session = {
  /** The `jti` of the offer; public. */
  readonly id: string;
  readonly deployment: string;
  readonly community: string;
  readonly key: KeyObject;
  readonly endsAt: Date;
};

/** The Ed25519 key that the hub signs its offers with. */
export type SigningKey = { readonly id: string; readonly privateKey: CryptoKey };

/** The hub's public keys by `kid`. `x` (RFC 8037) shows whether a key was replaced under the same `kid`. */
export type HubKeys = ReadonlyMap<string, { readonly x: string; readonly key: CryptoKey }>;

type Ends = { readonly deployment: string; readonly community: string };

/** The maximum difference between the clocks of hub and subgraph. */
export const clockToleranceSeconds = 2;

const type = 'jcu-session+jwt';
const lifetimeSeconds = 600;
/** An offer must be accepted within this time. The session lasts longer. */
const offerSeconds = 10;

/**
 * Creates the offer of a session: a JWT, signed by the hub, with its ephemeral public key. `conclude` verifies the answer
 * of the subgraph and returns the session. It throws if the answer does not prove that both derived the same key.
 */
export async function offerSession(ends: Ends, key: SigningKey, now: Date) {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const id = randomUUID();
  const issuedAt = Math.floor(now.getTime() / 1000);
  const token = await new SignJWT({ key: rawOf(publicKey) })
    .setProtectedHeader({ alg: 'EdDSA', typ: type, kid: key.id })
    .setIssuer(ends.deployment)
    .setAudience(ends.community)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + lifetimeSeconds)
    .setJti(id)
    .sign(key.privateKey);
  const conclude = (answer: unknown): Session => {
    const { key: theirs, proof } = readAnswer(answer);
    const derived = derive(privateKey, theirs, token, [rawOf(publicKey), theirs], ends);
    if (!isSame(proof, derived.proof))
      throw new Error('the proof in the answer does not match the session key');
    return { ...ends, id, key: derived.key, endsAt: new Date((issuedAt + lifetimeSeconds) * 1000) };
  };
  return { token, conclude };
}

/** A session that the subgraph accepted, with its answer to the hub. */
export type AcceptedSession = {
  readonly session: Session;
  /** The hub's key that signed the offer. The session ends when that key is removed. */
  readonly signedBy: { readonly kid: string; readonly x: string };
  /** When the offer expires. Until then a replay must be detected. */
  readonly offerEndsAt: Date;
  readonly answer: { readonly key: string; readonly proof: string };
};

/**
 * Verifies an offer and creates the session. Throws if the offer is not for this community and deployment, not signed by
 * one of the hub's keys, or older than ten seconds. The caller must also check that each offer is used only once.
 */
export async function acceptOffer(
  token: string,
  ends: Ends,
  keys: HubKeys,
  now: Date,
): Promise<AcceptedSession> {
  const { payload, protectedHeader } = await jwtVerify<{ readonly key: string }>(
    token,
    ({ kid }) => keyNamed(keys, kid).key,
    {
      algorithms: ['EdDSA'],
      typ: type,
      issuer: ends.deployment,
      audience: ends.community,
      requiredClaims: ['exp', 'iat', 'jti', 'key'],
      maxTokenAge: offerSeconds,
      clockTolerance: clockToleranceSeconds,
      currentDate: now,
    },
  );
  const { jti: id = '', iat = 0, exp = 0, key: theirs } = payload;
  if (exp - iat > lifetimeSeconds)
    throw new Error(`expected an offer for at most ${lifetimeSeconds} s, got ${exp - iat} s`);
  const kid = String(protectedHeader.kid);
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const derived = derive(privateKey, theirs, token, [theirs, rawOf(publicKey)], ends);
  return {
    session: { ...ends, id, key: derived.key, endsAt: new Date(exp * 1000) },
    signedBy: { kid, x: keyNamed(keys, kid).x },
    offerEndsAt: new Date((iat + offerSeconds + clockToleranceSeconds) * 1000),
    answer: { key: rawOf(publicKey), proof: derived.proof },
  };
}

function keyNamed(keys: HubKeys, kid: string | undefined) {
  const key = keys.get(kid ?? '');
  if (key === undefined) throw new Error('the offer is signed with a key that is not in JCU_HUB_KEYS_FILE');
  return key;
}

/**
 * Derives the session key with HKDF-SHA-256 (RFC 5869) from the shared secret, bound to the offer, both public keys and
 * both ends. OpenSSL rejects a public key of small order here, which would make the secret predictable.
 */
function derive(
  ours: KeyObject,
  theirs: string,
  token: string,
  publicKeys: readonly [hub: string, subgraph: string],
  ends: Ends,
): { readonly key: KeyObject; readonly proof: string } {
  const publicKey = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'X25519', x: theirs } });
  const secret = diffieHellman({ privateKey: ours, publicKey });
  const salt = createHash('sha256').update(token).digest();
  const info = JSON.stringify(['jcu-session', ends.deployment, ends.community, ...publicKeys]);
  const bytes = Buffer.from(hkdfSync('sha256', secret, salt, info, 64));
  return {
    key: createSecretKey(bytes.subarray(0, 32)),
    proof: createHmac('sha256', bytes.subarray(32)).update('subgraph').digest('base64url'),
  };
}

function rawOf(publicKey: KeyObject): string {
  return publicKey.export({ format: 'jwk' }).x ?? '';
}

function readAnswer(answer: unknown): { readonly key: string; readonly proof: string } {
  const { key, proof } = (answer ?? {}) as { key?: unknown; proof?: unknown };
  if (typeof key !== 'string' || typeof proof !== 'string') {
    throw new Error('expected an answer with a key and a proof from the subgraph');
  }
  return { key, proof };
}

/** Compares two MACs in base64url in constant time. */
function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
