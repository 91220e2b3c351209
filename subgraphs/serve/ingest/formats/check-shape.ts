import type { z } from 'zod';
import { RejectError } from '../../record/reject.ts';
import type { FieldFault, Source, Tolerance } from '../sources/source.ts';
import { fieldNames } from './field-names.ts';

type Path = readonly (string | number)[];
type Issue = { readonly path: Path; readonly message: string; readonly text: string };
type Fault = FieldFault & { readonly text: string };

/** The maximum number of faults that cost fields of one record. A record with more is rejected. */
const maxFaults = 100;
/** The maximum depth of a fault: one more pass over the record for each item or object that is left out. */
const maxPasses = 8;

/**
 * Validates a record against the source's shape. If the source tolerates it, a fault costs the field, or the item of a
 * list, and is reported to `warn`. Otherwise throws WRONG_SHAPE with the first three paths and what was expected there,
 * and UNMAPPABLE if the shape itself fails. No message has a value, or a key that the shape does not name.
 */
export function checkShape<Raw>(
  given: unknown,
  { shape, tolerates }: Pick<Source<Raw>, 'shape' | 'tolerates'>,
  warn: (fault: FieldFault) => void = () => undefined,
): Raw {
  const faults = new Map<string, Fault>();
  let value = given;
  for (let pass = 0; ; pass += 1) {
    const checked = tryShape(value, shape);
    if (checked.success) {
      for (const { text: _text, ...fault } of faults.values()) warn(fault);
      return checked.data;
    }
    const found = checked.error.issues.map((issue) => toIssue(issue, value, fieldNames(shape), tolerates));
    if (tolerates === undefined || pass === maxPasses || faults.size + found.length > maxFaults)
      throw new RejectError(
        'WRONG_SHAPE',
        found
          .slice(0, 3)
          .map(({ text }) => text)
          .join('; '),
      );
    value = withoutFaults(value, found, tolerates, faults);
  }
}

/** Returns a copy without the faulty fields. Throws if the record cannot stand without one of them. */
function withoutFaults(
  given: unknown,
  found: readonly Issue[],
  tolerates: Tolerance,
  faults: Map<string, Fault>,
): unknown {
  const value = structuredClone(tolerates.unwrap?.(given) ?? given);
  for (const { path, message, text } of found) {
    const left = leftOutFor(path, value, tolerates, faults);
    // The fault that was met first says why an item or the record is left out.
    const within = `${(left ?? path).join('.')}.`;
    const first = [...faults].find(([key]) => `${key}.`.startsWith(within))?.[1];
    if (left === null) throw new RejectError('WRONG_SHAPE', first?.text ?? text);
    const isItem = typeof left.at(-1) === 'number' && typeof valueAt(value, left) === 'object';
    const fault = first ?? { path: path.join('.'), value: valueAt(value, path), message, text };
    for (const key of faults.keys()) if (key.startsWith(within)) faults.delete(key);
    faults.set(left.join('.'), isItem ? { ...fault, isItem } : fault);
    remove(value, left);
  }
  return compact(value);
}

/** Returns the smallest part that contains a fault and exists; null if the record must have it. */
function leftOutFor(
  path: Path,
  value: unknown,
  { strict, whole = [] }: Tolerance,
  faults: ReadonlyMap<string, Fault>,
): Path | null {
  if (path.length === 0 || path.some((part) => strict.includes(String(part)))) return null;
  for (let length = path.length; length > 0; length -= 1) {
    const part = path.slice(0, length);
    const isItem = typeof part.at(-1) === 'number';
    if (isItem && whole.includes(String(part.at(-2)))) return null;
    if (valueAt(value, part) !== undefined && !faults.has(part.join('.'))) return part;
  }
  return null;
}

function valueAt(value: unknown, path: Path): unknown {
  let inner = value;
  for (const part of path) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, part)) return undefined;
    inner = (inner as Record<string | number, unknown>)[part];
  }
  return inner;
}

const leftOut = Symbol('left out');

function remove(value: unknown, path: Path): void {
  const parent = valueAt(value, path.slice(0, -1)) as Record<string | number, unknown> | undefined;
  const last = path.at(-1) ?? '';
  // Other items keep their index until the end of the pass.
  if (Array.isArray(parent)) (parent as unknown[])[Number(last)] = leftOut;
  else if (parent !== undefined) delete parent[last];
}

function compact(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== leftOut).map(compact);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, compact(inner)]));
}

function tryShape<Raw>(value: unknown, shape: z.ZodType<Raw>): z.ZodSafeParseResult<Raw> {
  try {
    return shape.safeParse(value);
  } catch {
    throw new RejectError('UNMAPPABLE', 'the shape of this source failed on the record');
  }
}

function toIssue(
  issue: z.core.$ZodIssue,
  record: unknown,
  names: ReadonlySet<string>,
  tolerates: Tolerance | undefined,
): Issue {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  const shown = path.map((part) => (typeof part === 'number' || names.has(part) ? part : '?'));
  const message = formatIssue(issue);
  const actual = typeAt(tolerates?.unwrap?.(record) ?? record, path);
  return { path, message, text: `${shown.join('.') || 'record'}: ${message}, got ${actual}` };
}

/** Formats what was expected. The messages of zod may quote the value. */
function formatIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `expected ${issue.expected}`;
  if (issue.code === 'invalid_format') return `expected ${formats[issue.format] ?? 'another form of text'}`;
  if (issue.code === 'too_small') return `expected at least ${issue.minimum}${unitOf(issue.origin)}`;
  if (issue.code === 'too_big') return `expected at most ${issue.maximum}${unitOf(issue.origin)}`;
  if (issue.code === 'invalid_value') return `expected one of ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'unrecognized_keys') return 'expected only members that the format has';
  return 'expected another value';
}

const formats: Readonly<Record<string, string>> = {
  guid: 'a UUID',
  uuid: 'a UUID',
  url: 'a web address',
  datetime: 'a date and time with a zone',
};

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' ? ' items' : '';
}

function typeAt(record: unknown, path: Path): string {
  const value = path.length === 0 ? record : valueAt(record, path);
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
