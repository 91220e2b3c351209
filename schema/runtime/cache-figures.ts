/** The figures of one cache. */
export type CacheFigures = {
  readonly entries: number;
  readonly bytes: number;
  readonly hits: number;
  readonly misses: number;
};

/** A cache that counts. */
type Counting = { figures(): CacheFigures };

/** The named caches of this process. A cache that nobody uses any more is not kept for its figures. */
const named: { readonly name: string; readonly cache: WeakRef<Counting> }[] = [];
const maxUnchecked = 100;

/** Adds a cache to the figures of its name. Caches of one name are added up. */
export function countCache(name: string, cache: Counting): void {
  if (named.length >= maxUnchecked) removeCollected();
  named.push({ name, cache: new WeakRef(cache) });
}

/** Returns the figures of all named caches of this process. */
export function readCaches(): ReadonlyMap<string, CacheFigures> {
  removeCollected();
  const all = new Map<string, CacheFigures>();
  for (const { name, cache } of named) {
    const found = cache.deref()?.figures();
    if (found !== undefined) all.set(name, add(all.get(name), found));
  }
  return all;
}

function removeCollected(): void {
  const left = named.filter(({ cache }) => cache.deref() !== undefined);
  named.splice(0, named.length, ...left);
}

function add(one: CacheFigures | undefined, other: CacheFigures): CacheFigures {
  if (one === undefined) return other;
  return {
    entries: one.entries + other.entries,
    bytes: one.bytes + other.bytes,
    hits: one.hits + other.hits,
    misses: one.misses + other.misses,
  };
}
