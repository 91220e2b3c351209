import type { z } from 'zod';
import { bearsClassification, bearsClassificationInText } from '../../record/classification.ts';
import { fieldNames } from './field-names.ts';
import { RejectError } from '../../record/reject.ts';

/** The longest string that a record may hold, in UTF-16 units, and how deep it may be nested. */
export const longestString = 1_000_000;
export const deepest = 64;
const longestKey = 1000;

/**
 * A record's bytes as a JSON value that is safe to look into. Throws RejectError; no message holds a value. Whether it
 * bears a classification (CLASSIFIED) is asked first, even of what cannot be parsed: an alarm is due in any case.
 */
export function parseRecord(bytes: Buffer): unknown {
  const value = parseJson(decodeText(bytes, bearsClassificationInText));
  if (bearsClassification(value)) throw new RejectError('CLASSIFIED', 'a classified record');
  refuseUnsafe(value);
  return value;
}

/** Refuses keys that are operators or reach a prototype, strings and depths beyond every honest record. */
export function refuseUnsafe(value: unknown): void {
  refuseTraps(value, 0);
}

/** Bytes as UTF-8 text. Throws WRONG_ENCODING; CLASSIFIED where what can be read of them is. */
export function decodeText(bytes: Buffer, isClassified: (text: string) => boolean): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    if (isClassified(bytes.toString('latin1'))) throw new RejectError('CLASSIFIED', 'a classified record');
    throw new RejectError('WRONG_ENCODING', 'bytes that are no UTF-8');
  }
}

/**
 * A value of the source's shape. Throws WRONG_SHAPE with the first paths and what was expected there, UNMAPPABLE where
 * the shape itself fails over it. No message holds a value, nor a key that the shape does not name.
 */
export function checkShape<Raw>(value: unknown, shape: z.ZodType<Raw>): Raw {
  const checked = tryShape(value, shape);
  if (checked.success) return checked.data;
  const names = fieldNames(shape);
  const issues = checked.error.issues
    .slice(0, 3)
    .map((issue) => `${pathOf(issue, names)}: ${say(issue, value)}`);
  throw new RejectError('WRONG_SHAPE', issues.join('; '));
}

function tryShape<Raw>(value: unknown, shape: z.ZodType<Raw>): z.ZodSafeParseResult<Raw> {
  try {
    return shape.safeParse(value);
  } catch {
    throw new RejectError('UNMAPPABLE', 'the shape of this source failed over it');
  }
}

function pathOf({ path }: z.core.$ZodIssue, names: ReadonlySet<string>): string {
  const said = path.map((part) => (typeof part === 'number' || names.has(String(part)) ? String(part) : '?'));
  return said.join('.') || 'record';
}

/** zod's own messages may quote what they got; the types that were expected and received never do. */
function say(issue: z.core.$ZodIssue, record: unknown): string {
  const expected = issue.code === 'invalid_type' ? `expected ${issue.expected}` : issue.code;
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    if (bearsClassificationInText(text)) throw new RejectError('CLASSIFIED', 'a classified record');
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
    if (key.length > longestKey) throw new RejectError('TOO_LONG', `a key longer than ${longestKey}`);
    refuseTraps(inner, depth + 1);
  }
}
