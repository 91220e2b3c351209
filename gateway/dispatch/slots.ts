import { PartUnavailable } from './part-unavailable.ts';

/** A query that waits for a slot. */
type Waiting = { readonly reader: string; start(): void; fail(error: Error): void };

/** The wait queue has this many places for each slot: at most four rounds of queries wait. */
const placesOfSlot = 4;

/**
 * Limits the concurrent queries to one subgraph. Further queries wait in a bounded queue, in order. One reader uses at
 * most half of the slots and half of the queue, so that slow queries of one reader do not keep out the others.
 */
export class Slots {
  readonly #limit: number;
  readonly #used = new Map<string, number>();
  #inUse = 0;
  #waiting: Waiting[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Waits for a slot, for `waitMs` milliseconds at most, and uses it. Throws PartUnavailable if the queue is full, if the
   * wait ends, or if `signal` is aborted. The caller must call `release` if it resolves.
   */
  async take(reader: string, waitMs: number, signal: AbortSignal): Promise<void> {
    if (this.#isFree(reader)) {
      this.#use(reader);
      return;
    }
    const places = this.#limit * placesOfSlot;
    const own = this.#waiting.filter((one) => one.reader === reader).length;
    if (this.#waiting.length >= places || own >= places / 2)
      throw new PartUnavailable('the queue for the slots is full');
    await this.#wait(reader, waitMs, signal);
  }

  /** Returns the number of slots in use, and of queries that wait for one. */
  figures(): { readonly inUse: number; readonly waiting: number } {
    return { inUse: this.#inUse, waiting: this.#waiting.length };
  }

  /** Frees the slot of a reader, and starts the first waiting query whose reader may use one. */
  release(reader: string): void {
    const left = (this.#used.get(reader) ?? 1) - 1;
    if (left > 0) this.#used.set(reader, left);
    else this.#used.delete(reader);
    this.#inUse -= 1;
    const next = this.#waiting.find((one) => this.#isFree(one.reader));
    if (next === undefined) return;
    this.#use(next.reader);
    next.start();
  }

  /** Fails all waiting queries at once: the subgraph is not asked for some time. */
  failWaiting(): void {
    for (const one of this.#waiting.slice()) one.fail(new PartUnavailable('the subgraph is not asked now'));
  }

  #isFree(reader: string): boolean {
    return this.#inUse < this.#limit && (this.#used.get(reader) ?? 0) < Math.max(1, this.#limit / 2);
  }

  #use(reader: string): void {
    this.#used.set(reader, (this.#used.get(reader) ?? 0) + 1);
    this.#inUse += 1;
  }

  async #wait(reader: string, waitMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = {
      reader,
      start: () => leave(resolve),
      fail: (error) => leave(() => reject(error)),
    };
    const timer = setTimeout(() => waiting.fail(new PartUnavailable('no slot became free in time')), waitMs);
    const gone = () => waiting.fail(new PartUnavailable('nobody waits for the answer any more'));
    const leave = (settle: () => void) => {
      this.#waiting = this.#waiting.filter((one) => one !== waiting);
      clearTimeout(timer);
      signal.removeEventListener('abort', gone);
      settle();
    };
    this.#waiting.push(waiting);
    signal.addEventListener('abort', gone, { once: true });
    if (signal.aborted) gone();
    await promise;
  }
}
