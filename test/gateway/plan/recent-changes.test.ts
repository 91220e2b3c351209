import { expect, test } from '@jest/globals';
import { RecentChanges } from '../../../gateway/plan/recent-changes.ts';

test('tells the changes of a reader apart for 15 s, and nothing of them to others', () => {
  let now = 0;
  const changes = new RecentChanges(() => now);
  expect(changes.of('u-1')).toBeNull();
  changes.add('u-1');
  const first = changes.of('u-1');
  expect([first, changes.of('u-1'), changes.of('u-2')]).toEqual([['u-1', 1], first, null]);
  changes.add('u-1');
  expect(changes.of('u-1')).toEqual(['u-1', 2]);
  now = 15_000;
  expect(changes.of('u-1')).toBeNull();
});
