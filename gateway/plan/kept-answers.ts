import { ByteCache } from '../../schema/runtime/byte-cache.ts';
import type { Reader } from '../../schema/protocol/reader.ts';
import type { Gathered } from './gather.ts';

/** The number of changes of a kind of record so far; null while changes of it may be missed. */
export type Epoch = (kind: string) => number | null;

/** The epochs of all kinds that an answer depends on, read before its execution. */
export type Stamp = ReadonlyMap<string, number>;

type Kept = { readonly gathered: Gathered; readonly stamp: Stamp; readonly until: number };

/** Estimated memory of one disclosure, and of an answer without its text. */
const memory = { disclosure: 1000, answer: 2000 } as const;

/**
 * Answers in memory. An answer is used only while no record of the kinds that it depends on has changed since its execution
 * began, and while the hub hears every change. Callers include the permission class in the key.
 */
export class KeptAnswers {
  readonly #epoch: Epoch;
  readonly #maxAgeMs: number;
  readonly #kept: ByteCache<Kept>;

  constructor(epoch: Epoch, { bytes, maxAgeMs }: { readonly bytes: number; readonly maxAgeMs: number }) {
    this.#epoch = epoch;
    this.#maxAgeMs = maxAgeMs;
    this.#kept = new ByteCache<Kept>(bytes);
  }

  /** The estimated bytes of all answers. */
  get bytes(): number {
    return this.#kept.bytes;
  }

  /** Returns the answer of a key; null if there is none that is current at `now`. */
  get(key: string, now: Date): Gathered | null {
    const kept = this.#kept.get(key);
    if (kept === undefined) return null;
    if (now.getTime() < kept.until && this.#isCurrent(kept.stamp)) return kept.gathered;
    this.#kept.delete(key);
    return null;
  }

  /** Returns the state before an execution; null if changes of one of the kinds may be missed. */
  stamp(kinds: ReadonlySet<string>): Stamp | null {
    const stamp = new Map<string, number>();
    for (const kind of kinds) {
      const epoch = this.#epoch(kind);
      if (epoch === null) return null;
      stamp.set(kind, epoch);
    }
    return stamp;
  }

  /**
   * Keeps an answer that every subgraph allows to share, unless a part failed or a record changed since `stamp`. It ends
   * with the first of the reader's shares, grants and agreements.
   */
  keep(key: string, gathered: Gathered, stamp: Stamp | null, reader: Reader, now: Date): void {
    const { unshared, failedSubgraphs, errorCodes, disclosed } = gathered.collected;
    if (unshared.size + failedSubgraphs.size + errorCodes.size > 0) return;
    if (stamp === null || !this.#isCurrent(stamp)) return;
    const until = Math.min(now.getTime() + this.#maxAgeMs, ...endsOf(reader, now));
    const bytes =
      memory.answer + 2 * (gathered.written?.text.length ?? 0) + memory.disclosure * disclosed.length;
    this.#kept.set(key, { gathered, stamp, until }, bytes);
  }

  #isCurrent(stamp: Stamp): boolean {
    for (const [kind, epoch] of stamp) if (this.#epoch(kind) !== epoch) return false;
    return true;
  }
}

/** The ends of the reader's shares, grants and agreements that are still valid, in milliseconds since the epoch. */
function endsOf({ onwardShares, grants, agreements }: Reader, now: Date): readonly number[] {
  const ends = [...onwardShares, ...grants, ...agreements].map(({ until }) => Date.parse(until));
  return ends.filter((end) => end > now.getTime());
}
