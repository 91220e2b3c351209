import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Db, MongoClient } from 'mongodb';
import { recordDisclosure } from '../../../gateway/audit/record.ts';
import { trailClientOptions } from '../../../gateway/audit/store.ts';
import { openTrail, type Trail } from '../../../gateway/audit/trail.ts';
import { parseAccess } from '../../../gateway/audit/parse-entry.ts';
import { verifyChain } from '../../../gateway/audit/verify.ts';
import { HubError } from '../../../schema/errors.ts';
import { disclosure, facts, portion } from './facts.ts';
import { openLine } from './lossy-line.ts';
import { type Mongod, startMongod } from './mongod.ts';
import { storedEntries } from './stored.ts';
import { key, keys } from './signing.ts';

let mongod: Mongod;
let client: MongoClient;

beforeAll(async () => {
  mongod = await startMongod();
  client = await mongod.connect(trailClientOptions());
});

afterAll(async () => {
  await client.close();
  await mongod[Symbol.asyncDispose]();
});

/** Two seconds and what a busy machine adds; the driver alone would wait thirty. */
const soonMs = 12_000;
const deployment = 'exercise-hub';
const unavailable = { code: 'TRAIL_UNAVAILABLE', status: 503 };
const clear = facts({ disclosed: [disclosure({ tlp: 'CLEAR', audience: null })] });

/** How long a promise takes to reject with TRAIL_UNAVAILABLE, in milliseconds. */
async function msToReject(promise: Promise<unknown>): Promise<number> {
  const since = performance.now();
  await expect(promise).rejects.toMatchObject(unavailable);
  return performance.now() - since;
}

async function correlations(db: Db): Promise<readonly string[]> {
  const entries = await storedEntries(db, deployment);
  expect(await verifyChain(entries, { deployment, keys })).toMatchObject({
    ok: true,
    entries: entries.length,
  });
  return entries.map(({ bytes }) => parseAccess(bytes)?.correlationId ?? '');
}

async function untilIn(db: Db, correlationId: string): Promise<void> {
  const until = performance.now() + 30_000;
  while (!(await correlations(db)).includes(correlationId)) {
    expect(performance.now()).toBeLessThan(until);
    await pause(20);
  }
}

/** Appends entries from several callers until `stop` is called. Returns the entries that were confirmed. */
function keepAppending(trail: Trail, callers: number): { stop(): Promise<readonly string[]> } {
  const stopped = new AbortController();
  const each = Array.from({ length: callers }, async (_, caller) => {
    const promised: string[] = [];
    for (let n = 0; !stopped.signal.aborted; n += 1) {
      const correlationId = `${caller}-${n}`;
      if (await isPromised(trail, correlationId)) promised.push(correlationId);
    }
    return promised;
  });
  const stop = async (): Promise<readonly string[]> => {
    stopped.abort();
    return (await Promise.all(each)).flat();
  };
  return { stop };
}

async function isPromised(trail: Trail, correlationId: string): Promise<boolean> {
  try {
    await trail.append(facts({ correlationId }));
    return true;
  } catch (error) {
    if (error instanceof HubError && error.code === 'TRAIL_UNAVAILABLE') return false;
    throw error;
  }
}

/** A store that is just back may take longer than the trail waits; gives the id of the try that was promised. */
async function untilPromised(trail: Trail, name = 'back'): Promise<string> {
  for (let tries = 0; tries < 10; tries += 1) {
    if (await isPromised(trail, `${name}-${tries}`)) return `${name}-${tries}`;
  }
  throw new Error('the trail did not come back');
}

function expectOnceEach(all: readonly string[], promised: readonly string[]): void {
  expect(new Set(all).size).toBe(all.length);
  expect(promised.filter((one) => !all.includes(one))).toEqual([]);
}

/** For what promises nothing about time: a busy machine is no outage. */
const patienceMs = 60_000;

/** Opens the audit log as the hub does: it tries again while the store is too slow. */
async function opened(options: Parameters<typeof openTrail>[0]): Promise<Trail> {
  for (const end = performance.now() + patienceMs; ; await pause(100)) {
    try {
      return await openTrail(options);
    } catch (error) {
      if (performance.now() > end) throw error;
    }
  }
}

test('rejects within two seconds after the store was killed, and recovers when it is back', async () => {
  const db = client.db('killed');
  const trail = await opened({ db, deployment, key });
  await untilPromised(trail, 'before');
  await mongod.kill();
  expect(await msToReject(trail.append(facts()))).toBeLessThan(soonMs);
  expect(trail.healthy).toBe(false);
  expect(await msToReject(recordDisclosure(trail, clear))).toBeLessThan(soonMs);
  await mongod.start();
  const back = await untilPromised(trail);
  expect(trail.healthy).toBe(true);
  expect(await correlations(db)).toContain(back);
  await trail.close();
});

test('rejects within two seconds while the store hangs, and writes no entry twice', async () => {
  const db = client.db('frozen');
  const trail = await opened({ db, deployment, key });
  const appending = keepAppending(trail, 10);
  await pause(100);
  mongod.freeze();
  expect(await msToReject(trail.append(facts()))).toBeLessThan(soonMs);
  expect(trail.healthy).toBe(false);
  await pause(2000);
  mongod.thaw();
  await pause(1000);
  const back = await untilPromised(trail);
  const promised = await appending.stop();
  expectOnceEach(await correlations(db), [...promised, back]);
  await trail.close();
});

test('recovers from a connection that breaks during a write', async () => {
  for (let round = 0; round < 6; round += 1) {
    const db = client.db(`broken-${round}`);
    const trail = await opened({ db, deployment, patienceMs, key });
    await trail.append(facts());
    await mongod.kill();
    trail.appendLater(facts({ correlationId: 'behind' }));
    await mongod.start();
    await untilIn(db, 'behind');
    expect(await correlations(db)).toHaveLength(2);
    await trail.close();
  }
});

test('keeps every confirmed entry exactly once if the store is killed during appends', async () => {
  const db = client.db('killed-amid');
  const trail = await opened({ db, deployment, key });
  const appending = keepAppending(trail, 50);
  for (let round = 0; round < 3; round += 1) {
    await pause(200);
    await mongod.kill();
    await mongod.start();
  }
  await pause(500);
  const promised = await appending.stop();
  expect(promised.length).toBeGreaterThan(10);
  expectOnceEach(await correlations(db), promised);
  await trail.close();
});

test('writes no entry twice and loses none if the reply to a write is lost', async () => {
  const db = client.db('lost-replies');
  await using line = await openLine(mongod.port);
  const far = await mongod.connect({ ...trailClientOptions(), directConnection: true }, line.port);
  const trail = await opened({ db: far.db('lost-replies'), deployment, key });
  const near = await opened({ db, deployment, patienceMs, key });
  const appending = keepAppending(trail, 20);
  for (let round = 0; round < 8; round += 1) {
    await pause(100);
    line.losesReplies = true;
    await Promise.all([pause(60), near.append(facts({ correlationId: `near-${round}` }))]);
    line.losesReplies = false;
  }
  await pause(500);
  const promised = await appending.stop();
  expect(promised.length).toBeGreaterThan(10);
  expectOnceEach(await correlations(db), [...promised, 'near-0', 'near-7']);
  await Promise.all([trail.close(), near.close()]);
  await far.close();
});

test('waits for the write above CLEAR, but not for CLEAR while the writer is healthy', async () => {
  const db = client.db('waiting');
  const trail = await opened({ db, deployment, patienceMs, key });
  await recordDisclosure(trail, { ...clear, correlationId: 'behind' });
  await untilIn(db, 'behind');
  const stricter = [
    disclosure(),
    disclosure({ tlp: 'CLEAR', portions: [portion({ tlp: 'GREEN' })] }),
    disclosure({ tlp: 'CLEAR', portions: [portion({ tlp: 'CLEAR', handlingCodes: ['H1'] })] }),
    disclosure({ tlp: 'CLEAR', handlingCodes: ['H1'] }),
    disclosure({ tlp: 'CLEAR', extraRestrictions: ['For the exercise only'] }),
  ];
  for (const [n, one] of stricter.entries()) {
    await recordDisclosure(trail, facts({ correlationId: `waited-${n}`, disclosed: [one] }));
    expect(await correlations(db)).toContain(`waited-${n}`);
  }
  await trail.close();
});

test('writes the entry of a CLEAR answer after the store is back', async () => {
  const db = client.db('behind');
  const failures: unknown[] = [];
  const trail = await opened({ db, deployment, report: (failure) => failures.push(failure), key });
  await mongod.kill();
  await recordDisclosure(trail, { ...clear, correlationId: 'left-already' });
  for (let waited = 0; trail.healthy && waited < 1000; waited += 1) await pause(20);
  expect(trail.healthy).toBe(false);
  expect(await msToReject(recordDisclosure(trail, clear))).toBeLessThan(soonMs);
  expect(failures.length).toBeGreaterThan(0);
  await mongod.start();
  await untilIn(db, 'left-already');
  await recordDisclosure(trail, facts());
  expect(trail.healthy).toBe(true);
  await trail.close();
});

test('does not open while the store is down, and reports unwritten entries on close', async () => {
  const db = client.db('closing');
  const trail = await opened({ db, deployment, key });
  await mongod.kill();
  expect(await msToReject(openTrail({ db, deployment, key }))).toBeLessThan(soonMs);
  trail.appendLater(clear);
  expect(await msToReject(trail.close(500))).toBeLessThan(soonMs);
  await mongod.start();
});
