import type { CryptoKey } from 'jose';
import { z } from 'zod';
import {
  openFile,
  readKeptFile,
  type SignedFile,
  SignedFileError,
  signFile,
} from '../../runtime/signed-file.ts';
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

/** The maximum size of a bundle. A policy has about 50 kB. */
export const maxBundleBytes = 2 * 1024 * 1024;

const content = z.strictObject({
  format: z.literal('jcu-policy-bundle/1'),
  version: z.int().positive(),
  issuedAt: z.iso.datetime(),
  deployment: z.string().min(1).optional(),
  files: z.record(z.string().regex(/^[a-z0-9-]+\.yaml$/), z.string()),
});

const bundleFile: SignedFile<z.infer<typeof content>> = {
  type: 'jcu-policy+jws',
  name: 'a signed bundle',
  content,
  maxBytes: maxBundleBytes,
};

/** Signs the policy's files. Throws PolicyError if they do not compile, because no part would accept the bundle. */
export async function signBundle(
  files: PolicyTexts,
  key: { readonly id: string; readonly privateKey: CryptoKey },
  now: Date,
  deployment?: string,
): Promise<string> {
  const { version } = policyOfTexts(files).source;
  const base = { format: 'jcu-policy-bundle/1' as const, version, issuedAt: now.toISOString(), files };
  return await signFile(bundleFile, { ...base, ...(deployment === undefined ? {} : { deployment }) }, key);
}

/**
 * Verifies a bundle with the public keys of the policy signers and compiles it. Throws SignedFileError, also
 * if its version is not the version in its domain.yaml or its files do not compile.
 *
 * @param deployment the id of this deployment; null accepts a bundle for any
 */
export async function openBundle(
  text: string,
  keys: PolicyKeys,
  deployment: string | null,
): Promise<OpenedBundle> {
  const { content: read, digest, signedBy } = await openFile(text, bundleFile, keys, deployment);
  const { version, issuedAt, files } = read;
  const policy = compile(files, digest);
  if (policy.source.version !== version)
    throw new SignedFileError(
      `its version is ${version}, but its domain.yaml has version ${policy.source.version}`,
    );
  return { policy, files, version, digest, issuedAt, signedBy };
}

/** Opens a bundle from a store. It was verified when it was accepted, so only its digest is checked (`readKeptFile`). */
export function openStoredBundle({
  bundle,
  digest,
}: {
  readonly bundle: string;
  readonly digest: string;
}): Policy {
  return compile(readKeptFile(bundle, digest, bundleFile).files, digest);
}

/** The last compiled policies by the digest of their bundle: a process opens the same one from its file and its store. */
const compiled = new Map<string, Policy>();
const maxCompiled = 3;

function compile(files: PolicyTexts, digest: string): Policy {
  const known = compiled.get(digest);
  if (known !== undefined) return known;
  try {
    const policy = policyOfTexts(files);
    compiled.set(digest, policy);
    for (const oldest of [...compiled.keys()].slice(0, -maxCompiled)) compiled.delete(oldest);
    return policy;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SignedFileError(`it does not compile: ${reason}`, { cause: error });
  }
}
