import { expect, test } from '@jest/globals';
import { ByteCache } from '../../../schema/runtime/byte-cache.ts';

test('never has more bytes than its bound, whatever is put into it', () => {
  const cache = new ByteCache<number>(100_000);
  for (let at = 0; at < 5000; at += 1) {
    cache.set(`${at}${'k'.repeat(at % 300)}`, at, (at * 7919) % 30_000);
    expect(cache.bytes).toBeLessThanOrEqual(100_000);
  }
  expect(cache.bytes).toBeGreaterThan(50_000);
});

test('removes the value that was not used for the longest time', () => {
  const cache = new ByteCache<string>(1000);
  for (const key of ['a', 'b', 'c', 'd']) cache.set(key, key, 100);
  expect(cache.get('a')).toBe('a');
  cache.set('e', 'e', 100);
  expect(['a', 'b', 'c', 'd', 'e'].filter((key) => cache.has(key))).toEqual(['a', 'c', 'd', 'e']);
});

test('does not keep a value of more than a quarter of its bound, and frees what it replaces', () => {
  const cache = new ByteCache<string>(1000);
  cache.set('a', 'small', 10);
  cache.set('a', 'large', 250);
  expect([cache.get('a'), cache.bytes]).toEqual([undefined, 0]);
});
