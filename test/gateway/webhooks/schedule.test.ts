import { expect, test } from '@jest/globals';
import { nextAttempt, readRetryAfter } from '../../../gateway/webhooks/schedule.ts';

const now = new Date('2026-11-29T10:00:00Z');
const minutes = (attempts: number, retryAfterMs: number | null = null, random = 0.5) => {
  const next = nextAttempt(attempts, retryAfterMs, now, () => random);
  return next === null ? null : (next.getTime() - now.getTime()) / 60_000;
};

test('tries ten times in about three days, with growing pauses', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((attempts) => minutes(attempts));
  expect(pauses).toEqual([5 / 60, 5, 30, 120, 300, 600, 840, 1200, 1440]);
  expect(minutes(10)).toBeNull();
});

test('varies each pause by a tenth up and down', () => {
  expect([minutes(2, null, 0), minutes(2, null, 1)]).toEqual([4.5, 5.5]);
});

test('lets a receiver lengthen a pause to a day at most, and never shorten it', () => {
  expect([minutes(2, 3_600_000), minutes(2, 1000), minutes(2, 10 * 86_400_000)]).toEqual([60, 5, 1440]);
});

test.each([
  ['120', 120_000],
  ['Sun, 29 Nov 2026 10:01:00 GMT', 60_000],
  ['Sun, 29 Nov 2026 09:00:00 GMT', 0],
  ['soon', null],
  ['-1', null],
  ['1e9', null],
  ['9'.repeat(400), null],
  [undefined, null],
])('reads retry-after: %p', (text, ms) => {
  expect(readRetryAfter(text, now)).toBe(ms);
});
