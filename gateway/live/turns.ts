import { HubError } from '../../schema/errors.ts';

/** Limits the number of callers at work. Further callers wait for their turn. Above a maximum, they are refused. */
export class Turns {
  readonly #maxAtOnce: number;
  readonly #maxWaiting: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(maxAtOnce: number, maxWaiting: number) {
    this.#maxAtOnce = maxAtOnce;
    this.#maxWaiting = maxWaiting;
  }

  /** Waits for a turn. Returns the function that ends it. Rejects with the reason of `signal` if that is aborted. */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#waiting.size >= this.#maxWaiting)
      throw new HubError('PART_UNAVAILABLE', 'too many callers wait for a turn');
    if (this.#taken < this.#maxAtOnce) this.#taken += 1;
    else await this.#wait(signal);
    return () => this.#pass();
  }

  /** Passes the turn to the caller that has waited longest. */
  #pass(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#taken -= 1;
    else {
      this.#waiting.delete(next);
      next();
    }
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = (): void => reject(signal.reason as Error);
    this.#waiting.add(resolve);
    signal.addEventListener('abort', leave, { once: true });
    try {
      await promise;
    } finally {
      this.#waiting.delete(resolve);
      signal.removeEventListener('abort', leave);
    }
  }
}
