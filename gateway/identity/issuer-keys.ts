import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { Agent, fetch } from 'undici';
import { HubError } from '../../schema/errors.ts';
import { findUrlFault } from '../outbound/address.ts';
import { createConnector } from '../outbound/connector.ts';

const timeoutMs = 3000;
/** A token with an unknown key makes the hub ask the issuer again, at most once in this time. */
const cooldownMs = 5000;

/** `noted` gets, at each token that has to be verified, whether the issuer gave its keys. */
type KeyOptions = { readonly maxAgeSeconds: number; readonly noted?: (isAvailable: boolean) => void };

/**
 * Returns the issuer's keys. OpenID Connect Discovery runs at the first token, and again after a failure. Keys older than
 * `maxAgeSeconds` are loaded again before they verify a token: a key that the issuer withdrew is refused within that
 * time. Throws ISSUER_UNAVAILABLE while the issuer does not give its keys: the token may be valid, so a client need not get
 * another one.
 */
export function discoverKeys(
  issuer: string,
  { maxAgeSeconds, noted = () => undefined }: KeyOptions,
): JWTVerifyGetKey {
  let keys: Promise<JWTVerifyGetKey> | null = null;
  return async (header, token) => {
    keys ??= discover(issuer, maxAgeSeconds).catch((error: unknown) => {
      keys = null;
      throw error;
    });
    try {
      const key = await (await keys)(header, token);
      noted(true);
      return key;
    } catch (error) {
      noted(isOfToken(error));
      throw isOfToken(error) ? error : new HubError('ISSUER_UNAVAILABLE', String(error), { cause: error });
    }
  };
}

/** Returns whether an error is about the token: the issuer gave its keys, and none of them fits. */
function isOfToken(error: unknown): boolean {
  const { JWKSMultipleMatchingKeys, JWKSNoMatchingKey, JOSENotSupported } = errors;
  return [JWKSMultipleMatchingKeys, JWKSNoMatchingKey, JOSENotSupported].some(
    (kind) => error instanceof kind,
  );
}

async function discover(issuer: string, maxAgeSeconds: number): Promise<JWTVerifyGetKey> {
  const dispatcher = new Agent({ connections: 2, connect: createConnector({ ca: null, timeoutMs }) });
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(url, {
    dispatcher,
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  const metadata = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
  if (metadata.issuer !== issuer)
    throw new Error(`discovery: expected the issuer ${issuer}, got ${String(metadata.issuer)}`);
  const fault = findUrlFault(String(metadata.jwks_uri));
  if (fault !== null) throw new Error(`discovery, jwks_uri: ${fault}`);
  return createRemoteJWKSet(new URL(String(metadata.jwks_uri)), {
    timeoutDuration: timeoutMs,
    cooldownDuration: cooldownMs,
    cacheMaxAge: maxAgeSeconds * 1000,
    [customFetch]: async (address, { headers, ...init }) =>
      await fetch(address, { ...init, headers: [...headers], dispatcher }),
  });
}
