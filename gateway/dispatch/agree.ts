import { type CryptoKey, importJWK, type JWK } from 'jose';
import type { Logger } from 'pino';
import type { Agent } from 'undici';
import { offerSession, type Session, type SigningKey } from '../../schema/protocol/session.ts';
import { watchFile } from '../../schema/runtime/watched-file.ts';
import { decode, post } from './fetch-subgraph.ts';

/** Agrees on a session with one community. Rejects if its subgraph does not accept the offer in time. */
export type Agree = () => Promise<{ readonly session: Session; readonly signedBy: string }>;

const maxAnswerBytes = 1024;

/** Returns a function that offers a session at `session`, relative to the subgraph's URL, signed with the current key. */
export function createAgree(
  ends: { readonly deployment: string; readonly community: string },
  subgraph: { readonly url: string; readonly deadlineMs: number; readonly agent: Agent },
  key: () => SigningKey,
): Agree {
  const url = new URL('session', subgraph.url).href;
  return async () => {
    const signedBy = key();
    const { token, conclude } = await offerSession(ends, signedBy, new Date());
    const headers = { 'content-type': 'application/jwt' };
    // An agreement serves every request that follows: it does not end with the request that needed it first.
    const { signal } = new AbortController();
    const sent = {
      body: token,
      headers,
      deadlineMs: subgraph.deadlineMs,
      addBytes: atMost(maxAnswerBytes),
      signal,
    };
    const answer: unknown = JSON.parse(decode(await post(url, sent, subgraph.agent)));
    return { session: conclude(answer), signedBy: signedBy.id };
  };
}

function atMost(most: number): (count: number) => void {
  let bytes = 0;
  return (count) => {
    bytes += count;
    if (bytes > most) throw new Error(`expected at most ${most} bytes`);
  };
}

/** Watches the file of the hub's signing key. Returns a function that gives the current key. Rejects if the first read fails. */
export async function watchSigningKey(file: string, log: Logger): Promise<() => SigningKey> {
  const watched = await watchFile(file, readSigningKey, {
    change: ({ id }) => log.info({ kid: id }, 'the signing key has changed'),
    fault: (error) =>
      log.error(
        { error: String(error) },
        'the new signing key file is invalid: the previous key stays in use',
      ),
  });
  return watched.current;
}

/** Reads a private Ed25519 JWK (RFC 8037) with a `kid`. The error never contains the file's content. */
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
