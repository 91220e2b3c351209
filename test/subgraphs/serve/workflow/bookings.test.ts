import { expect, test } from '@jest/globals';
import { freeFrom, type Taken, unitId } from '../../../../subgraphs/serve/workflow/kinds/bookings.ts';

const day = (number: number): Date => new Date(Date.UTC(2026, 10, number));
const taken = (from: number, until: number | null, state = 'committed'): Taken => ({
  progress: `p-${from}`,
  record: 'ResponseTeam:1',
  mobilisation: 'Mobilisation:1',
  from: day(from),
  until: until === null ? null : day(until),
  state,
});
const now = day(3);

test('finds the first time that is long enough between bookings', () => {
  const all = [taken(10, 12), taken(13, 15), taken(20, 25)];
  expect(freeFrom(all, { from: day(8), until: day(10) }, now)).toEqual(day(8));
  expect(freeFrom(all, { from: day(12), until: day(13) }, now)).toEqual(day(12));
  expect(freeFrom(all, { from: day(11), until: day(13) }, now)).toEqual(day(15));
  expect(freeFrom(all, { from: day(14), until: day(20) }, now)).toEqual(day(25));
});

test('knows no end of a deployment that goes on beyond its end, and one of a booking that never began', () => {
  const asked = { from: day(4), until: day(5) };
  expect(freeFrom([taken(1, 2, 'deployed')], asked, now)).toBeNull();
  expect(freeFrom([taken(1, 2, 'committed')], asked, now)).toEqual(day(4));
  expect(freeFrom([taken(1, 6, 'deployed')], asked, now)).toEqual(day(6));
});

test('knows the end of a rest and of a time away, also when it is over, and none that nobody stated', () => {
  const asked = { from: day(4), until: day(5) };
  expect(freeFrom([taken(1, 6, 'recovering')], asked, now)).toEqual(day(6));
  expect(freeFrom([taken(1, 2, 'unavailable')], asked, now)).toEqual(day(4));
  expect(freeFrom([taken(1, null, 'unavailable')], asked, now)).toBeNull();
});

test('keeps the persons of two providers and of an exercise apart, and takes spellings as one person', () => {
  const id = unitId(null, 'csirt-de', 'EX-M1');
  expect(unitId(null, 'csirt-de', ' ex-m1')).toBe(id);
  expect(unitId(null, 'csirt-fr', 'EX-M1')).not.toBe(id);
  expect(unitId('exercise:trial-2026', 'csirt-de', 'EX-M1')).not.toBe(id);
});
