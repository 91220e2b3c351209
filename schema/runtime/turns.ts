import { HubError } from '../errors.ts';

/** A caller that waits for a turn: starts it. */
type Start = () => void;

/**
 * Limits the number of callers at work, those of one reader to half of it. Further callers wait. Turns go to the readers
 * in rotation, so that the many callers of one reader do not hold back those of the others. Above a maximum, callers are
 * refused, those of one reader above half of it.
 */
export class Turns {
  readonly #maxAtOnce: number;
  readonly #maxWaiting: number;
  /** The waiting callers of each reader. The reader whose turn is next comes first. */
  readonly #waiting = new Map<string, Set<Start>>();
  #waitingInAll = 0;
  /** The callers at work of each reader. */
  readonly #working = new Map<string, number>();
  #taken = 0;

  constructor(maxAtOnce: number, maxWaiting: number) {
    this.#maxAtOnce = maxAtOnce;
    this.#maxWaiting = maxWaiting;
  }

  /**
   * Waits for a turn of a reader. Returns the function that ends it. Rejects with the reason of `signal` if that is
   * aborted.
   */
  async take(reader: string, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const own = this.#waiting.get(reader)?.size ?? 0;
    if (this.#waitingInAll >= this.#maxWaiting || own >= this.#maxWaiting / 2)
      throw new HubError('PART_UNAVAILABLE', 'too many callers wait for a turn');
    if (this.#taken < this.#maxAtOnce && this.#mayWork(reader)) this.#begin(reader);
    else await this.#wait(reader, signal);
    return () => this.#end(reader);
  }

  #mayWork(reader: string): boolean {
    return (this.#working.get(reader) ?? 0) < Math.ceil(this.#maxAtOnce / 2);
  }

  #begin(reader: string): void {
    this.#taken += 1;
    this.#working.set(reader, (this.#working.get(reader) ?? 0) + 1);
  }

  #end(reader: string): void {
    this.#taken -= 1;
    const left = (this.#working.get(reader) ?? 1) - 1;
    if (left === 0) this.#working.delete(reader);
    else this.#working.set(reader, left);
    this.#pass();
  }

  /** Gives a turn to the next reader's caller that has waited longest. The reader is then the last in the rotation. */
  #pass(): void {
    for (const [reader, callers] of this.#waiting) {
      const [next] = callers;
      if (next === undefined || !this.#mayWork(reader)) continue;
      this.#remove(reader, next);
      const others = this.#waiting.get(reader);
      if (others !== undefined) {
        this.#waiting.delete(reader);
        this.#waiting.set(reader, others);
      }
      this.#begin(reader);
      next();
      return;
    }
  }

  async #wait(reader: string, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = (): void => {
      this.#remove(reader, resolve);
      reject(signal.reason as Error);
    };
    const callers = this.#waiting.get(reader) ?? new Set<Start>();
    callers.add(resolve);
    this.#waitingInAll += 1;
    this.#waiting.set(reader, callers);
    signal.addEventListener('abort', leave, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  #remove(reader: string, caller: Start): void {
    const callers = this.#waiting.get(reader);
    if (callers?.delete(caller) !== true) return;
    this.#waitingInAll -= 1;
    if (callers.size === 0) this.#waiting.delete(reader);
  }
}
