import { bearsClassification, bearsClassificationInText } from '../../record/classification.ts';
import { findJsonFault } from './json-fault.ts';
import { RejectError } from '../../record/reject.ts';

/** The longest string that a record may have, in UTF-16 units, and its maximum depth. */
export const maxStringLength = 1_000_000;
export const maxDepth = 64;
const maxKeyLength = 1000;

/**
 * Parses a record's bytes into a JSON value. Throws RejectError for a value that `refuseUnsafe` refuses; no message has
 * a value. Checks for a classification first, even in text that is not JSON, because the alarm must be raised in any
 * case.
 */
export function parseRecord(bytes: Buffer): unknown {
  const value = parseJson(decodeText(bytes, bearsClassificationInText));
  if (bearsClassification(value)) throw new RejectError('CLASSIFIED', 'a classified record');
  refuseUnsafe(value);
  return value;
}

/** Refuses keys that are operators or reach a prototype, and strings, keys and depths above the maximum. */
export function refuseUnsafe(value: unknown): void {
  refuseTraps(value, 0);
}

/** Decodes bytes as UTF-8 text. Throws CLASSIFIED if the readable part is classified, otherwise WRONG_ENCODING. */
export function decodeText(bytes: Buffer, isClassified: (text: string) => boolean): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    if (isClassified(bytes.toString('latin1'))) throw new RejectError('CLASSIFIED', 'a classified record');
    throw new RejectError('WRONG_ENCODING', 'expected UTF-8 text, got other bytes');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    if (bearsClassificationInText(text)) throw new RejectError('CLASSIFIED', 'a classified record');
    throw new RejectError('MALFORMED', 'expected a JSON value', findJsonFault(text));
  }
}

function refuseTraps(value: unknown, depth: number): void {
  if (depth > maxDepth) throw new RejectError('TOO_DEEP', `nested deeper than ${maxDepth} levels`);
  if (typeof value === 'string') {
    if (value.length > maxStringLength)
      throw new RejectError('TOO_LONG', `a string longer than ${maxStringLength} characters`);
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
    if (key.length > maxKeyLength)
      throw new RejectError('TOO_LONG', `a key longer than ${maxKeyLength} characters`);
    refuseTraps(inner, depth + 1);
  }
}
