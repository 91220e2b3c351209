/** The limits of retries. */
export const retryLimits = {
  /** Queries and retries count for this time. */
  windowMs: 10_000,
  /** Retries are at most this part of the queries in the window. */
  part: 0.1,
  /** This many retries in the window are allowed whatever the number of queries. */
  burst: 5,
} as const;

const slices = 10;
const sliceMs = retryLimits.windowMs / slices;

/** The counts of one slice of the window. */
type Slice = { readonly number: number; queries: number; retries: number };

/**
 * Limits how often the queries to one subgraph are sent again: without a limit, a subgraph that fails under load would
 * get twice the load.
 */
export class RetryBudget {
  readonly #clock: () => number;
  #slices: Slice[] = [];
  #taken = 0;

  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
  }

  /** The retries since the start. */
  get taken(): number {
    return this.#taken;
  }

  /** Counts a query that may be sent again. */
  addQuery(): void {
    this.#current().queries += 1;
  }

  /** Counts a retry, and returns true, if one is left in the window. */
  take(): boolean {
    const current = this.#current();
    const queries = this.#slices.reduce((sum, one) => sum + one.queries, 0);
    const retries = this.#slices.reduce((sum, one) => sum + one.retries, 0);
    if (retries + 1 > Math.max(retryLimits.burst, queries * retryLimits.part)) return false;
    current.retries += 1;
    this.#taken += 1;
    return true;
  }

  /** Returns the slice of this moment, and removes those that have left the window. */
  #current(): Slice {
    const number = Math.floor(this.#clock() / sliceMs);
    const last = this.#slices.at(-1);
    // A clock that is set back would otherwise add slices without end.
    if (last !== undefined && last.number >= number) return last;
    const slice = { number, queries: 0, retries: 0 };
    this.#slices = [...this.#slices.filter((one) => one.number > number - slices), slice];
    return slice;
  }
}
