import canonicalize from 'canonicalize';
import { errors, flattenedVerify, FlattenedSign, type CryptoKey, type FlattenedJWS } from 'jose';
import { createHash } from 'node:crypto';
import { z } from 'zod';

/**
 * A kind of signed file: a flattened JWS (RFC 7515, section 7.2.2) with Ed25519 (RFC 8037) over canonical JSON (RFC 8785).
 * One content then has one digest.
 */
export type SignedFile<Content extends FileContent> = {
  /** The type in the header. One signer signs several kinds, and one must not pass as the other. */
  readonly type: string;
  /** The kind in messages, such as "a signed bundle". */
  readonly name: string;
  readonly content: z.ZodType<Content>;
  /** The maximum length of the file. A larger text is not parsed. */
  readonly maxBytes: number;
};

/** The part of the content that every kind has. Without `deployment`, any deployment accepts the file. */
export type FileContent = {
  readonly version: number;
  readonly issuedAt: string;
  readonly deployment?: string | undefined;
};

/** A verified file. */
export type OpenedFile<Content> = {
  readonly content: Content;
  /** The SHA-256 of the signed bytes, in base64url. */
  readonly digest: string;
  /** The `kid` of the key that signed it. */
  readonly signedBy: string;
};

/** Why a signed file is rejected. The message is for an operator. */
export class SignedFileError extends Error {
  override readonly name: string = 'SignedFileError';
}

const algorithm = 'EdDSA';
const jws = z.strictObject({ payload: z.string(), protected: z.string(), signature: z.string() });

/** Signs a content. Returns the text of the file. */
export async function signFile<Content extends FileContent>(
  { type }: SignedFile<Content>,
  content: Content,
  key: { readonly id: string; readonly privateKey: CryptoKey },
): Promise<string> {
  const signed = await new FlattenedSign(new TextEncoder().encode(canonicalize(content) ?? ''))
    .setProtectedHeader({ alg: algorithm, typ: type, kid: key.id })
    .sign(key.privateKey);
  return `${JSON.stringify(signed)}\n`;
}

/**
 * Verifies a file with the public keys of its signers. Throws SignedFileError if it is unsigned, signed by another key or as
 * another kind, malformed, too large, or for another deployment.
 *
 * @param deployment the id of this deployment; null accepts a file for any
 */
export async function openFile<Content extends FileContent>(
  text: string,
  file: SignedFile<Content>,
  keys: ReadonlyMap<string, CryptoKey>,
  deployment: string | null,
): Promise<OpenedFile<Content>> {
  if (text.length > file.maxBytes) throw new SignedFileError(`it is larger than ${file.maxBytes} bytes`);
  const { payload, signedBy } = await verify(text, file, keys);
  const content = readContent(new TextDecoder().decode(payload), file);
  const { deployment: target } = content;
  if (deployment !== null && target !== undefined && target !== deployment)
    throw new SignedFileError(`it is for the deployment ${target}, but this deployment is ${deployment}`);
  return { content, digest: digestOf(payload), signedBy };
}

/**
 * Reads a file that was verified when it was accepted and is kept in a store since. The signature is not verified again,
 * because the key may be gone; the digest is. Throws SignedFileError if the digest is wrong or the content malformed.
 */
export function readKeptFile<Content extends FileContent>(
  text: string,
  digest: string,
  file: SignedFile<Content>,
): Content {
  const payload = Buffer.from(jws.parse(parseJson(text)).payload, 'base64url');
  if (digestOf(payload) !== digest)
    throw new SignedFileError('it is not the file that was accepted: its digest is wrong');
  return readContent(payload.toString('utf8'), file);
}

/** Returns the content of a file without verifying it; null if it has another form. */
export function peekFile<Content extends FileContent>(
  text: string,
  { content }: SignedFile<Content>,
): Content | null {
  const signed = jws.safeParse(parseJson(text));
  if (!signed.success) return null;
  const payload = Buffer.from(signed.data.payload, 'base64url').toString('utf8');
  return content.safeParse(parseJson(payload)).data ?? null;
}

async function verify<Content extends FileContent>(
  text: string,
  { type, name }: SignedFile<Content>,
  keys: ReadonlyMap<string, CryptoKey>,
): Promise<{ readonly payload: Uint8Array; readonly signedBy: string }> {
  const parsed = jws.safeParse(parseJson(text));
  if (!parsed.success) throw new SignedFileError(`expected ${name} (a flattened JWS), got something else`);
  const find = ({ kid }: { kid?: string }) => {
    const key = kid === undefined ? undefined : keys.get(kid);
    if (key === undefined)
      throw new SignedFileError(`JCU_POLICY_KEYS_FILE has no key ${String(kid).slice(0, 64)}`);
    return key;
  };
  try {
    const { payload, protectedHeader } = await flattenedVerify(parsed.data as FlattenedJWS, find, {
      algorithms: [algorithm],
    });
    if (protectedHeader?.typ !== type) throw new SignedFileError(`expected the type ${type} in its header`);
    return { payload, signedBy: String(protectedHeader.kid) };
  } catch (error) {
    if (error instanceof SignedFileError) throw error;
    const isWrong = error instanceof errors.JWSSignatureVerificationFailed;
    throw new SignedFileError(
      isWrong ? 'its signature does not match its key' : `its signature is malformed (${String(error)})`,
    );
  }
}

/** Reads a content. It must be canonical, so that no key occurs twice. */
function readContent<Content extends FileContent>(text: string, { content }: SignedFile<Content>): Content {
  const parsed = parseJson(text);
  const read = content.safeParse(parsed);
  if (!read.success)
    throw new SignedFileError(
      `its content is malformed at ${read.error.issues[0]?.path.join('.') || 'the top level'}`,
    );
  if (canonicalize(parsed) !== text)
    throw new SignedFileError('its content is not canonical JSON (RFC 8785)');
  return read.data;
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
