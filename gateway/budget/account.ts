import { randomUUID } from 'node:crypto';
import { HubError } from '../../schema/errors.ts';
import { within } from '../../schema/runtime/within.ts';
import type { Bucket, BucketStore, Lease } from './bucket.ts';
import { rateOf } from './budget.ts';

/** What came of a wish to spend: the points that are left, or in how many seconds there may be enough. */
export type Spent =
  | { readonly enough: true; readonly left: number }
  | { readonly enough: false; readonly left: number; readonly seconds: number };

/** How long a hub spends of a lease, in milliseconds. */
const leaseMs = 1000;
/** Longer than a lease, so that whoever is busy takes the next one by what they spent of the last. */
const idleMs = 1500;
/** The least that is asked for, as a share of the budget: so that a reader's only request asks once. */
const leastShare = 0.01;
/** How often one wish asks the store: once, and again where an answer was so slow that the lease was over with it. */
const maxAsked = 3;

type Holding = Lease & { readonly begun: number; readonly spent: number };
/** What the store said last: the points left there, when it was asked and when it said so. */
type Known = { readonly level: number; readonly asked: number; readonly heard: number };

/**
 * What one hub holds of one bucket. It takes leases as large as its own spending in the last second says, so that a
 * busy reader costs the store a few writes a second, and not one for each request.
 */
export class Account {
  readonly #store: BucketStore;
  readonly #deadlineMs: number;
  #holding: Holding | null = null;
  #known: Known | null = null;
  #bucket: Bucket | null = null;
  #asking: Promise<boolean> | null = null;
  /** Points that wait for the answer to the question that is under way. */
  #waiting = 0;

  constructor(store: BucketStore, deadlineMs: number) {
    this.#store = store;
    this.#deadlineMs = deadlineMs;
  }

  /** Spends so many points or none; throws BUDGET_UNAVAILABLE. */
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
    throw new HubError('BUDGET_UNAVAILABLE', `no answer in time for the budget ${bucket.id}`);
  }

  /** Without asking: from what is held, or a refusal where the store said just now that there is not enough. */
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

  /** As far as this hub knows: what others have taken since then it does not. */
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

  /** Whether the store granted what is needed. */
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
    // From here on it is the store's, whether or not an answer comes.
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

  /** Takes back what was spent just now for nothing. */
  putBack(points: number): void {
    const held = this.#holding;
    if (held === null || held.spent < points) return;
    this.#holding = { ...held, points: held.points + points, spent: held.spent - points };
  }

  /** Whether nothing was asked for a while: what is left is better given back. */
  isIdle(): boolean {
    return this.#asking === null && performance.now() - (this.#known?.asked ?? 0) >= idleMs;
  }

  /** Gives back what is left. Where the store does not answer, it counts as spent. */
  async settle(): Promise<void> {
    // A lease that is spent is given back too: until then its points would not be filled up again.
    if (this.#bucket === null || this.#holding === null) return;
    await this.#refill(this.#bucket, 0, 0).catch(() => undefined);
  }
}
