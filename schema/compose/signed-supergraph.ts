import canonicalize from 'canonicalize';
import { type CryptoKey, errors, type FlattenedJWS, FlattenedSign, flattenedVerify } from 'jose';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { PolicyKeys } from '../policy/bundle/policy-keys.ts';

/** A verified supergraph. */
export type OpenedSupergraph = {
  /** The supergraph in SDL. */
  readonly sdl: string;
  readonly version: number;
  /** The SHA-256 of the signed bytes, in base64url. */
  readonly digest: string;
  readonly issuedAt: string;
  /** The `kid` of the key that signed it. */
  readonly signedBy: string;
};

/** Why a signed supergraph is rejected. The message is for an operator. */
export class SupergraphError extends Error {
  override readonly name = 'SupergraphError';
}

/** The maximum size of the file. The supergraph has about 300 kB; a larger text is not parsed. */
export const maxSupergraphBytes = 8 * 1024 * 1024;

/** Another type than that of a policy: the same office signs both, and one must not pass as the other. */
const type = 'jcu-supergraph+jws';
const algorithm = 'EdDSA';

const content = z.strictObject({
  format: z.literal('jcu-supergraph/1'),
  version: z.int().positive(),
  issuedAt: z.iso.datetime(),
  deployment: z.string().min(1).optional(),
  sdl: z.string().min(1),
});
const jws = z.strictObject({ payload: z.string(), protected: z.string(), signature: z.string() });

/** Signs a supergraph: a flattened JWS (RFC 7515, section 7.2.2) with Ed25519 (RFC 8037) over canonical JSON (RFC 8785). */
export async function signSupergraph(
  sdl: string,
  version: number,
  key: { readonly id: string; readonly privateKey: CryptoKey },
  now: Date,
  deployment?: string,
): Promise<string> {
  const base = { format: 'jcu-supergraph/1', version, issuedAt: now.toISOString(), sdl };
  const bytes = canonicalize({ ...base, ...(deployment === undefined ? {} : { deployment }) }) ?? '';
  const signed = await new FlattenedSign(new TextEncoder().encode(bytes))
    .setProtectedHeader({ alg: algorithm, typ: type, kid: key.id })
    .sign(key.privateKey);
  return `${JSON.stringify(signed)}\n`;
}

/**
 * Verifies a signed supergraph with the public keys of the policy office. Throws SupergraphError if it is unsigned, signed
 * by another key or as something else, malformed, too large, or for another deployment.
 *
 * @param deployment the id of this deployment; null accepts a supergraph for any
 */
export async function openSupergraph(
  text: string,
  keys: PolicyKeys,
  deployment: string | null,
): Promise<OpenedSupergraph> {
  if (text.length > maxSupergraphBytes)
    throw new SupergraphError(`it is larger than ${maxSupergraphBytes} bytes`);
  const { payload, signedBy } = await verify(text, keys);
  const { version, issuedAt, sdl, deployment: target } = readContent(new TextDecoder().decode(payload));
  if (deployment !== null && target !== undefined && target !== deployment)
    throw new SupergraphError(`it is for the deployment ${target}, but this deployment is ${deployment}`);
  return {
    sdl,
    version,
    digest: createHash('sha256').update(payload).digest('base64url'),
    issuedAt,
    signedBy,
  };
}

/** Returns version and SDL of a signed supergraph without verifying it; null if it has another form. */
export function peekSupergraph(text: string): { readonly version: number; readonly sdl: string } | null {
  const signed = jws.safeParse(parseJson(text));
  if (!signed.success) return null;
  const read = content.safeParse(parseJson(Buffer.from(signed.data.payload, 'base64url').toString()));
  return read.success ? { version: read.data.version, sdl: read.data.sdl } : null;
}

async function verify(
  text: string,
  keys: PolicyKeys,
): Promise<{ readonly payload: Uint8Array; readonly signedBy: string }> {
  const parsed = jws.safeParse(parseJson(text));
  if (!parsed.success)
    throw new SupergraphError(
      'expected a signed supergraph (a flattened JWS), got something else: sign it with schema/compose/sign.ts',
    );
  const find = ({ kid }: { kid?: string }) => {
    const key = kid === undefined ? undefined : keys.get(kid);
    if (key === undefined)
      throw new SupergraphError(`JCU_POLICY_KEYS_FILE has no key ${String(kid).slice(0, 64)}`);
    return key;
  };
  try {
    const { payload, protectedHeader } = await flattenedVerify(parsed.data as FlattenedJWS, find, {
      algorithms: [algorithm],
    });
    if (protectedHeader?.typ !== type) throw new SupergraphError(`expected the type ${type} in its header`);
    return { payload, signedBy: String(protectedHeader.kid) };
  } catch (error) {
    if (error instanceof SupergraphError) throw error;
    const wrong = error instanceof errors.JWSSignatureVerificationFailed;
    throw new SupergraphError(
      wrong ? 'its signature does not match its key' : `its signature is malformed (${String(error)})`,
    );
  }
}

/** The content must be canonical: one content then has one digest, and no key occurs twice. */
function readContent(text: string): z.infer<typeof content> {
  const parsed = parseJson(text);
  const read = content.safeParse(parsed);
  if (!read.success)
    throw new SupergraphError(
      `its content is malformed at ${read.error.issues[0]?.path.join('.') || 'the top level'}`,
    );
  if (canonicalize(parsed) !== text)
    throw new SupergraphError('its content is not canonical JSON (RFC 8785)');
  return read.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
