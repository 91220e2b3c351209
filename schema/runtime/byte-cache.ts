import { type CacheFigures, countCache } from './cache-figures.ts';

/** Bytes that a map entry costs besides its key and value. */
const overhead = 100;

/**
 * A map that keeps the values that were used last, up to `maxBytes` in all. The caller states the bytes of each value;
 * a key counts with 2 bytes a character. A value that would take more than a quarter of the cache is not kept, so that
 * one reader cannot replace all others by one value.
 */
export class ByteCache<Value> {
  readonly #maxBytes: number;
  readonly #entries = new Map<string, { readonly value: Value; readonly bytes: number }>();
  #bytes = 0;
  #hits = 0;
  #misses = 0;

  /** `name` is that of the cache in the metrics. */
  constructor(maxBytes: number, name?: string) {
    this.#maxBytes = maxBytes;
    if (name !== undefined) countCache(name, this);
  }

  figures(): CacheFigures {
    return { entries: this.#entries.size, bytes: this.#bytes, hits: this.#hits, misses: this.#misses };
  }

  /** The bytes of all entries. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      this.#misses += 1;
      return undefined;
    }
    this.#hits += 1;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** Keeps a value of `bytes` bytes. Removes those that were not used for the longest time until all fit. */
  set(key: string, value: Value, bytes: number): void {
    this.delete(key);
    const entry = { value, bytes: bytes + 2 * key.length + overhead };
    if (entry.bytes > this.#maxBytes / 4) return;
    this.#entries.set(key, entry);
    this.#bytes += entry.bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.delete(oldest);
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}
