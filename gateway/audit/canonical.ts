import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/**
 * The one form of a JSON value: RFC 8785 (JCS) in UTF-8. Throws on what JSON cannot say (NaN, Infinity, a cycle, a
 * lone surrogate): pass what comes from outside through `wellFormed` first.
 */
export function canonicalBytes(value: unknown): Buffer {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError(`expected a JSON value, got ${typeof value}`);
  return Buffer.from(text, 'utf8');
}

/** SHA-256 (FIPS 180-4) of what is given, one after the other, as 64 lower case hexadecimal digits. */
export function sha256(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/**
 * The same value with every lone surrogate replaced by U+FFFD, as I-JSON (RFC 7493) asks: JSON can carry one in from
 * a client or a subgraph, and one broken character must not cost the record of a whole answer.
 */
export function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key.toWellFormed(), wellFormed(one)]));
}

/** A set in its one order: by the canonical form of its members (UTF-16 code units), each once. */
export function canonicalSet<T>(members: readonly T[]): readonly T[] {
  const byForm = new Map(members.map((member) => [canonicalize(member) ?? '', member]));
  return [...byForm.keys()].toSorted().map((form) => byForm.get(form) as T);
}
