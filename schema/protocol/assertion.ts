import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Reader } from './reader.ts';
import { clockToleranceSeconds, type Session } from './session.ts';

/**
 * The hub's word for a reader, to one subgraph, for one request: a JWS in compact form (RFC 7515) with HMAC-SHA-256
 * under the session's key, bound to the subgraph and the deployment by that key and by `aud` and `iss`, to the request
 * by the SHA-256 of its body, to this second by `exp`, and to one use by its number in the session.
 */
export type Assertion = {
  /** Signed whole, whatever it holds. */
  readonly reader: Reader;
  /** The policy that the hub decided under. */
  readonly policy: string;
  /** Leads operators from a subgraph's log to the hub's. */
  readonly correlationId: string;
  /** How long the hub waits for the answer, in milliseconds: work beyond it is for nobody. */
  readonly waitsMs?: number;
};

export type VerifiedAssertion = Assertion & {
  readonly deployment: string;
  readonly session: string;
  /** From 1, by one for each assertion of the session. */
  readonly number: number;
};

const lifetimeSeconds = 10;

/**
 * Signs an assertion that holds for ten seconds, for this body only, in this session. Made here rather than by jose,
 * whose HMAC goes through WebCrypto and costs six times as much.
 */
export function signAssertion(
  assertion: Assertion,
  request: { readonly body: string; readonly number: number },
  session: Session,
  now: Date,
): string {
  const { reader, policy, correlationId, waitsMs } = assertion;
  const claims = {
    iss: session.deployment,
    aud: session.community,
    exp: Math.floor(now.getTime() / 1000) + lifetimeSeconds,
    number: request.number,
    body: digest(request.body),
    reader,
    policy,
    correlationId,
    ...(waitsMs !== undefined && { waitsMs }),
  } satisfies Claims;
  const signed = `${headerOf(session.id)}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${signed}.${macOf(signed, session)}`;
}

/** The session that a token says it belongs to; null where it is no assertion at all. Nothing is verified by this. */
export function sessionOf(token: string): string | null {
  const [header = ''] = token.split('.', 1);
  const [, id = null] = headerForm.exec(Buffer.from(header, 'base64url').toString('latin1')) ?? [];
  return id;
}

/**
 * Opens a token under its session's key. Throws on anything that the readerAccess of that key did not make. The header must
 * be, byte for byte, the one that an assertion of this session has: no algorithm is ever read from it.
 */
export function openAssertion(token: string, session: Session): unknown {
  const [header = '', claims = '', mac = '', ...more] = token.split('.');
  if (more.length > 0 || header !== headerOf(session.id)) throw new Error('no assertion of this session');
  const [got, expected] = [Buffer.from(mac), Buffer.from(macOf(`${header}.${claims}`, session))];
  if (got.length !== expected.length || !timingSafeEqual(got, expected)) {
    throw new Error('the assertion is not under the key of its session');
  }
  return JSON.parse(Buffer.from(claims, 'base64url').toString());
}

/**
 * Checks what was opened: for this session's community and deployment, for these bytes, within its seconds and the
 * session's. Throws otherwise; a caller answers 401 and says nothing more. That it is used once is the caller's to see.
 */
export function checkAssertion(
  opened: unknown,
  session: Session,
  body: Buffer,
  now: Date,
): VerifiedAssertion {
  const { iss, aud, exp, number, body: hash, reader, policy, correlationId, waitsMs } = opened as Claims;
  const left = exp - now.getTime() / 1000;
  if (iss !== session.deployment) throw new Error('the assertion is of another deployment');
  if (aud !== session.community) throw new Error('the assertion is for another subgraph');
  if (!(left > -clockToleranceSeconds)) throw new Error('the assertion is too old');
  if (!(left <= lifetimeSeconds + clockToleranceSeconds)) throw new Error('the assertion is from the future');
  if (now >= session.endsAt) throw new Error('the session is over');
  if (hash !== digest(body)) throw new Error('the assertion is for another body');
  const waits = typeof waitsMs === 'number' && { waitsMs };
  return { reader, policy, correlationId, ...waits, deployment: iss, session: session.id, number };
}

type Claims = Assertion & {
  readonly iss: string;
  readonly aud: string;
  readonly exp: number;
  readonly number: number;
  readonly body: string;
};

/** A session's id is the hub's own UUID; an id of another form is in no header that is read. */
const headerForm = /^\{"alg":"HS256","typ":"jcu-assertion\+jwt","kid":"([\w-]{1,64})"\}$/;

function headerOf(session: string): string {
  return Buffer.from(`{"alg":"HS256","typ":"jcu-assertion+jwt","kid":"${session}"}`).toString('base64url');
}

function macOf(signed: string, session: Session): string {
  return createHmac('sha256', session.key).update(signed).digest('base64url');
}

function digest(body: string | Buffer): string {
  return createHash('sha256').update(body).digest('base64url');
}
