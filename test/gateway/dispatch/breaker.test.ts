import { beforeEach, expect, test } from '@jest/globals';
import { Breaker, breakerLimits, type Outcome } from '../../../gateway/dispatch/breaker.ts';

let now: number;
let changes: boolean[];
let breaker: Breaker;

beforeEach(() => {
  now = 1_000_000;
  changes = [];
  breaker = new Breaker(
    (isOpen) => void changes.push(isOpen),
    () => now,
  );
});

/** Sends one query of a reader. Returns whether it was sent. */
function send(reader: string, outcome: Outcome): boolean {
  const permit = breaker.enter(reader);
  permit?.end(outcome);
  return permit !== null;
}

function sendMany(count: number, readers: readonly string[], outcome: Outcome): void {
  for (let at = 0; at < count; at += 1) send(readers[at % readers.length] ?? '', outcome);
}

test('opens when most queries of three readers fail, and closes after one trial', () => {
  sendMany(19, ['a', 'b', 'c'], 'failed');
  expect(changes).toEqual([]);
  sendMany(1, ['b'], 'failed');
  expect([changes, send('d', 'answered')]).toEqual([[true], false]);
  now += breakerLimits.pauseMs.first;
  const trial = breaker.enter('d');
  expect([trial === null, send('a', 'answered')]).toEqual([false, false]);
  trial?.end('answered');
  expect([changes, send('a', 'answered')]).toEqual([[true, false], true]);
});

test('counts each request that waited for a shared query', () => {
  for (const reader of ['a', 'b', 'c', 'a']) breaker.enter(reader)?.end('failed', 5);
  expect(changes).toEqual([true]);
});

test('stays closed for the failures of one or two readers, however many', () => {
  sendMany(1000, ['a', 'b'], 'failed');
  sendMany(2, ['c', 'd'], 'answered');
  sendMany(1000, ['a', 'b'], 'failed');
  expect(changes).toEqual([]);
});

test('stays closed while most readers get answers', () => {
  sendMany(40, ['d', 'e', 'f'], 'answered');
  sendMany(300, ['a', 'b', 'c'], 'failed');
  expect(changes).toEqual([]);
});

test('stays closed if failures are older than the window, or say nothing about the subgraph', () => {
  sendMany(19, ['a', 'b', 'c'], 'failed');
  now += breakerLimits.windowMs;
  sendMany(1, ['a'], 'failed');
  sendMany(100, ['a', 'b', 'c'], 'unknown');
  expect(changes).toEqual([]);
});

test('opens after five consecutive queries of one reader without a connection', () => {
  sendMany(4, ['a'], 'unreachable');
  sendMany(1, ['a'], 'answered');
  sendMany(4, ['a'], 'unreachable');
  expect(changes).toEqual([]);
  sendMany(1, ['a'], 'unreachable');
  expect(changes).toEqual([true]);
});

test('doubles the pause with each failed trial, up to ten seconds', () => {
  sendMany(5, ['a'], 'unreachable');
  for (const pauseMs of [1000, 2000, 4000, 8000, 10_000, 10_000]) {
    now += pauseMs - 1;
    expect([pauseMs, send('a', 'unreachable')]).toEqual([pauseMs, false]);
    now += 1;
    expect([pauseMs, send('a', 'unreachable')]).toEqual([pauseMs, true]);
  }
});

test('gives the next trial to another reader if the query of one failed', () => {
  sendMany(20, ['a', 'b', 'c'], 'failed');
  now += 1000;
  expect(send('a', 'failed')).toBe(true);
  now += 2000;
  expect([send('a', 'failed'), send('b', 'answered')]).toEqual([false, true]);
  expect(changes).toEqual([true, false]);
});

test('permits another trial at once if the client of the trial left', () => {
  sendMany(5, ['a'], 'unreachable');
  now += 1000;
  expect([send('a', 'unknown'), send('a', 'answered'), send('a', 'answered')]).toEqual([true, true, true]);
});

test('ignores the end of a query that was sent before the breaker opened', () => {
  const early = breaker.enter('a');
  sendMany(5, ['a'], 'unreachable');
  early?.end('answered');
  expect([changes, send('a', 'answered')]).toEqual([[true], false]);
});
