import { expect, test } from '@jest/globals';
import { PartUnavailable } from '../../../gateway/dispatch/part-unavailable.ts';
import { Slots } from '../../../gateway/dispatch/slots.ts';

const { signal } = new AbortController();
const longMs = 60_000;

async function fill(slots: Slots, readers: readonly string[]): Promise<void> {
  for (const reader of readers) await slots.take(reader, longMs, signal);
}

test('lets a query wait for a free slot, in order', async () => {
  const slots = new Slots(2);
  await fill(slots, ['a', 'b']);
  const order: string[] = [];
  const waits = ['c', 'd'].map(
    async (reader) => await slots.take(reader, longMs, signal).then(() => order.push(reader)),
  );
  slots.release('a');
  await waits[0];
  expect(order).toEqual(['c']);
  slots.release('b');
  await Promise.all(waits);
  expect(order).toEqual(['c', 'd']);
});

test('keeps half of the slots for other readers', async () => {
  const slots = new Slots(4);
  await fill(slots, ['a', 'a']);
  const third = slots.take('a', longMs, signal);
  await fill(slots, ['b', 'b']);
  slots.release('b');
  await fill(slots, ['c']);
  slots.release('a');
  await expect(third).resolves.toBeUndefined();
});

test('fails a query at once if the queue or its reader’s half of it is full', async () => {
  const slots = new Slots(2);
  await fill(slots, ['a', 'b']);
  const waits = ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'c'].map(async (reader) => {
    await slots.take(reader, longMs, signal);
  });
  await expect(slots.take('d', longMs, signal)).rejects.toThrow(PartUnavailable);
  slots.failWaiting();
  await expect(Promise.allSettled(waits)).resolves.toMatchObject(waits.map(() => ({ status: 'rejected' })));
  const own = Array.from({ length: 4 }, async () => await slots.take('a', longMs, signal));
  await expect(slots.take('a', longMs, signal)).rejects.toThrow(PartUnavailable);
  slots.failWaiting();
  await Promise.allSettled(own);
});

test('ends a wait at its time limit and when the client leaves, and gives the slot to the next', async () => {
  const slots = new Slots(2);
  await fill(slots, ['a', 'b']);
  await expect(slots.take('c', 10, signal)).rejects.toThrow('no slot became free in time');
  const client = new AbortController();
  const gone = slots.take('c', longMs, client.signal);
  client.abort();
  await expect(gone).rejects.toThrow('nobody waits');
  const next = slots.take('d', longMs, signal);
  slots.release('a');
  await expect(next).resolves.toBeUndefined();
});
