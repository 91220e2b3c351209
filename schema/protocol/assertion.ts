import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { type Addressed, readAddressed } from './addressed.ts';
import { type Member, readMembers } from './members.ts';
import { type HeldOffice, maxOffices, type Reader } from './reader.ts';
import { clockToleranceSeconds, type Session } from './session.ts';

/**
 * The hub's statement to one subgraph who the reader of one request is. It is a JWS in compact form (RFC 7515) with
 * HMAC-SHA-256 and the session key. The key, `aud` and `iss` bind it to the subgraph and the deployment; the SHA-256 of
 * the body binds it to the request. `exp` limits its lifetime, and its number in the session prevents a replay.
 */
export type Assertion = {
  /** Signed with all its fields. */
  readonly reader: Reader;
  /** The policy version of the hub's decision. */
  readonly policy: string;
  /** The same id in the logs of the hub and the subgraph. */
  readonly correlationId: string;
  /** How long the hub waits for the answer, in milliseconds: work beyond it is for nobody. */
  readonly waitsMs?: number;
  /** The use of the answer; it answers one request of the reader if absent. */
  readonly delivery?: Delivery;
  /** Stated for a move that recalls a record or asks for its release, to the community that keeps the new record only. */
  readonly addressed?: Addressed;
  /** Stated for a release to a person, to the community that has the record only. */
  readonly members?: readonly Member[];
};

/**
 * The use of an answer that is not for one request. `subscription`: it becomes an event of a subscription, so the reader
 * must be permitted to subscribe to each record. `changes`: the hub itself follows the changes of the store.
 * `agreements`: the hub itself asks which agreements are in force. For the last two there is no reader.
 */
export type Delivery = 'subscription' | 'changes' | 'agreements';

const deliveries: ReadonlySet<unknown> = new Set<Delivery>(['subscription', 'changes', 'agreements']);

/** An assertion whose signature and claims were verified. */
export type VerifiedAssertion = Assertion & {
  readonly deployment: string;
  readonly session: string;
  /** The number of the assertion in its session, from 1. */
  readonly number: number;
};

const lifetimeSeconds = 10;

/**
 * Signs an assertion for one body in one session. It is valid for ten seconds. Does not use jose, whose HMAC goes through
 * WebCrypto and costs six times as much.
 */
export function signAssertion(
  assertion: Assertion,
  request: { readonly body: string; readonly number: number },
  session: Session,
  now: Date,
): string {
  const { reader, policy, correlationId, waitsMs, delivery, addressed, members } = assertion;
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
    ...(delivery !== undefined && { delivery }),
    ...(addressed !== undefined && { addressed }),
    ...(members !== undefined && { members }),
  } satisfies Claims;
  const signed = `${headerOf(session.id)}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${signed}.${macOf(signed, session)}`;
}

/** Returns the session id in a token's header; null if it is not an assertion. Verifies nothing. */
export function sessionOf(token: string): string | null {
  const [header = ''] = token.split('.', 1);
  const [, id = null] = headerForm.exec(Buffer.from(header, 'base64url').toString('latin1')) ?? [];
  return id;
}

/**
 * Verifies the signature of a token with the session key and returns its claims. Throws if the token was not made with
 * that key. The header must equal the expected bytes, so that no algorithm is read from it.
 */
export function openAssertion(token: string, session: Session): unknown {
  const [header = '', claims = '', mac = '', ...more] = token.split('.');
  if (more.length > 0 || header !== headerOf(session.id))
    throw new Error('expected an assertion of this session');
  const [got, expected] = [Buffer.from(mac), Buffer.from(macOf(`${header}.${claims}`, session))];
  if (got.length !== expected.length || !timingSafeEqual(got, expected)) {
    throw new Error('the signature of the assertion does not match the key of its session');
  }
  return JSON.parse(Buffer.from(claims, 'base64url').toString());
}

/**
 * Checks the claims of a token: community, deployment, body, lifetime and the end of the session. Throws if one is wrong;
 * the caller then answers 401 without a reason. The caller must also check that each assertion is used only once.
 *
 * @param opened the result of `openAssertion`
 */
export function checkAssertion(
  opened: unknown,
  session: Session,
  body: Buffer,
  now: Date,
): VerifiedAssertion {
  const {
    iss,
    aud,
    exp,
    number,
    body: hash,
    reader,
    policy,
    correlationId,
    waitsMs,
    delivery,
    addressed,
    members,
  } = opened as Claims;
  const left = exp - now.getTime() / 1000;
  if (iss !== session.deployment) throw new Error('the assertion is from another deployment');
  if (aud !== session.community) throw new Error('the assertion is for another subgraph');
  if (!(left > -clockToleranceSeconds)) throw new Error('the assertion has expired');
  if (!(left <= lifetimeSeconds + clockToleranceSeconds)) throw new Error('the assertion is from the future');
  if (now >= session.endsAt) throw new Error('the session has ended');
  if (hash !== digest(body)) throw new Error('the assertion is for another body');
  if (delivery !== undefined && !deliveries.has(delivery))
    throw new Error('the assertion is for an unknown use');
  const offices = readOffices(reader.offices);
  const use = {
    ...(delivery !== undefined && { delivery }),
    ...(addressed !== undefined && { addressed: readAddressed(addressed) }),
    ...(members !== undefined && { members: readMembers(members) }),
  };
  const waits = typeof waitsMs === 'number' && { waitsMs };
  const known = { reader: { ...reader, offices }, policy, correlationId };
  return { ...known, ...waits, ...use, deployment: iss, session: session.id, number };
}

/** Returns the offices of a reader. A hub of an earlier version states none. Throws if one is malformed. */
function readOffices(given: unknown): readonly HeldOffice[] {
  if (given === undefined) return [];
  if (!Array.isArray(given) || given.length > maxOffices || !given.every(isOffice))
    throw new Error(`expected at most ${maxOffices} offices of the reader, each with its name and its end`);
  return given;
}

function isOffice(given: unknown): given is HeldOffice {
  if (typeof given !== 'object' || given === null) return false;
  const [office, until] = [Reflect.get(given, 'office'), Reflect.get(given, 'until')];
  return typeof office === 'string' && officeForm.test(office) && isInstant(until);
}

/** The name of an office, as in schema/workflow/offices.yaml. */
const officeForm = /^[a-z][a-z0-9-]{0,59}$/;

function isInstant(given: unknown): boolean {
  return typeof given === 'string' && given.length <= 30 && !Number.isNaN(Date.parse(given));
}

type Claims = Assertion & {
  readonly iss: string;
  readonly aud: string;
  readonly exp: number;
  readonly number: number;
  readonly body: string;
};

/** The session id is a UUID of the hub. A header with another form of id is rejected. */
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
