import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  dateOfDay,
  dayMs,
  dayOf,
  dayOfDate,
  endOfHour,
  hourMs,
  isZone,
  noonOf,
  startOfDay,
  weekdayOf,
} from '../../../../schema/workflow/clock/zone.ts';

const zones = [
  'Europe/Berlin',
  'Europe/Dublin',
  'Europe/Athens',
  'Atlantic/Azores',
  'Atlantic/Canary',
  'Indian/Reunion',
  'America/Cayenne',
  'Africa/Cairo',
  'Asia/Kolkata',
  'UTC',
];

describe('startOfDay', () => {
  test.each([
    ['a winter day', 'Europe/Berlin', [2026, 1, 15], '2026-01-14T23:00:00.000Z'],
    ['a summer day', 'Europe/Berlin', [2026, 7, 15], '2026-07-14T22:00:00.000Z'],
    ['the day on which summer time begins', 'Europe/Berlin', [2026, 3, 29], '2026-03-28T23:00:00.000Z'],
    ['the day after', 'Europe/Berlin', [2026, 3, 30], '2026-03-29T22:00:00.000Z'],
    ['the day on which summer time ends', 'Europe/Berlin', [2026, 10, 25], '2026-10-24T22:00:00.000Z'],
    // Summer time of the Azores begins at 00:00 and ends at 01:00 local time.
    ['a day without 00:00', 'Atlantic/Azores', [2026, 3, 29], '2026-03-29T01:00:00.000Z'],
    ['a day with two times 00:00', 'Atlantic/Azores', [2026, 10, 25], '2026-10-25T00:00:00.000Z'],
    // In 2015 the summer time of Asuncion ended at midnight: 23:00 of the day before occurred twice.
    ['a day after a doubled hour', 'America/Asuncion', [2015, 3, 22], '2015-03-22T04:00:00.000Z'],
    // Samoa had no 30 December 2011.
    ['a day that does not exist', 'Pacific/Apia', [2011, 12, 30], '2011-12-30T10:00:00.000Z'],
  ] as const)('returns the first instant of %s', (_, zone, [year, month, day], instant) => {
    expect(startOfDay(dayOfDate(year, month, day), zone).toISOString()).toBe(instant);
  });

  test('is the first instant of its day in every zone', () => {
    const days = fc.integer({ min: dayOfDate(2000, 1, 1), max: dayOfDate(2060, 1, 1) });
    fc.assert(
      fc.property(days, fc.constantFrom(...zones), (day, zone) => {
        const start = startOfDay(day, zone);
        expect(dayOf(start, zone)).toBe(day);
        expect(dayOf(new Date(start.getTime() - 1), zone)).toBe(day - 1);
      }),
      { numRuns: 500 },
    );
  });
});

test('returns noon of a day with a change of summer time', () => {
  expect(noonOf(dayOfDate(2026, 3, 29), 'Europe/Berlin').toISOString()).toBe('2026-03-29T10:00:00.000Z');
  expect(noonOf(dayOfDate(2026, 10, 25), 'Europe/Berlin').toISOString()).toBe('2026-10-25T11:00:00.000Z');
});

test('ends the clock hour of the zone, also where the offset is not a whole hour', () => {
  expect(endOfHour(new Date('2026-03-02T10:00:00Z'), 'UTC').toISOString()).toBe('2026-03-02T11:00:00.000Z');
  // 10:00 UTC is 15:30 in Kolkata.
  expect(endOfHour(new Date('2026-03-02T10:00:00Z'), 'Asia/Kolkata').toISOString()).toBe(
    '2026-03-02T10:30:00.000Z',
  );
});

test('ends an hour after its instant, at most one hour later', () => {
  fc.assert(
    fc.property(
      fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2060-01-01') }),
      (instant) => {
        const length = endOfHour(instant, 'Europe/Berlin').getTime() - instant.getTime();
        expect(length).toBeGreaterThan(0);
        expect(length).toBeLessThanOrEqual(hourMs);
      },
    ),
  );
});

test('knows the days of the week and dates', () => {
  expect(weekdayOf(dayOfDate(2026, 3, 2))).toBe(0);
  expect(weekdayOf(dayOfDate(2026, 3, 8))).toBe(6);
  expect(weekdayOf(dayOfDate(1969, 12, 31))).toBe(2);
  expect(dateOfDay(dayOfDate(2028, 2, 29))).toEqual({ year: 2028, month: 2, dayOfMonth: 29 });
  expect(dayOfDate(2026, 13, 1)).toBe(dayOfDate(2027, 1, 1));
  expect(dayOf(new Date(1.5 * dayMs), 'UTC')).toBe(1);
});

test('rejects unknown zones and offsets', () => {
  expect(['Europe/Berlin', 'Europe/Nowhere', '+02:00', ''].map(isZone)).toEqual([true, false, false, false]);
  expect(() => dayOf(new Date(0), 'Europe/Nowhere')).toThrow(RangeError);
});
