/** The most keys that one query may scan: MongoDB merges up to 199, and every further term multiplies them. */
export const maxHeldKeys = 150;

/** A store's filter for what a reader may see: a plain value, so that every store combines it with `$and` only. */
export type StoreFilter = {
  readonly admits: { readonly $in: readonly string[] };
  readonly $or: readonly [
    { readonly openFrom: { readonly $lte: Date } },
    { readonly admitsEarly: { readonly $in: readonly string[] } },
  ];
};

/**
 * Compiles the keys that a reader holds into the store's filter. An index on `{ admits, sortAt, _id }` serves the
 * first term; the embargo is compared at the request, on the rows that are left. Throws beyond 150 keys.
 */
export function compileFilter(held: readonly string[], now: Date): StoreFilter {
  if (held.length > maxHeldKeys) throw new RangeError(`at most ${maxHeldKeys} held keys, got ${held.length}`);
  return { admits: { $in: held }, $or: [{ openFrom: { $lte: now } }, { admitsEarly: { $in: held } }] };
}
