import canonicalize from 'canonicalize';
import { errors, flattenedVerify, FlattenedSign, type CryptoKey, type FlattenedJWS } from 'jose';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type PolicyTexts, policyOfTexts } from '../decide/load.ts';
import type { Policy } from '../decide/policy.ts';
import type { PolicyKeys } from './policy-keys.ts';

/** A bundle that is what it says: its policy, compiled, and the SHA-256 (base64url) of the very bytes signed. */
export type OpenedBundle = {
  readonly policy: Policy;
  readonly files: PolicyTexts;
  readonly version: number;
  readonly digest: string;
  readonly issuedAt: string;
  /** The `kid` that it is signed under. */
  readonly signedBy: string;
};

/** Why a bundle is not taken, in words for an operator: nothing of a policy is secret. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
}

/** A policy is some fifty thousand bytes: far beyond that, nothing is parsed. */
export const largestBundle = 2 * 1024 * 1024;

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
 * 8785). Throws PolicyError where the files do not compile: nobody signs what nobody takes.
 */
export async function signBundle(
  files: PolicyTexts,
  key: { readonly id: string; readonly privateKey: CryptoKey },
  now: Date,
  deployment?: string,
): Promise<string> {
  const { version } = policyOfTexts(files).source;
  const said = { format: 'jcu-policy-bundle/1', version, issuedAt: now.toISOString(), files };
  const bytes = canonicalize({ ...said, ...(deployment === undefined ? {} : { deployment }) }) ?? '';
  const signed = await new FlattenedSign(new TextEncoder().encode(bytes))
    .setProtectedHeader({ alg: algorithm, typ: type, kid: key.id })
    .sign(key.privateKey);
  return `${JSON.stringify(signed)}\n`;
}

/**
 * Opens a bundle under the keys of those who may sign policies. Throws BundleError where it is unsigned, signed by
 * anyone else or as anything else, malformed, larger than 2 MiB, for another deployment, not of the version that its
 * own files state, or of files that do not compile.
 */
export async function openBundle(
  text: string,
  keys: PolicyKeys,
  deployment: string | null,
): Promise<OpenedBundle> {
  if (text.length > largestBundle) throw new BundleError(`it is larger than ${largestBundle} bytes`);
  const { payload, signedBy } = await verify(text, keys);
  const { version, issuedAt, files, deployment: meant } = readContent(new TextDecoder().decode(payload));
  if (deployment !== null && meant !== undefined && meant !== deployment)
    throw new BundleError(`it is for the deployment ${meant}, and this one is ${deployment}`);
  const policy = compile(files);
  if (policy.source.version !== version)
    throw new BundleError(`it says version ${version}, and its domain.yaml ${policy.source.version}`);
  const digest = digestOf(payload);
  return { policy, files, version, digest, issuedAt, signedBy };
}

/**
 * The policy of a bundle that was verified when it was taken, and has stayed in a part's own store since: its signer may
 * have gone. Throws where it is another than the one that was taken, or compiles no more.
 */
export function readKept({ bundle, digest }: { readonly bundle: string; readonly digest: string }): Policy {
  const payload = Buffer.from(jws.parse(parseJson(bundle)).payload, 'base64url');
  if (digestOf(payload) !== digest) throw new BundleError('it is not the one that was taken');
  return compile(readContent(payload.toString('utf8')).files);
}

async function verify(
  text: string,
  keys: PolicyKeys,
): Promise<{ readonly payload: Uint8Array; readonly signedBy: string }> {
  const said = jws.safeParse(parseJson(text));
  if (!said.success) throw new BundleError('it is no signed bundle (a flattened JWS)');
  const find = ({ kid }: { kid?: string }) => {
    const key = kid === undefined ? undefined : keys.get(kid);
    if (key === undefined) throw new BundleError(`no policy key is called ${String(kid).slice(0, 64)}`);
    return key;
  };
  try {
    const { payload, protectedHeader } = await flattenedVerify(said.data as FlattenedJWS, find, {
      algorithms: [algorithm],
    });
    if (protectedHeader?.typ !== type) throw new BundleError(`its type is not ${type}`);
    return { payload, signedBy: String(protectedHeader.kid) };
  } catch (error) {
    if (error instanceof BundleError) throw error;
    const wrong = error instanceof errors.JWSSignatureVerificationFailed;
    throw new BundleError(
      wrong ? 'its signature is not of its key' : `it is not signed rightly (${say(error)})`,
    );
  }
}

/** Canonical, so that one content has one digest, and no key stands twice in it. */
function readContent(text: string): z.infer<typeof content> {
  const parsed = parseJson(text);
  const read = content.safeParse(parsed);
  if (!read.success)
    throw new BundleError(`its content is malformed: ${read.error.issues[0]?.message ?? ''}`);
  if (canonicalize(parsed) !== text) throw new BundleError('its content is not canonical JSON (RFC 8785)');
  return read.data;
}

function compile(files: PolicyTexts): Policy {
  try {
    return policyOfTexts(files);
  } catch (error) {
    throw new BundleError(`it does not compile: ${say(error)}`, { cause: error });
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

function say(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
