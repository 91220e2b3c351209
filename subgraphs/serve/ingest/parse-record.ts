import type { z } from 'zod';
import { bearsClassification, bearsClassificationInText } from './classified.ts';
import { RejectError, type RejectReason } from './source.ts';

/** The longest string that a record may hold, in UTF-16 units, and how deep it may be nested. */
export const longestString = 1_000_000;
export const deepest = 64;
const longestKey = 1000;

/**
 * A record's bytes as a JSON value that is safe to look into. Throws RejectError; no message holds a value. Whether it
 * bears a classification (CLASSIFIED) is asked first, even of what cannot be parsed: an alarm is due in any case.
 */
export function parseRecord(bytes: Buffer): unknown {
  const text = decode(bytes);
  const value = parseJson(text);
  if (bearsClassification(value)) throw new RejectError('CLASSIFIED', 'a classified record');
  refuseTraps(value, 0);
  return value;
}

/** A value of the source's shape. Throws WRONG_SHAPE with the first paths and what was expected there. */
export function checkShape<Raw>(value: unknown, shape: z.ZodType<Raw>): Raw {
  const checked = shape.safeParse(value);
  if (checked.success) return checked.data;
  const issues = checked.error.issues.slice(0, 3).map((issue) => `${pathOf(issue)}: ${say(issue, value)}`);
  throw new RejectError('WRONG_SHAPE', issues.join('; '));
}

/** Names of fields only: a part that is none may be content, in a shape that takes any key. */
function pathOf({ path }: z.core.$ZodIssue): string {
  const names = path.map(String).map((name) => (/^[A-Za-z0-9_-]{1,40}$/.test(name) ? name : '?'));
  return names.join('.') || 'record';
}

/** zod's own messages may quote what they got; the types that were expected and received never do. */
function say(issue: z.core.$ZodIssue, record: unknown): string {
  const expected = 'expected' in issue ? `expected ${String(issue.expected)}` : issue.code;
  return `${expected}, got ${typeAt(record, issue.path)}`;
}

function typeAt(record: unknown, path: readonly PropertyKey[]): string {
  let value = record;
  for (const name of path) {
    value =
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[name] : undefined;
  }
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refusal('WRONG_ENCODING', 'bytes that are no UTF-8', bytes.toString('latin1'));
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refusal('MALFORMED', 'no JSON value', text);
  }
}

function refusal(reason: RejectReason, message: string, text: string): RejectError {
  if (bearsClassificationInText(text)) return new RejectError('CLASSIFIED', 'a classified record');
  return new RejectError(reason, message);
}

/** Keys that are operators for MongoDB or reach a prototype, strings and depths beyond every honest record. */
function refuseTraps(value: unknown, depth: number): void {
  if (depth > deepest) throw new RejectError('TOO_DEEP', `nested deeper than ${deepest}`);
  if (typeof value === 'string') {
    if (value.length > longestString)
      throw new RejectError('TOO_LONG', `a string longer than ${longestString}`);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) refuseTraps(item, depth + 1);
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    if (key.startsWith('$') || key === '__proto__' || key.includes('\0')) {
      throw new RejectError('UNSAFE_KEY', 'a key that is an operator or reaches a prototype');
    }
    if (key.length > longestKey) throw new RejectError('TOO_LONG', `a key longer than ${longestKey}`);
    refuseTraps(inner, depth + 1);
  }
}
