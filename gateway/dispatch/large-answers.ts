import type { AnswerSize } from './answer-size.ts';
import { PartUnavailable } from './part-unavailable.ts';

/** The bytes of large answers of one community that are parsed in a second. */
export const largeAnswerLimits = {
  /** An answer up to this size is not counted: parsing it takes about 5 ms. */
  fromBytes: 256 * 1024,
  /** Counting and parsing 8 MiB takes about 110 ms of the hub's one thread. */
  bytesPerSecond: 8 * 1024 * 1024,
  /** One answer of the maximum size. */
  burst: 8 * 1024 * 1024,
} as const;

/**
 * Limits the bytes of large answers that are parsed for one community, over all requests: parsing occupies the hub's one
 * thread, which serves all communities. Answers up to 256 KiB are never limited.
 */
export class LargeAnswers {
  readonly #clock: () => number;
  #level: number = largeAnswerLimits.burst;
  #at: number;

  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
    this.#at = clock();
  }

  /**
   * Returns a count that also throws PartUnavailable for a large answer beyond the limit: when it becomes large, so that
   * the rest is not read, and again before it is parsed. An answer may take the level below zero: the next one waits.
   */
  limit(size: AnswerSize): AnswerSize {
    let bytes = 0;
    let isCharged = false;
    const isLarge = () => bytes > largeAnswerLimits.fromBytes;
    return {
      addBytes: (count) => {
        size.addBytes(count);
        const wasLarge = isLarge();
        bytes += count;
        if (!wasLarge && isLarge()) this.#check();
      },
      // Values are counted before the text is parsed.
      addValues: (count) => {
        if (!isCharged && isLarge()) this.#charge(bytes);
        isCharged = true;
        size.addValues(count);
      },
    };
  }

  #charge(bytes: number): void {
    this.#check();
    this.#level -= bytes;
  }

  #check(): void {
    const now = this.#clock();
    const refill = ((now - this.#at) / 1000) * largeAnswerLimits.bytesPerSecond;
    this.#level = Math.min(largeAnswerLimits.burst, this.#level + Math.max(0, refill));
    this.#at = now;
    if (this.#level <= 0)
      throw new PartUnavailable('the large answers of this subgraph exceed the limit per second');
  }
}
