import type { AttemptCount } from './entry.ts';

/** The failed requests of a time. `more` counts those beyond the maximum number of rows. */
export type Counted = {
  readonly from: Date;
  readonly until: Date;
  readonly attempts: readonly AttemptCount[];
  readonly more: number;
};

const intervalMs = 60_000;
/** There are about 20 error codes, and each organisation with a valid token can have each of them. */
const maxRows = 200;

/**
 * Counts the requests that fail before they have an audit entry, by error code and organisation, and writes one entry for
 * each minute that has any. The size of an entry is bounded, whatever is sent. While the log cannot be written, the counts
 * are added to the next minute.
 */
export class Attempts {
  readonly #append: (counted: Counted) => void;
  readonly #counts = new Map<string, number>();
  #more = 0;
  #from: Date;
  readonly #timer: NodeJS.Timeout;

  /** `append` writes an entry, or throws if it cannot. */
  constructor(append: (counted: Counted) => void, everyMs = intervalMs) {
    this.#append = append;
    this.#from = new Date();
    this.#timer = setInterval(() => this.write(), everyMs).unref();
  }

  /** Counts one failed request. `organisation` is null if the reader was not identified. */
  count(code: string, organisation: string | null): void {
    const row = JSON.stringify([code, organisation]);
    const known = this.#counts.get(row);
    if (known === undefined && this.#counts.size >= maxRows) this.#more += 1;
    else this.#counts.set(row, (known ?? 0) + 1);
  }

  /** Writes what was counted since the last entry, if anything. */
  write(): void {
    const until = new Date();
    if (this.#counts.size === 0) {
      this.#from = until;
      return;
    }
    const attempts = [...this.#counts].map(([row, count]): AttemptCount => {
      const [code, organisation] = JSON.parse(row) as [string, string | null];
      return { code, organisation, count };
    });
    try {
      this.#append({ from: this.#from, until, attempts, more: this.#more });
    } catch {
      // The log cannot be written now: keep the counts.
      return;
    }
    this.#counts.clear();
    this.#more = 0;
    this.#from = until;
  }

  /** Writes the last counts and stops. */
  stop(): void {
    clearInterval(this.#timer);
    this.write();
  }
}
