import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/**
 * Returns the canonical form of a JSON value: RFC 8785 (JCS) in UTF-8. Throws if JSON cannot express the value (NaN,
 * Infinity, a cycle, a lone surrogate). Pass external input through `wellFormed` first.
 */
export function canonicalBytes(value: unknown): Buffer {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError(`expected a JSON value, got ${typeof value}`);
  return Buffer.from(text, 'utf8');
}

/** Returns the SHA-256 (FIPS 180-4) of the concatenated parts as 64 lower-case hexadecimal digits. */
export function sha256(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/**
 * Replaces every lone surrogate by U+FFFD, as I-JSON (RFC 7493) requires. JSON of a client or a subgraph can contain
 * one, and one broken character must not prevent the audit entry of an answer.
 */
export function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key.toWellFormed(), wellFormed(one)]));
}

/** Returns the members without duplicates, sorted by their canonical form (UTF-16 code units). */
export function canonicalSet<T>(members: readonly T[]): readonly T[] {
  const byForm = new Map(members.map((member) => [canonicalize(member) ?? '', member]));
  return [...byForm.keys()].toSorted().map((form) => byForm.get(form) as T);
}
