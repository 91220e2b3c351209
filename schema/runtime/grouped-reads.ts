/** The most reads that run at once, and the most keys of one read. */
const maxInFlight = 2;
const maxKeys = 100;

/** Reads the values of some keys. `oldest` is the time of the oldest of their requests. */
type Read<Value> = (keys: readonly string[], oldest: Date) => Promise<ReadonlyMap<string, Value>>;
type Waiting<Value> = PromiseWithResolvers<Value | undefined> & { readonly at: Date };

/**
 * Joins the reads of concurrent requests. While reads are in flight, further keys wait and are read together. A read
 * always starts after `load` was called for its keys, so that nobody gets a value from before their request.
 *
 * The waiting keys are bounded by the requests in progress: each waits for one.
 *
 * @example
 * const members = new GroupedReads(async (ids) => await readMembers(ids));
 * const member = await members.load('u-1', now);
 */
export class GroupedReads<Value> {
  readonly #read: Read<Value>;
  #waiting = new Map<string, Waiting<Value>>();
  #inFlight = 0;

  constructor(read: Read<Value>) {
    this.#read = read;
  }

  /** Returns the value of a key; undefined if the read has none. `at` is the time of the request. Rejects as the read. */
  async load(key: string, at: Date): Promise<Value | undefined> {
    const known = this.#waiting.get(key) ?? { at, ...Promise.withResolvers<Value | undefined>() };
    const waiting = known.at <= at ? known : { ...known, at };
    this.#waiting.set(key, waiting);
    this.#startNext();
    return await waiting.promise;
  }

  #startNext(): void {
    if (this.#inFlight >= maxInFlight || this.#waiting.size === 0) return;
    const group = new Map([...this.#waiting].slice(0, maxKeys));
    for (const key of group.keys()) this.#waiting.delete(key);
    this.#inFlight += 1;
    void this.#readGroup(group);
  }

  async #readGroup(group: ReadonlyMap<string, Waiting<Value>>): Promise<void> {
    try {
      const oldest = Math.min(...[...group.values()].map(({ at }) => at.getTime()));
      const found = await this.#read([...group.keys()], new Date(oldest));
      for (const [key, { resolve }] of group) resolve(found.get(key));
    } catch (error) {
      for (const { reject } of group.values()) reject(error);
    } finally {
      this.#inFlight -= 1;
      this.#startNext();
    }
  }
}
