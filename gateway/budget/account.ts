import { randomUUID } from 'node:crypto';
import { HubError } from '../../schema/errors.ts';
import { within } from '../../schema/runtime/within.ts';
import type { Bucket, BucketStore, Lease } from './bucket.ts';
import { rateOf } from './budget.ts';

/** The result of spending: whether there was enough, the points left, and the seconds until there may be enough. */
export type Spent =
  | { readonly enough: true; readonly left: number }
  | { readonly enough: false; readonly left: number; readonly seconds: number };

/** The time for which a hub uses a lease, in milliseconds. */
const leaseMs = 1000;
/** Longer than a lease, so that the next lease of a busy reader is sized by the spending of the last. */
const idleMs = 1500;
/** The minimum size of a lease, as a share of the budget: one lease is then enough for one request. */
const leastShare = 0.01;
/** The maximum number of leases that one call requests: a lease may already be over when a slow answer arrives. */
const maxAsked = 3;

type Holding = Lease & { readonly begun: number; readonly spent: number };
/** The store's last answer: the points left, and the times of request and answer. */
type Known = { readonly level: number; readonly asked: number; readonly heard: number };

/**
 * The leases of one hub on one bucket. Their size follows the hub's spending in the last second, so that a busy reader
 * causes a few writes per second, not one per request.
 */
export class Account {
  readonly #store: BucketStore;
  readonly #deadlineMs: number;
  #holding: Holding | null = null;
  #known: Known | null = null;
  #bucket: Bucket | null = null;
  #asking: Promise<boolean> | null = null;
  /** The points of calls that wait for the pending lease request. */
  #waiting = 0;

  constructor(store: BucketStore, deadlineMs: number) {
    this.#store = store;
    this.#deadlineMs = deadlineMs;
  }

  /** Spends all the points or none. Throws BUDGET_UNAVAILABLE. */
  async spend(bucket: Bucket, points: number): Promise<Spent> {
    this.#bucket = bucket;
    for (let asked = 0; asked < maxAsked;) {
      const spent = this.#spendNow(bucket, points);
      if (spent !== null) return spent;
      if (this.#asking === null) {
        asked += 1;
        if (!(await this.#ask(bucket, points))) return this.#refuse(bucket, points);
      } else {
        await this.#wait(this.#asking, points);
      }
    }
    throw new HubError(
      'BUDGET_UNAVAILABLE',
      `expected a lease on the budget ${bucket.id} within ${maxAsked} requests, got none`,
    );
  }

  /** Spends from the current lease, or refuses by a recent answer of the store; null if the store must be asked. */
  #spendNow(bucket: Bucket, points: number): Spent | null {
    const { budget } = bucket;
    const now = performance.now();
    const held = this.#holding;
    const left = this.#left(now, rateOf(budget), budget.points);
    if (held !== null && now - held.begun < leaseMs && held.points >= points) {
      this.#holding = { ...held, points: held.points - points, spent: held.spent + points };
      return { enough: true, left: Math.floor(left - points) };
    }
    const isFresh = this.#known !== null && now - this.#known.heard < leaseMs;
    return this.#asking !== null || !isFresh || left >= points ? null : this.#refuse(bucket, points);
  }

  #refuse({ budget }: Bucket, points: number): Spent {
    const left = Math.min(points, this.#left(performance.now(), rateOf(budget), budget.points));
    const seconds = Math.max(1, Math.ceil((points - left) / rateOf(budget)));
    return { enough: false, left: Math.floor(left), seconds };
  }

  /** Estimates the points left. It does not know what other hubs have taken since the last answer. */
  #left(now: number, rate: number, most: number): number {
    const { level, asked } = this.#known ?? { level: 0, asked: now };
    return Math.min(most, level + (this.#holding?.points ?? 0) + ((now - asked) * rate) / 1000);
  }

  async #wait(asking: Promise<boolean>, points: number): Promise<void> {
    this.#waiting += points;
    try {
      await asking;
    } finally {
      this.#waiting -= points;
    }
  }

  /** Requests a lease. Returns whether the store granted the needed points. */
  async #ask(bucket: Bucket, need: number): Promise<boolean> {
    const held = this.#holding;
    const elapsed = Math.max(100, performance.now() - (held?.begun ?? 0));
    const expected = ((held?.spent ?? 0) * leaseMs) / elapsed;
    const least = bucket.budget.points * leastShare;
    this.#asking = this.#refill(bucket, need, Math.max(need + this.#waiting, expected, least));
    return await this.#asking;
  }

  async #refill(bucket: Bucket, need: number, want: number): Promise<boolean> {
    const back = this.#holding;
    const lease = randomUUID();
    const asked = performance.now();
    // The lease is given back with this request, whether or not an answer comes.
    this.#holding = null;
    try {
      const { granted, level } = await within(
        this.#deadlineMs,
        this.#store.lease(bucket, { need, want, lease, back }),
      );
      this.#known = { level, asked, heard: performance.now() };
      if (granted > 0) this.#holding = { id: lease, points: granted, begun: asked, spent: 0 };
      return granted > 0;
    } catch (error) {
      throw new HubError('BUDGET_UNAVAILABLE', String(error), { cause: error });
    } finally {
      this.#asking = null;
    }
  }

  /** Puts back points that were just spent in vain. */
  putBack(points: number): void {
    const held = this.#holding;
    if (held === null || held.spent < points) return;
    this.#holding = { ...held, points: held.points + points, spent: held.spent - points };
  }

  /** Returns whether no lease was requested for a while, so that the rest should be given back. */
  isIdle(): boolean {
    return this.#asking === null && performance.now() - (this.#known?.asked ?? 0) >= idleMs;
  }

  /** Gives back the rest of the lease. If the store does not answer, the rest counts as spent. */
  async settle(): Promise<void> {
    // Also give back a fully spent lease: its points do not refill while it is open.
    if (this.#bucket === null || this.#holding === null) return;
    await this.#refill(this.#bucket, 0, 0).catch(() => undefined);
  }
}
