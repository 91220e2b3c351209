import canonicalize from 'canonicalize';
import { errors, flattenedVerify, FlattenedSign, type CryptoKey, type FlattenedJWS } from 'jose';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type PolicyTexts, policyOfTexts } from '../decide/load.ts';
import type { Policy } from '../decide/policy.ts';
import type { PolicyKeys } from './policy-keys.ts';

/** A verified bundle with its compiled policy. */
export type OpenedBundle = {
  readonly policy: Policy;
  readonly files: PolicyTexts;
  readonly version: number;
  /** The SHA-256 of the signed bytes, in base64url. */
  readonly digest: string;
  readonly issuedAt: string;
  /** The `kid` of the key that signed it. */
  readonly signedBy: string;
};

/** Why a bundle is rejected. The message is for an operator; a policy holds no secrets. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
}

/** The maximum size of a bundle. A policy has about 50 kB; a larger text is not parsed. */
export const maxBundleBytes = 2 * 1024 * 1024;

const type = 'jcu-policy+jws';
const algorithm = 'EdDSA';

const content = z.strictObject({
  format: z.literal('jcu-policy-bundle/1'),
  version: z.int().positive(),
  issuedAt: z.iso.datetime(),
  deployment: z.string().min(1).optional(),
  files: z.record(z.string().regex(/^[a-z0-9-]+\.yaml$/), z.string()),
});
const jws = z.strictObject({ payload: z.string(), protected: z.string(), signature: z.string() });

/**
 * Signs the policy's files: a flattened JWS (RFC 7515, section 7.2.2) with Ed25519 (RFC 8037) over canonical JSON (RFC
 * 8785). Throws PolicyError if the files do not compile, because no part would accept the bundle.
 */
export async function signBundle(
  files: PolicyTexts,
  key: { readonly id: string; readonly privateKey: CryptoKey },
  now: Date,
  deployment?: string,
): Promise<string> {
  const { version } = policyOfTexts(files).source;
  const base = { format: 'jcu-policy-bundle/1', version, issuedAt: now.toISOString(), files };
  const bytes = canonicalize({ ...base, ...(deployment === undefined ? {} : { deployment }) }) ?? '';
  const signed = await new FlattenedSign(new TextEncoder().encode(bytes))
    .setProtectedHeader({ alg: algorithm, typ: type, kid: key.id })
    .sign(key.privateKey);
  return `${JSON.stringify(signed)}\n`;
}

/**
 * Verifies a bundle with the public keys of the policy signers and compiles it. Throws BundleError if the signature, the
 * type or the form is wrong, if it is larger than 2 MiB or for another deployment, if its version is not the version in
 * its domain.yaml, or if its files do not compile.
 *
 * @param deployment the id of this deployment; null accepts a bundle for any
 */
export async function openBundle(
  text: string,
  keys: PolicyKeys,
  deployment: string | null,
): Promise<OpenedBundle> {
  if (text.length > maxBundleBytes) throw new BundleError(`it is larger than ${maxBundleBytes} bytes`);
  const { payload, signedBy } = await verify(text, keys);
  const { version, issuedAt, files, deployment: target } = readContent(new TextDecoder().decode(payload));
  if (deployment !== null && target !== undefined && target !== deployment)
    throw new BundleError(`it is for the deployment ${target}, but this deployment is ${deployment}`);
  const policy = compile(files);
  if (policy.source.version !== version)
    throw new BundleError(
      `its version is ${version}, but its domain.yaml has version ${policy.source.version}`,
    );
  const digest = digestOf(payload);
  return { policy, files, version, digest, issuedAt, signedBy };
}

/**
 * Opens a bundle that was verified when it was accepted and is kept in a store since. The signature is not verified
 * again, because the key may be gone; the digest is. Throws BundleError if the digest is wrong or the files no longer
 * compile.
 */
export function openStoredBundle({
  bundle,
  digest,
}: {
  readonly bundle: string;
  readonly digest: string;
}): Policy {
  const payload = Buffer.from(jws.parse(parseJson(bundle)).payload, 'base64url');
  if (digestOf(payload) !== digest)
    throw new BundleError('it is not the bundle that was accepted: its digest is wrong');
  return compile(readContent(payload.toString('utf8')).files);
}

async function verify(
  text: string,
  keys: PolicyKeys,
): Promise<{ readonly payload: Uint8Array; readonly signedBy: string }> {
  const parsed = jws.safeParse(parseJson(text));
  if (!parsed.success)
    throw new BundleError('expected a signed bundle (a flattened JWS), got something else');
  const find = ({ kid }: { kid?: string }) => {
    const key = kid === undefined ? undefined : keys.get(kid);
    if (key === undefined)
      throw new BundleError(`JCU_POLICY_KEYS_FILE has no key ${String(kid).slice(0, 64)}`);
    return key;
  };
  try {
    const { payload, protectedHeader } = await flattenedVerify(parsed.data as FlattenedJWS, find, {
      algorithms: [algorithm],
    });
    if (protectedHeader?.typ !== type) throw new BundleError(`expected the type ${type} in its header`);
    return { payload, signedBy: String(protectedHeader.kid) };
  } catch (error) {
    if (error instanceof BundleError) throw error;
    const wrong = error instanceof errors.JWSSignatureVerificationFailed;
    throw new BundleError(
      wrong ? 'its signature does not match its key' : `its signature is malformed (${messageOf(error)})`,
    );
  }
}

/** The content must be canonical: one content then has one digest, and no key occurs twice. */
function readContent(text: string): z.infer<typeof content> {
  const parsed = parseJson(text);
  const read = content.safeParse(parsed);
  if (!read.success)
    throw new BundleError(
      `its content is malformed at ${read.error.issues[0]?.path.join('.') || 'the top level'}`,
    );
  if (canonicalize(parsed) !== text) throw new BundleError('its content is not canonical JSON (RFC 8785)');
  return read.data;
}

function compile(files: PolicyTexts): Policy {
  try {
    return policyOfTexts(files);
  } catch (error) {
    throw new BundleError(`it does not compile: ${messageOf(error)}`, { cause: error });
  }
}

function digestOf(payload: Uint8Array): string {
  return createHash('sha256').update(payload).digest('base64url');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
