import { expect, test } from '@jest/globals';
import { Room } from '../../../gateway/live/room.ts';

test('refuses a subscription that takes a reader above 16 MB, and has room again after one ends', () => {
  const room = new Room();
  const leave = room.enter('u-1', 10_000_000, 0);
  room.enter('u-1', 6_000_000);
  expect(() => room.enter('u-1', 1)).toThrow(expect.objectContaining({ code: 'TOO_MANY_SUBSCRIPTIONS' }));
  room.enter('u-2', 16_000_000);
  leave();
  room.enter('u-1', 10_000_000);
});

test.each([
  ['20,000 subscriptions', 20, 1000, 0],
  ['256 MB', 16, 1, 16_000_000],
])('refuses a subscription above %s in all with OVERLOADED', (_limit, readers, count, bytes) => {
  const room = new Room();
  for (let at = 0; at < readers * count; at += 1) room.enter(`u-${at % readers}`, bytes);
  expect(() => room.enter('another', 1)).toThrow(expect.objectContaining({ code: 'OVERLOADED' }));
});
