import { expect, test } from '@jest/globals';
import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import type { HubKeys, AcceptedSession } from '../../../../schema/protocol/session.ts';
import {
  HubSessions,
  maxSessions,
  ReplayWindow,
} from '../../../../subgraphs/serve/verify/subgraph-sessions.ts';

const now = new Date('2026-05-05T12:00:00Z');

function later(seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}

function takenOf(id: string, signedBy = { kid: 'k-1', x: 'x-1' }): AcceptedSession {
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

/** Hub keys by kid. Only `x` is compared here. */
function keysOf(keys: Readonly<Record<string, string>>): HubKeys {
  return new Map(Object.entries(keys).map(([kid, x]) => [kid, { x, key: {} as never }]));
}

test('rejects an offer that is replayed, until the offer itself expires', () => {
  const sessions = new HubSessions();
  const taken = takenOf('a');
  sessions.add(taken, now);
  expect(() => sessions.add(taken, now)).toThrow(/used before/);
  expect(() => sessions.add(taken, later(12))).toThrow(/used before/);
  sessions.retain(keysOf({}));
  expect(() => sessions.add(taken, later(12))).toThrow(/used before/);
});

test('rejects an assertion that is replayed, and one of an unknown session', () => {
  const sessions = new HubSessions();
  sessions.add(takenOf('a'), now);
  sessions.add(takenOf('b'), now);
  expect(sessions.claim({ session: 'a', number: 1 })).toBe(true);
  expect(sessions.claim({ session: 'a', number: 1 })).toBe(false);
  expect(sessions.claim({ session: 'b', number: 1 })).toBe(true);
  expect(sessions.claim({ session: 'c', number: 1 })).toBe(false);
});

test('ends a session when its key is removed or replaced under the same kid', () => {
  const sessions = new HubSessions();
  sessions.add(takenOf('old', { kid: 'k-1', x: 'x-1' }), now);
  sessions.add(takenOf('new', { kid: 'k-2', x: 'x-2' }), now);
  sessions.retain(keysOf({ 'k-1': 'x-1', 'k-2': 'x-2' }));
  expect([sessions.find('old')?.id, sessions.find('new')?.id]).toEqual(['old', 'new']);
  sessions.retain(keysOf({ 'k-1': 'x-3', 'k-2': 'x-2' }));
  expect([sessions.find('old')?.id, sessions.find('new')?.id]).toEqual([undefined, 'new']);
  expect(sessions.claim({ session: 'old', number: 1 })).toBe(false);
});

test('removes expired sessions first, then the oldest, when there are too many', () => {
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

test('accepts each number exactly once, in any order within the window', () => {
  const result = fc.check(
    fc.property(fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 200 }), (numbers) => {
      const window = new ReplayWindow();
      const claimed = new Set<number>();
      let highest = 0;
      for (const number of numbers) {
        const expected = !claimed.has(number) && number > highest - 16_384;
        if (window.claim(number) !== expected) return false;
        if (expected) claimed.add(number);
        highest = Math.max(highest, expected ? number : 0);
      }
      return true;
    }),
    { numRuns: 500 },
  );
  expect(result.counterexample).toBeNull();
});

test('rejects a number below the window, and a value that is not a valid number', () => {
  const window = new ReplayWindow();
  for (const invalid of [0, -1, 1.5, NaN, Infinity, 2 ** 32, '1', null, undefined, {}]) {
    expect(window.claim(invalid as number)).toBe(false);
  }
  expect(window.claim(1)).toBe(true);
  expect(window.claim(16_385)).toBe(true);
  expect(window.claim(1)).toBe(false);
  expect(window.claim(2)).toBe(true);
  expect(window.claim(2 ** 32 - 1)).toBe(true);
  expect(window.claim(2 ** 32 - 1)).toBe(false);
  expect(window.claim(16_384)).toBe(false);
});
