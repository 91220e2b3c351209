import { type CryptoKey, importJWK, type JWK } from 'jose';
import type { Logger } from 'pino';
import type { Agent } from 'undici';
import { offerSession, type Session, type SigningKey } from '../../schema/protocol/session.ts';
import { watchFile } from '../../schema/runtime/watched-file.ts';
import { post } from './fetch-part.ts';

/** Agrees on a session with one community. Rejects where its subgraph does not take the offer in time. */
export type Agree = () => Promise<{ readonly session: Session; readonly signedBy: string }>;

const largestAnswer = 1024;

/** Offers sessions at `/session` beside the subgraph's own address, under the key that is the hub's at that moment. */
export function createAgree(
  ends: { readonly deployment: string; readonly community: string },
  part: { readonly url: string; readonly deadlineMs: number; readonly agent: Agent },
  key: () => SigningKey,
): Agree {
  const url = new URL('session', part.url).href;
  return async () => {
    const signedBy = key();
    const { token, conclude } = await offerSession(ends, signedBy, new Date());
    const headers = { 'content-type': 'application/jwt' };
    const sent = { body: token, headers, deadlineMs: part.deadlineMs, most: largestAnswer };
    const answer: unknown = JSON.parse(await post(url, sent, part.agent));
    return { session: conclude(answer), signedBy: signedBy.id };
  };
}

/** The hub's signing key, which follows its file. Rejects where the file holds none at first. */
export async function watchSigningKey(file: string, log: Logger): Promise<() => SigningKey> {
  const watched = await watchFile(file, readSigningKey, {
    change: ({ id }) => log.info({ kid: id }, 'the signing key has changed'),
    fault: (error) => log.error({ error: String(error) }, 'the signing key stays as it was'),
  });
  return watched.current;
}

/** Reads a private Ed25519 JWK (RFC 8037). Throws where it is none or has no `kid`, without a word of what it holds. */
async function readSigningKey(text: string): Promise<SigningKey> {
  try {
    const { kid, ...jwk } = JSON.parse(text) as JWK;
    if (jwk.crv !== 'Ed25519' || typeof kid !== 'string' || typeof jwk.d !== 'string') {
      throw new Error('no private Ed25519 JWK with a kid');
    }
    return { id: kid, privateKey: (await importJWK(jwk, 'EdDSA')) as CryptoKey };
  } catch {
    throw new Error('JCU_SIGNING_KEY_FILE: expected a private Ed25519 JWK with a kid');
  }
}
