import { expect, test } from '@jest/globals';
import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import type { HubKeys, TakenSession } from '../../../../schema/protocol/session.ts';
import {
  HubSessions,
  maxSessions,
  UsedNumbers,
} from '../../../../subgraphs/serve/verify/subgraph-sessions.ts';

const now = new Date('2026-05-05T12:00:00Z');

function later(seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}

function takenOf(id: string, signedBy = { kid: 'k-1', x: 'x-1' }): TakenSession {
  return {
    session: {
      id,
      deployment: 'trial',
      community: 'cert-eu',
      key: createSecretKey(randomBytes(32)),
      endsAt: later(600),
    },
    signedBy,
    offerEndsAt: later(12),
    answer: { key: '', proof: '' },
  };
}

/** Hub keys by name; only `x` is looked at here. */
function keysOf(keys: Readonly<Record<string, string>>): HubKeys {
  return new Map(Object.entries(keys).map(([kid, x]) => [kid, { x, key: {} as never }]));
}

test('an offer is taken once, as long as it could be taken at all', () => {
  const sessions = new HubSessions();
  const taken = takenOf('a');
  sessions.add(taken, now);
  expect(() => sessions.add(taken, now)).toThrow(/taken before/);
  expect(() => sessions.add(taken, later(12))).toThrow(/taken before/);
  sessions.keepOnly(keysOf({}));
  expect(() => sessions.add(taken, later(12))).toThrow(/taken before/);
});

test('each number of a session is good once, and none of a session that is not kept', () => {
  const sessions = new HubSessions();
  sessions.add(takenOf('a'), now);
  sessions.add(takenOf('b'), now);
  expect(sessions.take({ session: 'a', number: 1 })).toBe(true);
  expect(sessions.take({ session: 'a', number: 1 })).toBe(false);
  expect(sessions.take({ session: 'b', number: 1 })).toBe(true);
  expect(sessions.take({ session: 'c', number: 1 })).toBe(false);
});

test('a session ends with the key that it was agreed under, also where another takes its name', () => {
  const sessions = new HubSessions();
  sessions.add(takenOf('old', { kid: 'k-1', x: 'x-1' }), now);
  sessions.add(takenOf('new', { kid: 'k-2', x: 'x-2' }), now);
  sessions.keepOnly(keysOf({ 'k-1': 'x-1', 'k-2': 'x-2' }));
  expect([sessions.find('old')?.id, sessions.find('new')?.id]).toEqual(['old', 'new']);
  sessions.keepOnly(keysOf({ 'k-1': 'x-3', 'k-2': 'x-2' }));
  expect([sessions.find('old')?.id, sessions.find('new')?.id]).toEqual([undefined, 'new']);
  expect(sessions.take({ session: 'old', number: 1 })).toBe(false);
});

test('sessions are bounded: one too many ends the oldest, and those that are over go first', () => {
  const sessions = new HubSessions();
  for (let n = 0; n <= maxSessions; n += 1) sessions.add(takenOf(`s${n}`), now);
  expect([sessions.find('s0')?.id, sessions.find('s1')?.id, sessions.find(`s${maxSessions}`)?.id]).toEqual([
    undefined,
    's1',
    `s${maxSessions}`,
  ]);
  sessions.add({ ...takenOf('late'), offerEndsAt: later(700) }, later(600));
  expect([sessions.find(`s${maxSessions}`)?.id, sessions.find('late')?.id]).toEqual([undefined, 'late']);
});

test('in whatever order numbers come within the window, each is taken exactly once', () => {
  const tried = fc.check(
    fc.property(fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 200 }), (numbers) => {
      const used = new UsedNumbers();
      const taken = new Set<number>();
      let highest = 0;
      for (const number of numbers) {
        const expected = !taken.has(number) && number > highest - 16_384;
        if (used.take(number) !== expected) return false;
        if (expected) taken.add(number);
        highest = Math.max(highest, expected ? number : 0);
      }
      return true;
    }),
    { numRuns: 500 },
  );
  expect(tried.counterexample).toBeNull();
});

test('a number from before the window, and what is no number, is not taken', () => {
  const used = new UsedNumbers();
  for (const wrong of [0, -1, 1.5, NaN, Infinity, 2 ** 32, '1', null, undefined, {}]) {
    expect(used.take(wrong as number)).toBe(false);
  }
  expect(used.take(1)).toBe(true);
  expect(used.take(16_385)).toBe(true);
  expect(used.take(1)).toBe(false);
  expect(used.take(2)).toBe(true);
  expect(used.take(2 ** 32 - 1)).toBe(true);
  expect(used.take(2 ** 32 - 1)).toBe(false);
  expect(used.take(16_384)).toBe(false);
});
