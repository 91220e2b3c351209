type Running<Result> = {
  readonly result: Promise<Result>;
  readonly abort: AbortController;
  callers: number;
};

/**
 * Runs work once for all callers that ask for the same key while it is in progress. The work is aborted when every
 * caller has left, and a later caller then starts it again.
 */
export class SharedWork<Result> {
  readonly #running = new Map<string, Running<Result>>();

  /** The number of different works in progress. */
  get size(): number {
    return this.#running.size;
  }

  /** Returns whether work of this key is in progress. */
  has(key: string): boolean {
    return this.#running.has(key);
  }

  /**
   * Waits for the result of the work. Rejects with the reason of `signal` if the caller leaves first. A caller without a
   * signal never leaves.
   */
  async run(
    key: string,
    signal: AbortSignal | null,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const running = this.#running.get(key) ?? this.#start(key, work);
    running.callers += 1;
    try {
      return signal === null ? await running.result : await unlessAborted(running.result, signal);
    } finally {
      running.callers -= 1;
      if (running.callers === 0) this.#leave(key, running);
    }
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<Result>): Running<Result> {
    const abort = new AbortController();
    const running = { result: work(abort.signal), abort, callers: 0 };
    this.#running.set(key, running);
    const end = () => void (this.#running.get(key) === running && this.#running.delete(key));
    running.result.then(end, end);
    return running;
  }

  #leave(key: string, running: Running<Result>): void {
    if (this.#running.get(key) !== running) return;
    this.#running.delete(key);
    running.abort.abort();
  }
}

async function unlessAborted<Result>(result: Promise<Result>, signal: AbortSignal): Promise<Result> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const leave = () => reject(signal.reason as Error);
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([result, promise]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
