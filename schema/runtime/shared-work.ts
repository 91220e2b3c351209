type Running<Result> = {
  readonly result: Promise<Result>;
  readonly abort: AbortController;
  /** Aborted when the other callers should no longer wait for this result. */
  readonly parting: AbortController;
  callers: number;
  isOver: boolean;
};

/** The callers of work, as the work sees them. */
export type Callers = {
  /** The callers that wait for the result now. */
  count(): number;
  /** Ends the wait of all but the first caller: the work will take longer than theirs would. They run their own. */
  part(): void;
};

/** Work for all callers of a key. `signal` is aborted when every caller has left. */
export type Work<Result> = (signal: AbortSignal, callers: Callers) => Promise<Result>;

const parted = Symbol('parted');

/**
 * Runs work once for all callers that ask for the same key while it is in progress. The work is aborted when every
 * caller has left, and a later caller then starts it again.
 */
export class SharedWork<Result> {
  readonly #running = new Map<string, Running<Result>>();

  /**
   * Waits for the result of the work in progress, or of `work` if there is none. Rejects with the reason of `signal` if
   * the caller leaves first. A caller without a signal never leaves.
   */
  async run(key: string, signal: AbortSignal | null, work: Work<Result>): Promise<Result> {
    for (;;) {
      const known = this.#running.get(key);
      const running = known ?? this.#start(key, work);
      const leaving = [signal, known?.parting.signal].filter((one) => one !== null && one !== undefined);
      running.callers += 1;
      try {
        return leaving.length === 0 ? await running.result : await unlessAborted(running.result, leaving);
      } catch (error) {
        if (error !== parted) throw error;
      } finally {
        running.callers -= 1;
        if (running.callers === 0 && !running.isOver) {
          this.#forget(key, running.parting);
          running.abort.abort();
        }
      }
    }
  }

  #start(key: string, work: Work<Result>): Running<Result> {
    const [abort, parting] = [new AbortController(), new AbortController()];
    const part = (): void => {
      this.#forget(key, parting);
      parting.abort(parted);
    };
    const count = (): number => running.callers;
    const running: Running<Result> = {
      result: work(abort.signal, { count, part }),
      abort,
      parting,
      callers: 0,
      isOver: false,
    };
    if (!parting.signal.aborted) this.#running.set(key, running);
    const end = (): void => {
      running.isOver = true;
      this.#forget(key, parting);
    };
    running.result.then(end, end);
    return running;
  }

  #forget(key: string, parting: AbortController): void {
    if (this.#running.get(key)?.parting === parting) this.#running.delete(key);
  }
}

async function unlessAborted<Result>(
  result: Promise<Result>,
  signals: readonly AbortSignal[],
): Promise<Result> {
  for (const signal of signals) signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const leave = ({ target }: Event) => reject((target as AbortSignal).reason as Error);
  for (const signal of signals) signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([result, promise]);
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', leave);
  }
}
