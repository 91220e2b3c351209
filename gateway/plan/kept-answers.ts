import { ByteCache } from '../../schema/runtime/byte-cache.ts';
import type { Gathered } from './gather.ts';

/** The longest time for which an answer is kept: what changed a second ago is seen by everyone. */
export const longestKeptMs = 900;

/** The most memory of all answers of one kind. */
const keptBytes = 64_000_000;

/** Estimated bytes: an answer without its text, one character of the text with its parsed data, one byte of a disclosure. */
const memory = { answer: 2000, character: 8, disclosed: 4 } as const;

type Kept<Answer> = { readonly answer: Answer; readonly until: number };

/**
 * Answers in memory, each for a fixed time from its begin. A change of a record does not end that time earlier: a reader
 * could tell by the duration of a response that a record changed, also one that the reader may not see.
 */
export class KeptAnswers<Answer> {
  readonly #ms: number;
  readonly #bytesOf: (answer: Answer) => number;
  readonly #clock: () => number;
  readonly #kept: ByteCache<Kept<Answer>>;

  /** `name` is that of the cache in the metrics. Nothing is kept for 0 ms. */
  constructor(
    name: string,
    ms: number,
    bytesOf: (answer: Answer) => number,
    clock: () => number = () => performance.now(),
  ) {
    this.#ms = ms;
    this.#bytesOf = bytesOf;
    this.#clock = clock;
    this.#kept = new ByteCache(keptBytes, name);
  }

  /** The estimated memory of all answers. */
  get bytes(): number {
    return this.#kept.bytes;
  }

  /** Returns the answer of a key; undefined if none is kept, or its time is over. */
  get(key: string): Answer | undefined {
    if (this.#ms === 0) return undefined;
    const kept = this.#kept.get(key);
    return kept !== undefined && this.#clock() < kept.until ? kept.answer : undefined;
  }

  /** Begins the time of an answer. Returns the function that keeps the answer for what is left of it. */
  begin(key: string): (answer: Answer) => void {
    const until = this.#clock() + this.#ms;
    return (answer) => {
      const left = until - this.#clock();
      if (left <= 0) return;
      this.#kept.set(key, { answer, until }, this.#bytesOf(answer));
      setTimeout(() => this.#kept.delete(key), left).unref();
    };
  }

  /** Drops all answers. */
  forget(): void {
    this.#kept.clear();
  }
}

/** Returns the estimated memory of what an execution gathered. */
export function memoryOf({ written, collected }: Gathered): number {
  const text = memory.character * (written?.text.length ?? 0);
  return memory.answer + text + memory.disclosed * collected.room.bytes;
}
