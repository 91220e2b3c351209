import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CryptoKey, importJWK } from 'jose';
import { type Assertion, signAssertion } from '../../schema/protocol/assertion.ts';
import { readPolicy } from '../../schema/policy/decide/load.ts';
import { offerSession, type Session, type SigningKey } from '../../schema/protocol/session.ts';
import { post } from './ask.ts';
import { readerOf } from './records.ts';

/** The ends of a session of the trial with CERT-EU's subgraph. */
export const ends = { deployment: 'trial', community: 'cert-eu' };

/** What the hub says of a CSIRT's analyst. */
export function assertionOf(changes: Partial<Assertion> = {}): Assertion {
  return { reader: readerOf(), policy: readPolicy().version, correlationId: randomUUID(), ...changes };
}

/** The signing key in a trial's home. */
export async function hubKeyOf(home: string): Promise<SigningKey> {
  const jwk = JSON.parse(readFileSync(join(home, 'hub-signing-key.json'), 'utf8'));
  return { id: String(jwk.kid), privateKey: (await importJWK(jwk, 'EdDSA')) as CryptoKey };
}

/** A session that a test holds with a subgraph, as one more process of the hub would. */
export class TestSession {
  readonly session: Session;
  #number = 0;

  constructor(session: Session) {
    this.session = session;
  }

  /** A new assertion for this body. */
  sign(body: string, changes: Partial<Assertion> = {}, now = new Date()): string {
    this.#number += 1;
    return signAssertion(assertionOf(changes), { body, number: this.#number }, this.session, now);
  }
}

/** Agrees on a session with the subgraph at this address. */
export async function agreeWith(url: string, key: SigningKey, to = ends): Promise<TestSession> {
  const { token, conclude } = await offerSession(to, key, new Date());
  const { status, body } = await offer(url, token);
  if (status !== 200) throw new Error(`the offer was answered ${status}`);
  return new TestSession(conclude(body));
}

/** Sends anything as an offer. */
export async function offer(url: string, token: string) {
  return await post(url.replace(/graphql$/, 'session'), token, { 'content-type': 'application/jwt' });
}
