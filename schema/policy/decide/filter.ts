/** The maximum number of access keys in one query. MongoDB merges up to 199 scans; a further `$in` multiplies them. */
export const maxHeldKeys = 150;

/** Divides items into lists of at most `most`: MongoDB merges the scans of one `$in` in the order of an index up to a number. */
export function batchesOf<Item>(
  items: readonly Item[],
  most: number = maxHeldKeys,
): readonly (readonly Item[])[] {
  const size = Math.max(1, most);
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, at) => items.slice(at * size, (at + 1) * size));
}

/** The MongoDB filter for the records that a reader may see. Combine it with other filters by `$and` only. */
export type StoreFilter = {
  readonly admits: { readonly $in: readonly string[] };
  readonly $or: readonly [
    { readonly openFrom: { readonly $lte: Date } },
    { readonly admitsEarly: { readonly $in: readonly string[] } },
  ];
};

/**
 * Compiles a reader's access keys into a filter. An index on `{ admits, sortAt, _id }` serves the first term. The
 * embargo is compared with `now` on the remaining rows. Throws RangeError for more than 150 keys.
 */
export function compileFilter(held: readonly string[], now: Date): StoreFilter {
  if (held.length > maxHeldKeys)
    throw new RangeError(`expected at most ${maxHeldKeys} access keys, got ${held.length}`);
  return { admits: { $in: held }, $or: [{ openFrom: { $lte: now } }, { admitsEarly: { $in: held } }] };
}
