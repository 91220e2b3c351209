import type { CryptoKey } from 'jose';
import { z } from 'zod';
import type { PolicyKeys } from '../policy/bundle/policy-keys.ts';
import { openFile, peekFile, type SignedFile, signFile } from '../runtime/signed-file.ts';

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

const content = z.strictObject({
  format: z.literal('jcu-supergraph/1'),
  version: z.int().positive(),
  issuedAt: z.iso.datetime(),
  deployment: z.string().min(1).optional(),
  sdl: z.string().min(1),
});

/** The maximum size of the file. The supergraph has about 300 kB. */
export const maxSupergraphBytes = 8 * 1024 * 1024;

const supergraph: SignedFile<z.infer<typeof content>> = {
  type: 'jcu-supergraph+jws',
  name: 'a signed supergraph (schema/compose/sign.ts)',
  content,
  maxBytes: maxSupergraphBytes,
};

/** Signs a supergraph. */
export async function signSupergraph(
  sdl: string,
  version: number,
  key: { readonly id: string; readonly privateKey: CryptoKey },
  now: Date,
  deployment?: string,
): Promise<string> {
  const base = { format: 'jcu-supergraph/1' as const, version, issuedAt: now.toISOString(), sdl };
  return await signFile(supergraph, { ...base, ...(deployment === undefined ? {} : { deployment }) }, key);
}

/**
 * Verifies a signed supergraph with the public keys of the policy signers. Throws SignedFileError.
 *
 * @param deployment the id of this deployment; null accepts a supergraph for any
 */
export async function openSupergraph(
  text: string,
  keys: PolicyKeys,
  deployment: string | null,
): Promise<OpenedSupergraph> {
  const { content: read, digest, signedBy } = await openFile(text, supergraph, keys, deployment);
  const { sdl, version, issuedAt } = read;
  return { sdl, version, digest, issuedAt, signedBy };
}

/** Returns version and SDL of a signed supergraph without verifying it; null if it has another form. */
export function peekSupergraph(text: string): { readonly version: number; readonly sdl: string } | null {
  const read = peekFile(text, supergraph);
  return read === null ? null : { version: read.version, sdl: read.sdl };
}
