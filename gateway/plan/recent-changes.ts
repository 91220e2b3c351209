import { ByteCache } from '../../schema/runtime/byte-cache.ts';

/** An execution that began before a change has ended after this time, and no answer is kept for as long. */
const recentMs = 15_000;
/** Room for about 4,000 readers. */
const maxBytes = 1_000_000;
const entryBytes = 50;

type Change = { readonly number: number; readonly until: number };

/**
 * The changes that readers sent through this hub a short time ago. A reader who changed a record must not get an answer
 * that was begun before. Other readers' answers do not depend on it: they could tell by the time that somebody changed
 * something.
 */
export class RecentChanges {
  readonly #clock: () => number;
  readonly #changes = new ByteCache<Change>(maxBytes);
  #count = 0;

  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  add(subject: string): void {
    this.#count += 1;
    this.#changes.set(subject, { number: this.#count, until: this.#clock() + recentMs }, entryBytes);
  }

  /** Returns what identifies a reader's last change; null if the reader changed nothing a short time ago. */
  of(subject: string): readonly unknown[] | null {
    const change = this.#changes.get(subject);
    if (change === undefined) return null;
    if (this.#clock() < change.until) return [subject, change.number];
    this.#changes.delete(subject);
    return null;
  }
}
