import type { DeferredFragment } from '../plan/deferred-document.ts';
import type { WriteData } from './writer.ts';

type Variables = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];

/** A fragment's data at one object of the answer, in the form of the incremental delivery of August 2022. */
export type IncrementalPart = {
  readonly data: Readonly<Record<string, unknown>>;
  readonly path: Path;
  readonly label?: string;
};

/**
 * Returns the data of deferred fragments at each object that they are for. An object that is null, or that has no field of
 * the fragment because of its type, has no part.
 */
export function incrementalParts(
  fragments: readonly (DeferredFragment & { readonly write: WriteData })[],
  data: Readonly<Record<string, unknown>>,
  variables: Variables,
): readonly IncrementalPart[] {
  return fragments.flatMap(({ label, path, write }) => {
    const whole = JSON.parse(write(data, variables).text) as unknown;
    return [...objectsAt(whole, path, [])].map((found) => ({
      data: found.object,
      path: found.path,
      ...(label !== null && { label }),
    }));
  });
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
  else if (Object.keys(object).length > 0) yield { object, path };
}
