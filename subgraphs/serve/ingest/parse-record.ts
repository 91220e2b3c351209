import type { z } from 'zod';
import { RejectError } from './source.ts';

/** The longest string that a record may hold, in UTF-16 units, and how deep it may be nested. */
export const longestString = 1_000_000;
export const deepest = 64;

/** A record's bytes as a JSON value that is safe to look into. Throws RejectError; no message holds a value. */
export function parseRecord(bytes: Buffer): unknown {
  const value = parseJson(decode(bytes));
  refuseTraps(value, 0);
  return value;
}

/** A value of the source's shape. Throws WRONG_SHAPE with the first paths and what was expected there. */
export function checkShape<Raw>(value: unknown, shape: z.ZodType<Raw>): Raw {
  const checked = shape.safeParse(value);
  if (checked.success) return checked.data;
  const issues = checked.error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.join('.') || 'record'}: ${say(issue)}`);
  throw new RejectError('WRONG_SHAPE', issues.join('; '));
}

/** zod's own messages may quote what they got; its code and what was expected never do. */
function say(issue: z.core.$ZodIssue): string {
  const expected = 'expected' in issue ? ` (expected ${String(issue.expected)})` : '';
  return `${issue.code}${expected}`;
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new RejectError('WRONG_ENCODING', 'bytes that are no UTF-8');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RejectError('MALFORMED', 'no JSON value');
  }
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
    refuseTraps(inner, depth + 1);
  }
}
