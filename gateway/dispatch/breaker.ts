/**
 * The end of a query to a subgraph. `unreachable`: there was no connection; no reader can cause that. `failed`: the
 * subgraph failed otherwise; an expensive query could cause that. `unknown`: the end does not show whether the subgraph
 * works, for example if the client left.
 */
export type Outcome = 'answered' | 'failed' | 'unreachable' | 'unknown';

/**
 * A query that may be sent. A trial is sent while no other query is. `end` must be called once with the outcome, and with
 * the number of requests that waited for it: readers whose requests share a query count as if each had sent one.
 */
export type Permit = { readonly isTrial: boolean; end(outcome: Outcome, requests?: number): void };

/** The thresholds of a breaker. */
export const breakerLimits = {
  /** Outcomes of a reader count for this time. */
  windowMs: 10_000,
  /** Queries in this time below which the breaker stays closed. */
  queries: 20,
  /** One or two readers with expensive queries never open the breaker for the others. */
  readers: 3,
  /** Consecutive queries without a connection that open the breaker. */
  unreachable: 5,
  /** The first pause. It doubles with each failed trial up to the longest one. */
  pauseMs: { first: 1000, longest: 10_000 },
  /** Readers that are remembered. */
  remembered: 1000,
} as const;

/** The outcomes of one reader's queries since a time. */
type Counts = { since: number; answered: number; failed: number };

/** The state while no query is sent, except one trial after the pause. */
type Open = { pauseMs: number; trialFrom: number; trial: object | null; lastTrialBy: string | null };

/**
 * Decides whether a subgraph is asked. After many failures it opens: queries fail at once during a pause, then one trial
 * query decides whether it closes. It opens if no connection could be made several times in sequence, or if most
 * queries of most readers failed, at least three readers. One reader therefore cannot open it for the others.
 */
export class Breaker {
  readonly #changed: (isOpen: boolean, pauseMs: number) => void;
  readonly #clock: () => number;
  readonly #counts = new Map<string, Counts>();
  #unreachable = 0;
  #open: Open | null = null;

  constructor(changed: (isOpen: boolean, pauseMs: number) => void, clock: () => number = Date.now) {
    this.#changed = changed;
    this.#clock = clock;
  }

  get isOpen(): boolean {
    return this.#open !== null;
  }

  /** Returns a permit for one query; null if the breaker is open. */
  enter(reader: string): Permit | null {
    const open = this.#open;
    if (open === null)
      return {
        isTrial: false,
        // A query that was sent before the breaker opened says nothing about the time after it.
        end: (outcome, requests = 1) => {
          if (this.#open === null) this.#count(reader, outcome, requests);
        },
      };
    const now = this.#clock();
    // A reader whose trial failed has to wait twice as long: an expensive query must not be every trial.
    const from = open.lastTrialBy === reader ? open.trialFrom + open.pauseMs : open.trialFrom;
    if (open.trial !== null || now < from) return null;
    const trial = {};
    open.trial = trial;
    return { isTrial: true, end: (outcome) => this.#endTrial(open, trial, reader, outcome) };
  }

  #endTrial(open: Open, trial: object, reader: string, outcome: Outcome): void {
    if (this.#open !== open || open.trial !== trial) return;
    open.trial = null;
    if (outcome === 'unknown') return;
    if (outcome === 'answered') {
      this.#open = null;
      this.#changed(false, 0);
      return;
    }
    open.lastTrialBy = outcome === 'unreachable' ? null : reader;
    open.pauseMs = Math.min(2 * open.pauseMs, breakerLimits.pauseMs.longest);
    open.trialFrom = this.#clock() + open.pauseMs;
  }

  #count(reader: string, outcome: Outcome, requests: number): void {
    if (outcome === 'unknown') return;
    this.#unreachable = outcome === 'unreachable' ? this.#unreachable + 1 : 0;
    const counts = this.#countsOf(reader);
    counts[outcome === 'answered' ? 'answered' : 'failed'] += requests;
    if (outcome === 'answered') return;
    if (this.#unreachable >= breakerLimits.unreachable || this.#mostFail()) this.#trip();
  }

  /** Returns the counts of a reader, moved to the end of the map. The first of the map is removed if it is full. */
  #countsOf(reader: string): Counts {
    const now = this.#clock();
    const known = this.#counts.get(reader);
    const isRecent = known !== undefined && now - known.since < breakerLimits.windowMs;
    const counts = isRecent ? known : { since: now, answered: 0, failed: 0 };
    this.#counts.delete(reader);
    this.#counts.set(reader, counts);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > breakerLimits.remembered && oldest !== undefined) this.#counts.delete(oldest);
    return counts;
  }

  /** Returns true if most readers had more failures than answers. Each reader counts once. */
  #mostFail(): boolean {
    const now = this.#clock();
    let [readers, failing, queries] = [0, 0, 0];
    for (const { since, answered, failed } of this.#counts.values()) {
      if (now - since >= breakerLimits.windowMs) continue;
      readers += 1;
      queries += answered + failed;
      if (failed > answered) failing += 1;
    }
    return queries >= breakerLimits.queries && failing >= breakerLimits.readers && failing > readers / 2;
  }

  #trip(): void {
    const pauseMs = breakerLimits.pauseMs.first;
    this.#open = { pauseMs, trialFrom: this.#clock() + pauseMs, trial: null, lastTrialBy: null };
    this.#counts.clear();
    this.#unreachable = 0;
    this.#changed(true, pauseMs);
  }
}
