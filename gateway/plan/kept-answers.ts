import { ByteCache } from '../../schema/runtime/byte-cache.ts';
import type { Gathered } from './gather.ts';

/** The longest time for which an answer is kept: what changed a second ago is seen by everyone. */
export const longestKeptMs = 900;

/** The most memory of all kept answers. */
const keptBytes = 64_000_000;

/** Estimated bytes: an answer without its text, one character of the text with its parsed data, one byte of a disclosure. */
const memory = { answer: 2000, character: 8, disclosed: 4 } as const;

type Kept = { readonly gathered: Gathered; readonly until: number };

/**
 * Answers in memory, each for a fixed time from the begin of its execution. A change of a record does not end that time
 * earlier: a reader could tell by the duration of a response that a record changed, also one that the reader may not see.
 */
export class KeptAnswers {
  readonly #ms: number;
  readonly #clock: () => number;
  readonly #kept = new ByteCache<Kept>(keptBytes, 'answers');

  constructor(ms: number, clock: () => number = () => performance.now()) {
    this.#ms = ms;
    this.#clock = clock;
  }

  /** The estimated memory of all answers. */
  get bytes(): number {
    return this.#kept.bytes;
  }

  /** Returns the answer of a key; null if none is kept, or its time is over. */
  get(key: string): Gathered | null {
    if (this.#ms === 0) return null;
    const kept = this.#kept.get(key);
    if (kept === undefined) return null;
    if (this.#clock() < kept.until) return kept.gathered;
    this.#kept.delete(key);
    return null;
  }

  /** Begins an execution. Returns the function that keeps its answer for what is left of the time. */
  begin(key: string): (gathered: Gathered) => void {
    const until = this.#clock() + this.#ms;
    return (gathered) => {
      const left = until - this.#clock();
      if (left <= 0) return;
      this.#kept.set(key, { gathered, until }, bytesOf(gathered));
      setTimeout(() => this.#kept.delete(key), left).unref();
    };
  }
}

function bytesOf({ written, collected }: Gathered): number {
  const text = memory.character * (written?.text.length ?? 0);
  return memory.answer + text + memory.disclosed * collected.room.bytes;
}
