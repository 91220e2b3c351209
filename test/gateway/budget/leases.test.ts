import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Db, MongoClient } from 'mongodb';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Bucket, openBuckets } from '../../../gateway/budget/bucket.ts';
import { rateOf } from '../../../gateway/budget/budget.ts';
import { type Leases, openLeases } from '../../../gateway/budget/leases.ts';
import { type Mongod, startMongod } from '../audit/mongod.ts';

let mongod: Mongod;
let client: MongoClient;
let db: Db;
const opened: Leases[] = [];

beforeAll(async () => {
  mongod = await startMongod();
  client = await mongod.connect({ directConnection: true, serverSelectionTimeoutMS: 500 });
  db = client.db('budget');
});

afterAll(async () => {
  await Promise.all(opened.map(async (leases) => await leases.close()));
  await client.close();
  await mongod[Symbol.asyncDispose]();
});

/** Long enough for a busy machine: a slow store is not down. */
const patientMs = 20_000;

/** The leases of one hub on the shared store. */
function hub(deadlineMs = patientMs): Leases {
  const leases = openLeases(openBuckets(db), deadlineMs);
  opened.push(leases);
  return leases;
}

function bucket(points: number, seconds: number): Bucket {
  return { id: randomUUID(), budget: { points, seconds } };
}

async function spends(leases: Leases, from: Bucket, points: number): Promise<boolean> {
  for (let tries = 0; ; tries += 1) {
    try {
      return (await leases.spend(from, points)).enough;
    } catch (error) {
      // If each answer takes longer than a lease lasts, nothing is granted either.
      if (tries === 5) throw error;
    }
  }
}

test('spends exactly the points of the bucket', async () => {
  const one = hub();
  const from = bucket(100, 86_400);
  for (let n = 0; n < 100; n += 1) expect(await spends(one, from, 1)).toBe(true);
  expect(await one.spend(from, 1)).toMatchObject({ enough: false, left: 0 });
});

test('states after which time there will be enough points', async () => {
  const one = hub();
  const from = bucket(10, 10);
  expect(await one.spend(from, 10)).toMatchObject({ enough: true, left: 0 });
  const refused = await one.spend(from, 2);
  expect(refused).toEqual({ enough: false, left: 0, seconds: 2 });
  await pause(2050);
  expect(await spends(one, from, 2)).toBe(true);
});

test('allows two hubs together no more than one', async () => {
  const [one, other] = [hub(), hub()];
  const from = bucket(1000, 86_400);
  const wishes = Array.from(
    { length: 600 },
    async (_, n) => await spends(n % 2 === 0 ? one : other, from, 3),
  );
  const first = (await Promise.all(wishes)).filter(Boolean).length * 3;
  expect(first).toBeLessThanOrEqual(1000);
  // Points that one hub leased and did not spend return to the other within seconds.
  await one.close();
  let then = 0;
  for (const until = Date.now() + 20_000; Date.now() < until && first + then < 1000; await pause(50)) {
    while (await spends(other, from, 1)) then += 1;
  }
  expect(first + then).toBe(1000);
});

test('loses no more than the lease of a hub that dies', async () => {
  const from = bucket(1000, 86_400);
  const store = openBuckets(db);
  const lost = await store.lease(from, { need: 100, want: 600, lease: 'dies', back: null });
  expect(lost).toEqual({ granted: 500, level: 500 });
  const later = await store.lease(from, {
    need: 1,
    want: 1,
    lease: 'b',
    back: { id: 'forged', points: 400 },
  });
  expect(later).toMatchObject({ granted: 1 });
  expect(later.level).toBeCloseTo(499, 0);
});

test('accepts the return of a lease once, and not after it expired', async () => {
  const from = bucket(1000, 86_400);
  const store = openBuckets(db);
  const wanted = { need: 0, want: 0, back: { id: 'a', points: 400 } };
  await store.lease(from, { need: 400, want: 400, lease: 'a', back: null });
  expect(Math.round((await store.lease(from, { ...wanted, lease: 'b' })).level)).toBe(1000);
  expect(Math.round((await store.lease(from, { ...wanted, lease: 'c' })).level)).toBe(1000);
  await store.lease(from, { need: 400, want: 400, lease: 'a', back: null });
  await pause(3100);
  expect(Math.round((await store.lease(from, { ...wanted, lease: 'd' })).level)).toBe(600);
});

test('expires a full bucket, but not while a lease is open', async () => {
  const from = bucket(1000, 100);
  await openBuckets(db).lease(from, { need: 400, want: 400, lease: 'a', back: null });
  const [index] = (await db.collection('budgets').indexes()).filter(({ name }) => name === 'fullAt_1');
  expect(index).toMatchObject({ expireAfterSeconds: 0 });
  const [stored] = await db
    .collection<{ _id: string; fullAt: Date; at: Date }>('budgets')
    .find({ _id: from.id })
    .toArray();
  expect(Number(stored?.fullAt) - Number(stored?.at)).toBe(40_000);
});

test('does not refill points that are on a lease', async () => {
  const from = bucket(1000, 1);
  const store = openBuckets(db);
  await store.lease(from, { need: 900, want: 900, lease: 'a', back: null });
  await pause(1500);
  const { level } = await store.lease(from, { need: 0, want: 0, lease: 'b', back: null });
  expect(level).toBe(100);
});

type Taken = { readonly from: number; readonly to: number; readonly points: number };

/** Spends the points at the given times, and collects what was allowed, with the times of request and answer. */
async function take(
  hubs: readonly Leases[],
  from: Bucket,
  wishes: readonly { readonly hub: number; readonly after: number; readonly points: number }[],
): Promise<readonly Taken[]> {
  const taken = wishes.map(async ({ hub: at, after, points }) => {
    await pause(after);
    const asked = performance.now();
    const leases = hubs[at];
    const enough = leases !== undefined && (await spends(leases, from, points));
    return enough ? [{ from: asked, to: performance.now(), points }] : [];
  });
  return (await Promise.all(taken)).flat();
}

/** Returns the maximum excess over the allowance in any period between two spendings; negative if there is none. */
function excess(taken: readonly Taken[], { budget }: Bucket): number {
  const windows = taken.flatMap((first) =>
    taken
      .filter(({ to }) => to >= first.from)
      .map((last) => {
        const within = taken.filter(({ from, to }) => from >= first.from && to <= last.to);
        const sum = within.reduce((total, { points }) => total + points, 0);
        // The store reads its clock every few milliseconds, and less often on a busy machine.
        const refilled = ((last.to - first.from + 20) * rateOf(budget)) / 1000;
        return sum - budget.points - refilled;
      }),
  );
  return Math.max(...windows, -1);
}

test('never allows more than capacity and refill, with any number of hubs', async () => {
  const wish = fc.record({
    hub: fc.nat(2),
    after: fc.nat(2500),
    points: fc.integer({ min: 1, max: 40 }),
  });
  const hubs = [hub(), hub(), hub()];
  await fc.assert(
    fc.asyncProperty(
      fc.array(wish, { minLength: 100, maxLength: 300 }),
      fc.integer({ min: 50, max: 500 }),
      fc.integer({ min: 1, max: 3 }),
      async (wishes, points, seconds) => {
        const from = bucket(points, seconds);
        const taken = await take(hubs, from, wishes);
        expect(taken.length).toBeGreaterThan(0);
        expect(excess(taken, from)).toBeLessThanOrEqual(1e-6);
      },
    ),
    { numRuns: 5, endOnFailure: true },
  );
});

test('needs a few writes for a busy reader, not one per request', async () => {
  let asked = 0;
  const buckets = openBuckets(db);
  const counting = openLeases(
    {
      lease: async (...args) => {
        asked += 1;
        return await buckets.lease(...args);
      },
    },
    patientMs,
  );
  opened.push(counting);
  const from = bucket(1_000_000, 60);
  for (let n = 0; n < 2000; n += 1) expect(await spends(counting, from, 10)).toBe(true);
  expect(asked).toBeLessThan(40);
  const empty = bucket(10, 86_400);
  await counting.spend(empty, 10);
  const before = asked;
  await Promise.all(Array.from({ length: 500 }, async () => await counting.spend(empty, 5)));
  expect(asked - before).toBeLessThanOrEqual(1);
});

test('uses a lease for a second, then requests another', async () => {
  let asked = 0;
  const buckets = openBuckets(db);
  const lease: typeof buckets.lease = async (whose, asks) => {
    // Giving back an idle lease is not a request for another one.
    if (asks.want > 0) asked += 1;
    return await buckets.lease(whose, asks);
  };
  const counting = openLeases({ lease }, patientMs);
  opened.push(counting);
  const from = bucket(1_000_000, 60);
  for (const until = Date.now() + 2500; Date.now() < until; await pause(50)) {
    expect(await spends(counting, from, 1)).toBe(true);
  }
  expect(asked).toBeGreaterThanOrEqual(3);
});

test('throws BUDGET_UNAVAILABLE while the store is down, and recovers', async () => {
  const one = hub(1500);
  const from = bucket(1000, 60);
  expect(await spends(one, from, 1)).toBe(true);
  await mongod.kill();
  await pause(1100);
  const failed = expect.objectContaining({ code: 'BUDGET_UNAVAILABLE' });
  const wishes = [one.spend(from, 500), one.spend(from, 1), hub(1500).spend(from, 1)];
  for (const wish of await Promise.allSettled(wishes)) {
    expect(wish).toEqual({ status: 'rejected', reason: failed });
  }
  await mongod.start();
  const isBack = async () => (await one.spend(from, 1).catch(() => ({ enough: false }))).enough;
  for (const until = Date.now() + 60_000; Date.now() < until && !(await isBack());) await pause(100);
  expect(await spends(one, from, 1)).toBe(true);
});
