import type { DeferredFragment } from '../plan/deferred-document.ts';
import type { WriteData } from './writer.ts';

type Variables = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];

/** A fragment's data at one object of the answer, in the form of the incremental delivery of August 2022. */
export type IncrementalPart<Reported = unknown> = {
  readonly data: Readonly<Record<string, unknown>>;
  readonly path: Path;
  readonly label?: string;
  readonly errors?: readonly Reported[];
  readonly extensions?: Readonly<Record<string, unknown>>;
};

type PartError = { readonly path?: Path | undefined };

/** The last part of an answer in parts. */
export type LastPart<Reported> = {
  readonly incremental?: readonly IncrementalPart<Reported>[];
  readonly errors?: readonly Reported[];
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly hasNext: false;
};

/**
 * Returns the last part of an answer: the deferred data, each error with the data that it is about, and the extensions with
 * the first. Clients read both there, and at the top only where no data is deferred.
 */
export function lastPart<Reported extends PartError>(
  parts: readonly IncrementalPart<Reported>[],
  errors: readonly Reported[],
  extensions: Readonly<Record<string, unknown>> = {},
): LastPart<Reported> {
  const [first] = parts;
  const shown = Object.keys(extensions).length > 0 && { extensions };
  if (first === undefined) return { ...(errors.length > 0 && { errors }), ...shown, hasNext: false };
  const byPart = Map.groupBy(errors, ({ path = [] }) => nearest(parts, path) ?? first);
  const incremental = parts.map((part) => {
    const own = byPart.get(part);
    return { ...part, ...(own && { errors: own }), ...(part === first && shown) };
  });
  return { incremental, hasNext: false };
}

/** Returns the part with the longest path above another path. */
function nearest<Part extends Pick<IncrementalPart, 'path'>>(
  parts: readonly Part[],
  path: Path,
): Part | undefined {
  const above = parts.filter((part) => part.path.every((key, index) => key === path[index]));
  return above.toSorted((one, other) => other.path.length - one.path.length)[0];
}

/**
 * Returns the data of deferred fragments at each object that they are for. An object that is null, or that has no field of
 * the fragment because of its type, has no part.
 */
export function incrementalParts(
  fragments: readonly (DeferredFragment & { readonly write: WriteData })[],
  data: Readonly<Record<string, unknown>>,
  variables: Variables,
): readonly IncrementalPart<never>[] {
  return fragments.flatMap(({ label, path, write }) => {
    const whole = JSON.parse(write(data, variables).text) as unknown;
    const filled = [...objectsAt(whole, path, [])].filter(({ object }) => Object.keys(object).length > 0);
    return filled.map((found) => ({
      data: found.object,
      path: found.path,
      ...(label !== null && { label }),
    }));
  });
}

/** The maximum bytes of what parts repeat: their paths and names. Above it, an answer is sent at once. */
const maxRepeatedBytes = 1_000_000;
/** The bytes of one part besides its data, path and name. */
const partBytes = 50;

/**
 * Returns whether the parts of deferred fragments are few enough to be sent, from the first part of the answer: it has the
 * objects that each fragment is for. The path of a part repeats response keys, which a client may choose as long as it likes.
 */
export function mayBeParted(fragments: readonly DeferredFragment[], first: unknown): boolean {
  const repeated = fragments.map(({ path, label }) => {
    const bytes = partBytes + path.join('').length + (label?.length ?? 0);
    return bytes * [...objectsAt(first, path, [])].length;
  });
  return repeated.reduce((sum, bytes) => sum + bytes, 0) <= maxRepeatedBytes;
}

type Found = { readonly object: Readonly<Record<string, unknown>>; readonly path: Path };

function* objectsAt(value: unknown, keys: readonly string[], path: Path): Iterable<Found> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* objectsAt(item, keys, [...path, index]);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const object = value as Readonly<Record<string, unknown>>;
  const [key, ...others] = keys;
  if (key !== undefined) yield* objectsAt(object[key], others, [...path, key]);
  else yield { object, path };
}
