import type { Types } from './types.ts';

/** An object of the data that is joined while a plan runs. Only the engine changes it. */
export type RawObject = Record<string, unknown>;

/** Returns whether a value is an object of the data, and no list. */
export function isRawObject(value: unknown): value is RawObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Joins the keys of `source` into `target`, objects and lists of equal length item by item. Null does not replace a value:
 * a community that does not have a part leaves that of another. A later leaf replaces an earlier one, but the name of an
 * interface does not replace that of a type.
 */
export function mergeInto(target: RawObject, source: RawObject, types: Types): void {
  for (const key of Object.keys(source)) {
    const value = source[key];
    const known = target[key];
    if (known === undefined || known === null) target[key] = value;
    else if (value !== null && value !== undefined && !(key === '__typename' && types.isAbstract(value)))
      target[key] = merged(known, value, types);
  }
}

function merged(known: unknown, value: unknown, types: Types): unknown {
  if (Array.isArray(known) && Array.isArray(value) && known.length === value.length) {
    for (const [at, item] of value.entries()) {
      const before: unknown = known[at];
      known[at] = before === null || before === undefined ? item : merged(before, item, types);
    }
    return known;
  }
  if (isRawObject(known) && isRawObject(value)) {
    mergeInto(known, value, types);
    return known;
  }
  return value ?? known;
}

/** Returns a copy of a value that shares no object with it. */
export function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (!isRawObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, copyOf(below)]));
}
