import { expect, test } from '@jest/globals';
import { GroupedReads } from '../../../schema/runtime/grouped-reads.ts';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));

/** A reader whose reads end when the test says so. It returns each key in the number of its read. */
function controlled() {
  const reads: { keys: readonly string[]; oldest: Date; end: (error?: Error) => void }[] = [];
  const grouped = new GroupedReads<string>(async (keys, oldest) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const number = reads.length;
    reads.push({ keys, oldest, end: (error) => (error === undefined ? resolve() : reject(error)) });
    await promise;
    return new Map(keys.filter((key) => key !== 'absent').map((key) => [key, `${key} of read ${number}`]));
  });
  return { grouped, reads };
}

test('reads together what waits while two reads are in flight, from the oldest request on', async () => {
  const { grouped, reads } = controlled();
  const first = grouped.load('a', at(1));
  const second = grouped.load('b', at(2));
  const later = [grouped.load('a', at(5)), grouped.load('c', at(3)), grouped.load('a', at(4))];
  expect(reads.map(({ keys }) => keys)).toEqual([['a'], ['b']]);
  reads[0]?.end();
  expect(await first).toBe('a of read 0');
  await Promise.resolve();
  expect(reads[2]).toMatchObject({ keys: ['a', 'c'], oldest: at(3) });
  reads[1]?.end();
  reads[2]?.end();
  expect(await second).toBe('b of read 1');
  // A value of read 0 would be from before these requests.
  expect(await Promise.all(later)).toEqual(['a of read 2', 'c of read 2', 'a of read 2']);
});

test('rejects exactly the group whose read fails, and reads the next', async () => {
  const { grouped, reads } = controlled();
  const outcomes = ['a', 'b', 'c'].map(async (key) => await grouped.load(key, at(0)).catch(String));
  reads[0]?.end(new Error('down'));
  expect(await outcomes[0]).toBe('Error: down');
  await Promise.resolve();
  reads[1]?.end();
  reads[2]?.end();
  expect(await Promise.all(outcomes)).toEqual(['Error: down', 'b of read 1', 'c of read 2']);
});

test('gives undefined for a key that the read does not find', async () => {
  const { grouped, reads } = controlled();
  const loaded = grouped.load('absent', at(0));
  reads[0]?.end();
  expect(await loaded).toBeUndefined();
});

test('reads at most 100 keys at once', async () => {
  const { grouped, reads } = controlled();
  const loads = Array.from({ length: 300 }, async (_, index) => await grouped.load(String(index), at(0)));
  for (let read = 0; read < 5; read += 1) {
    reads[read]?.end();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await Promise.all(loads)).length).toBe(300);
  expect(Math.max(...reads.map(({ keys }) => keys.length))).toBe(100);
});
