import { HubError } from '../../schema/errors.ts';

/** Lets a few callers go on at once. The others wait for their turn; above the maximum, they are refused. */
export class Turns {
  readonly #most: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(most: number, mostWaiting: number) {
    this.#most = most;
    this.#mostWaiting = mostWaiting;
  }

  /** Waits for a turn. Returns the function that ends it. Rejects with the reason of `signal` if that is aborted. */
  async take(signal: AbortSignal): Promise<() => void> {
    if (this.#waiting.length >= this.#mostWaiting)
      throw new HubError('PART_UNAVAILABLE', 'too many subscriptions read past events');
    if (this.#taken >= this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#taken += 1;
    const leave = (): void => {
      const next = this.#waiting.shift();
      if (next === undefined) this.#taken -= 1;
      else next();
    };
    if (signal.aborted) leave();
    signal.throwIfAborted();
    return leave;
  }
}
