import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { endOfPeriod, type Place } from '../../../../schema/workflow/clock/count.ts';
import { type CountedPeriod, countedKinds } from '../../../../schema/workflow/clock/language.ts';
import { readClocks } from '../../../../schema/workflow/clock/load.ts';
import { dayOf, startOfDay } from '../../../../schema/workflow/clock/zone.ts';

const { calendars } = readClocks();
const places: readonly Place[] = [...calendars.values()].flatMap((calendar) =>
  calendar.file.zones.map((zone) => ({ calendar, zone })),
);

function placeOf(id: string): Place {
  const place = places.find(({ calendar }) => calendar.id === id);
  if (place === undefined) throw new Error(`no calendar ${id}`);
  return place;
}

type Row = readonly [
  why: string,
  length: number,
  kind: CountedPeriod['kind'],
  calendar: string,
  from: string,
  end: string,
];

/** Counted by hand from Article 3. */
const byRule: readonly Row[] = [
  ['3(4): one day ends on a Saturday', 1, 'days', 'de', '2026-03-06T10:00+01:00', '2026-03-10T00:00+01:00'],
  ['3(5): only Monday is a working day', 2, 'days', 'de', '2026-03-06T10:00+01:00', '2026-03-11T00:00+01:00'],
  ['3(5): Friday and Monday', 2, 'days', 'de', '2026-03-05T10:00+01:00', '2026-03-10T00:00+01:00'],
  ['3(5): two working days', 2, 'days', 'de', '2026-03-02T10:00+01:00', '2026-03-05T00:00+01:00'],
  ['3(5): Easter has none', 3, 'days', 'de', '2026-04-02T10:00+02:00', '2026-04-09T00:00+02:00'],
  ['3(5): a week at the year end', 1, 'weeks', 'eu', '2026-12-23T10:00+01:00', '2027-01-06T00:00+01:00'],
  ['3(2)(c): same day of the week', 2, 'weeks', 'de', '2026-03-04T10:00+01:00', '2026-03-19T00:00+01:00'],
  ['3(2)(c): 29 February', 1, 'years', 'de', '2028-02-29T10:00+01:00', '2029-03-01T00:00+01:00'],
  ['3(2)(c): same date', 2, 'years', 'de', '2026-03-02T10:00+01:00', '2028-03-03T00:00+01:00'],
  ['3(2)(c): 30 January', 1, 'months', 'de', '2026-01-30T10:00+01:00', '2026-03-03T00:00+01:00'],
  ['3(2)(c): over the year', 3, 'months', 'de', '2026-11-30T10:00+01:00', '2027-03-02T00:00+01:00'],
  ['3(1): the first hour of a day', 1, 'days', 'de', '2026-03-02T00:00+01:00', '2026-03-04T00:00+01:00'],
  ['3(1): the last instant of a day', 1, 'days', 'de', '2026-03-02T23:59+01:00', '2026-03-04T00:00+01:00'],
  ['3(3): working days', 2, 'working-days', 'de', '2026-04-02T10:00+02:00', '2026-04-09T00:00+02:00'],
];

describe('endOfPeriod', () => {
  test.each(byRule)('%s', (_, length, kind, calendar, from, end) => {
    const { dueAt, latestAt } = endOfPeriod(
      { kind, length },
      new Date(from),
      placeOf(calendar),
      'regulation-1182-71',
    );
    expect(latestAt.toISOString()).toBe(new Date(end).toISOString());
    expect(dueAt).toEqual(latestAt);
  });

  test('does not move an end that is counted plainly', () => {
    const { latestAt } = endOfPeriod(
      { kind: 'days', length: 2 },
      new Date('2026-03-06T10:00+01:00'),
      placeOf('de'),
      'plain',
    );
    expect(latestAt.toISOString()).toBe('2026-03-08T23:00:00.000Z');
  });

  test('ends a plain day at the first instant of a day without 00:00', () => {
    const azores = places.find(({ zone }) => zone === 'Atlantic/Azores')!;
    const { latestAt } = endOfPeriod(
      { kind: 'days', length: 1 },
      new Date('2026-03-27T12:00Z'),
      azores,
      'plain',
    );
    expect(latestAt.toISOString()).toBe('2026-03-29T01:00:00.000Z');
  });
});

describe('every period', () => {
  const start = fc.date({
    noInvalidDate: true,
    min: new Date('2015-01-01T00:00:00Z'),
    max: new Date('2045-01-01T00:00:00Z'),
  });
  const place = fc.constantFrom(...places);
  const rule = fc.constantFrom('regulation-1182-71' as const, 'plain' as const);
  const period = fc.record({
    kind: fc.constantFrom(...countedKinds),
    length: fc.integer({ min: 1, max: 15 }),
  });
  const longPeriod = period.filter(({ kind }) => kind !== 'hours' && kind !== 'minutes');
  const runs = { numRuns: 1000 };

  test('is due after its start and not after its end', () => {
    fc.assert(
      fc.property(period, start, place, rule, (counted, at, where, by) => {
        const { dueAt, latestAt } = endOfPeriod(counted, at, where, by);
        expect(dueAt.getTime()).toBeGreaterThan(at.getTime());
        expect(latestAt.getTime()).toBeGreaterThanOrEqual(dueAt.getTime());
      }),
      runs,
    );
  });

  test('never ends earlier if it starts later', () => {
    const later = fc.oneof(
      fc.integer({ min: 0, max: 7_200_000 }),
      fc.integer({ min: 0, max: 5_000_000_000 }),
    );
    fc.assert(
      fc.property(period, start, later, place, rule, (counted, at, by, where, rules) => {
        const first = endOfPeriod(counted, at, where, rules);
        const second = endOfPeriod(counted, new Date(at.getTime() + by), where, rules);
        expect(second.latestAt.getTime()).toBeGreaterThanOrEqual(first.latestAt.getTime());
      }),
      runs,
    );
  });

  test('ends at the start of a day of the zone, unless it is in hours or minutes', () => {
    fc.assert(
      fc.property(longPeriod, start, place, rule, (counted, at, where, by) => {
        const { latestAt } = endOfPeriod(counted, at, where, by);
        expect(latestAt).toEqual(startOfDay(dayOf(latestAt, where.zone), where.zone));
      }),
      runs,
    );
  });

  test('ends on a working day and includes two if it has two days or more', () => {
    fc.assert(
      fc.property(longPeriod, start, place, (counted, at, where) => {
        const { latestAt } = endOfPeriod(counted, at, where, 'regulation-1182-71');
        const last = dayOf(new Date(latestAt.getTime() - 1), where.zone);
        const first = dayOf(at, where.zone) + 1;
        const working = Array.from({ length: last - first + 1 }, (_, index) => first + index).filter((day) =>
          where.calendar.isWorkingDay(day),
        );
        expect(where.calendar.isWorkingDay(last)).toBe(true);
        const isOneDay = counted.length === 1 && ['days', 'working-days'].includes(counted.kind);
        expect(working.length).toBeGreaterThanOrEqual(isOneDay ? 1 : 2);
      }),
      { numRuns: 300 },
    );
  });

  test('in hours has exactly its hours, and at most one hour more by the regulation', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), start, place, (length, at, where) => {
        const { dueAt, latestAt } = endOfPeriod({ kind: 'hours', length }, at, where, 'regulation-1182-71');
        expect(dueAt.getTime() - at.getTime()).toBe(length * 3_600_000);
        expect(latestAt.getTime() - dueAt.getTime()).toBeGreaterThan(0);
        expect(latestAt.getTime() - dueAt.getTime()).toBeLessThanOrEqual(3_600_000);
      }),
      runs,
    );
  });
});
