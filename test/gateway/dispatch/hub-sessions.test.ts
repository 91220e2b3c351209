import { beforeEach, expect, test } from '@jest/globals';
import { createSecretKey, randomBytes } from 'node:crypto';
import { Sessions } from '../../../gateway/dispatch/hub-sessions.ts';

let now: number;
let agreed: number;
let fails: boolean;
let key: string;
let gate: Promise<void>;
let sessions: Sessions;

beforeEach(() => {
  now = 1_000_000;
  agreed = 0;
  fails = false;
  key = 'k-1';
  gate = Promise.resolve();
  sessions = new Sessions(
    agree,
    () => key,
    { warn: () => undefined },
    () => now,
  );
});

/** Agrees like a subgraph that accepts every offer, or rejects all if `fails` is set. */
async function agree() {
  agreed += 1;
  const id = `s${agreed}`;
  await gate;
  if (fails) throw new Error('the offer was not taken');
  const session = {
    id,
    deployment: 'trial',
    community: 'enisa',
    key: createSecretKey(randomBytes(32)),
    endsAt: new Date(now + 600_000),
  };
  return { session, signedBy: key };
}

async function takeId(): Promise<string> {
  return (await sessions.take()).session.id;
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test('shares one agreement between concurrent calls, and counts assertion numbers up by one', async () => {
  const held = await Promise.all([sessions.take(), sessions.take(), sessions.take()]);
  expect([new Set(held).size, agreed]).toEqual([1, 1]);
  expect([held[0].next(), held[1].next(), held[2].next()]).toEqual([1, 2, 3]);
});

test('renews a session in the background after half of its lifetime', async () => {
  expect(await takeId()).toBe('s1');
  now += 299_000;
  expect(await takeId()).toBe('s1');
  await settle();
  expect(agreed).toBe(1);
  now += 2000;
  expect(await takeId()).toBe('s1');
  await settle();
  expect([await takeId(), agreed]).toEqual(['s2', 2]);
});

test('keeps the session after a failed renewal, and retries after a pause', async () => {
  await takeId();
  now += 400_000;
  fails = true;
  expect([await takeId(), await takeId()]).toEqual(['s1', 's1']);
  await settle();
  expect([await takeId(), agreed]).toEqual(['s1', 2]);
  now += 6000;
  fails = false;
  expect(await takeId()).toBe('s1');
  await settle();
  expect([await takeId(), agreed]).toEqual(['s3', 3]);
});

test('waits for a new session in the last 30 s of the old one', async () => {
  await takeId();
  now += 570_000;
  expect(await takeId()).toBe('s2');
});

test('renews after a change of the signing key, and keeps the old session until then', async () => {
  await takeId();
  key = 'k-2';
  fails = true;
  expect(await takeId()).toBe('s1');
  await settle();
  expect(await takeId()).toBe('s1');
  now += 6000;
  fails = false;
  await takeId();
  await settle();
  expect(await takeId()).toBe('s3');
});

test('shares one new session between calls that were refused together', async () => {
  const held = await sessions.take();
  const others = await Promise.all([sessions.takeAfterRefusal(held), sessions.takeAfterRefusal(held)]);
  expect([others.map((other) => other?.session.id), agreed]).toEqual([['s2', 's2'], 2]);
  expect([(await sessions.takeAfterRefusal(held))?.session.id, agreed]).toEqual(['s2', 2]);
});

test('agrees at most once per second with a subgraph that rejects every session', async () => {
  let held = await sessions.take();
  for (let n = 0; n < 50; n += 1) held = (await sessions.takeAfterRefusal(held)) ?? held;
  expect(agreed).toBe(2);
  now += 1000;
  for (let n = 0; n < 50; n += 1) held = (await sessions.takeAfterRefusal(held)) ?? held;
  expect(agreed).toBe(3);
});

test('rejects all waiting calls if the agreement fails, and retries at the next call', async () => {
  fails = true;
  const waiting = await Promise.allSettled([sessions.take(), sessions.take()]);
  expect([waiting.map(({ status }) => status), agreed]).toEqual([['rejected', 'rejected'], 1]);
  fails = false;
  expect(await takeId()).toBe('s2');
});
