import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CryptoKey, importJWK } from 'jose';
import { type Assertion, signAssertion } from '../../schema/protocol/assertion.ts';
import { readPolicy } from '../../schema/policy/decide/load.ts';
import { offerSession, type Session, type SigningKey } from '../../schema/protocol/session.ts';
import { post } from './ask.ts';
import { readerOf } from './records.ts';

/** The two sides of a session between the trial's hub and CERT-EU's subgraph. */
export const ends = { deployment: 'trial', community: 'cert-eu' };

/** Returns the hub's assertion about a CSIRT's analyst. */
export function assertionOf(changes: Partial<Assertion> = {}): Assertion {
  return { reader: readerOf(), policy: readPolicy().version, correlationId: randomUUID(), ...changes };
}

/** Reads the hub's signing key from a trial's folder. */
export async function hubKeyOf(home: string): Promise<SigningKey> {
  const jwk = JSON.parse(readFileSync(join(home, 'hub-signing-key.json'), 'utf8'));
  return { id: String(jwk.kid), privateKey: (await importJWK(jwk, 'EdDSA')) as CryptoKey };
}

/** A session of a test with a subgraph, as another hub process would have one. */
export class TestSession {
  readonly session: Session;
  #number = 0;

  constructor(session: Session) {
    this.session = session;
  }

  /** Signs a new assertion for this body. */
  sign(body: string, changes: Partial<Assertion> = {}, now = new Date()): string {
    this.#number += 1;
    return signAssertion(assertionOf(changes), { body, number: this.#number }, this.session, now);
  }
}

/** Agrees on a session with the subgraph at a URL. */
export async function agreeWith(url: string, key: SigningKey, to = ends): Promise<TestSession> {
  const { token, conclude } = await offerSession(to, key, new Date());
  const { status, body } = await offer(url, token);
  if (status !== 200) throw new Error(`the offer was answered ${status}`);
  return new TestSession(conclude(body));
}

/** Sends a text as a session offer. */
export async function offer(url: string, token: string) {
  return await post(url.replace(/graphql$/, 'session'), token, { 'content-type': 'application/jwt' });
}
