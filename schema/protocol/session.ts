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
 * A session of one hub process with one subgraph: the key that assertions are made under, agreed by X25519 (RFC 7748)
 * of two keys that exist for this session alone, so that a signing key that is stolen later opens nothing of before.
 *
 * The hub signs its half with Ed25519, so a subgraph knows that it speaks to the hub. The answer proves possession of
 * the same key, so no stranger can put a half of their own into a session that the subgraph takes. It does not prove
 * who the subgraph is: whoever answers at its address is taken for it, as with any HTTP. A deployment therefore
 * reaches its subgraphs by TLS with their certificates checked, or mutual TLS, which also keeps the questions and
 * answers themselves from being read on the way. Without it, somebody on the way can answer in the subgraph's stead;
 * they still cannot ask the subgraph anything, change a question, or use an assertion a second time.
 */
export type Session = {
  /** The `jti` of the offer: public. */
  readonly id: string;
  readonly deployment: string;
  readonly community: string;
  readonly key: KeyObject;
  readonly endsAt: Date;
};

/** The Ed25519 key that the hub signs its offers with. */
export type SigningKey = { readonly id: string; readonly privateKey: CryptoKey };

/** The hub's public keys by `kid`, each with its `x` (RFC 8037), which tells a replaced key from one that stayed. */
export type HubKeys = ReadonlyMap<string, { readonly x: string; readonly key: CryptoKey }>;

type Ends = { readonly deployment: string; readonly community: string };

/** How far the clocks of hub and subgraph may be apart. */
export const clockToleranceSeconds = 2;

const type = 'jcu-session+jwt';
const lifetimeSeconds = 600;
/** An offer is taken within these seconds, and once; the session that it makes lives on. */
const offerSeconds = 10;

/**
 * Offers a session: a JWT signed with the hub's key that holds the hub's half. `conclude` takes the subgraph's answer
 * and gives the session; it throws where the answer does not prove the same key.
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
    if (!isSame(proof, derived.proof)) throw new Error('the answer does not prove the key of the session');
    return { ...ends, id, key: derived.key, endsAt: new Date((issuedAt + lifetimeSeconds) * 1000) };
  };
  return { token, conclude };
}

/** A session as the subgraph took it, with the half and the proof that the hub is answered. */
export type TakenSession = {
  readonly session: Session;
  /** The `kid` and `x` of the hub's key that the offer was signed with: the session ends with that key. */
  readonly signedBy: { readonly kid: string; readonly x: string };
  /** After this the offer itself could not be taken any more. */
  readonly offerEndsAt: Date;
  readonly answer: { readonly key: string; readonly proof: string };
};

/**
 * Takes an offer. Throws on anything that is not exactly an offer to this community, by this deployment, under one of
 * the hub's keys, made seconds ago; whoever calls this also sees that each is taken once.
 */
export async function takeOffer(token: string, ends: Ends, keys: HubKeys, now: Date): Promise<TakenSession> {
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
  if (exp - iat > lifetimeSeconds) throw new Error('the offer is for longer than a session lives');
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
  if (key === undefined) throw new Error('the offer is under a key that is not among the hub’s');
  return key;
}

/**
 * HKDF-SHA-256 (RFC 5869) over the shared secret, bound to the offer's very bytes and to both halves and both ends.
 * A half of small order, which would make the secret known to all, is refused by OpenSSL here.
 */
function derive(
  ours: KeyObject,
  theirs: string,
  token: string,
  halves: readonly [hub: string, subgraph: string],
  ends: Ends,
): { readonly key: KeyObject; readonly proof: string } {
  const publicKey = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'X25519', x: theirs } });
  const secret = diffieHellman({ privateKey: ours, publicKey });
  const salt = createHash('sha256').update(token).digest();
  const info = JSON.stringify(['jcu-session', ends.deployment, ends.community, ...halves]);
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
    throw new Error('expected a key and a proof from the subgraph');
  }
  return { key, proof };
}

/** Whether two MACs in base64url are the same text, in a time that does not tell where they part. */
function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
