import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Calendar, easterOf } from '../../../../schema/workflow/clock/calendar.ts';
import { readClocks } from '../../../../schema/workflow/clock/load.ts';
import { dayMs, type Day, dayOfDate, weekdayOf } from '../../../../schema/workflow/clock/zone.ts';

const { calendars } = readClocks();

function calendarOf(id: string): Calendar {
  const calendar = calendars.get(id);
  if (calendar === undefined) throw new Error(`no calendar ${id}`);
  return calendar;
}

const textOf = (day: Day) => new Date(day * dayMs).toISOString().slice(0, 10);
const dayOfText = (text: string) => Date.parse(`${text}T00:00:00Z`) / dayMs;
const isFree = (id: string, text: string) => !calendarOf(id).isWorkingDay(dayOfText(text));

test('has a calendar for each of the 27 Member States and for the EU institutions', () => {
  const states = 'at be bg cy cz de dk ee es fi fr gr hr hu ie it lt lu lv mt nl pl pt ro se si sk';
  expect([...calendars.keys()].toSorted()).toEqual([...states.split(' '), 'eu'].toSorted());
});

describe('easterOf', () => {
  // Dates of the published tables of Easter.
  test.each([
    [2000, '2000-04-23', '2000-04-30'],
    [2008, '2008-03-23', '2008-04-27'],
    [2011, '2011-04-24', '2011-04-24'],
    [2019, '2019-04-21', '2019-04-28'],
    [2024, '2024-03-31', '2024-05-05'],
    [2025, '2025-04-20', '2025-04-20'],
    [2026, '2026-04-05', '2026-04-12'],
    [2027, '2027-03-28', '2027-05-02'],
    [2028, '2028-04-16', '2028-04-16'],
    [2030, '2030-04-21', '2030-04-28'],
    [2038, '2038-04-25', '2038-04-25'],
  ])('%i', (year, western, orthodox) => {
    expect([easterOf(year, 'western'), easterOf(year, 'orthodox')].map(textOf)).toEqual([western, orthodox]);
  });

  test('is a Sunday from 22 March to 25 April, and the orthodox one is never earlier', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1900, max: 2099 }), (year) => {
        const [western, orthodox] = [easterOf(year, 'western'), easterOf(year, 'orthodox')];
        expect([weekdayOf(western), weekdayOf(orthodox)]).toEqual([6, 6]);
        expect(western).toBeGreaterThanOrEqual(dayOfDate(year, 3, 22));
        expect(western).toBeLessThanOrEqual(dayOfDate(year, 4, 25));
        expect(orthodox).toBeGreaterThanOrEqual(western);
      }),
    );
  });
});

describe('holidaysOf', () => {
  test.each([
    ['de', 2026, '01-01 04-03 04-06 05-01 05-14 05-25 10-03 12-25 12-26'],
    ['fr', 2027, '01-01 03-29 05-01 05-06 05-08 05-17 07-14 08-15 11-01 11-11 12-25'],
    ['gr', 2026, '01-01 01-06 02-23 03-25 04-10 04-12 04-13 05-01 06-01 08-15 10-28 12-25 12-26'],
    ['ie', 2027, '01-01 02-01 03-17 03-29 05-03 06-07 08-02 10-25 12-25 12-26 12-27 12-28'],
    [
      'se',
      2026,
      '01-01 01-06 04-03 04-05 04-06 05-01 05-14 05-24 06-06 06-19 06-20 10-31 12-24 12-25 12-26 12-31',
    ],
  ])('%s %i', (id, year, expected) => {
    const days = [...calendarOf(id).holidaysOf(year)].toSorted((one, other) => one - other);
    expect(days.map((day) => textOf(day).slice(5)).join(' ')).toBe(expected);
  });

  test.each([
    ['bg', '2022-12-27', 'the substitute of Christmas Eve on a Saturday'],
    ['bg', '2022-12-28', 'the substitute of Christmas Day on a Sunday'],
    ['bg', '2027-05-04', 'the substitute of Labour Day on Holy Saturday'],
    ['lv', '2025-05-05', 'the substitute of 4 May on a Sunday'],
    ['ie', '2021-12-28', "the substitute of St Stephen's Day on a Sunday"],
    ['ie', '2030-02-01', "St Brigid's Day on Friday 1 February"],
    ['nl', '2030-04-27', "King's Day on a Saturday"],
    ['de', '2017-10-31', 'an extra day of a single year'],
    ['pl', '2026-12-24', 'a holiday since 2025'],
    ['dk', '2023-05-05', 'a holiday until 2023'],
  ])('%s: %s is %s', (id, day) => {
    expect(isFree(id, day)).toBe(true);
  });

  test.each([
    ['bg', '2022-12-29', 'the day after two substitutes'],
    ['bg', '2016-12-27', 'the day after Christmas Eve on a Saturday, before the rule of 2017'],
    ['be', '2027-07-22', 'the day after the National Day'],
    ['de', '2018-10-31', 'another year than that of the extra day'],
    ['de', '2027-05-03', 'the Monday after a holiday on a Saturday, without a substitute'],
    ['pl', '2024-12-24', 'before the holiday exists'],
    ['dk', '2024-04-26', 'after the holiday was abolished'],
    ['ie', '2030-02-04', "the first Monday, in a year in which St Brigid's Day is a Friday"],
    ['ie', '2026-04-03', 'Good Friday in Ireland'],
  ])('%s: %s is a working day: %s', (id, day) => {
    expect(isFree(id, day)).toBe(false);
  });

  test("moves King's Day from a Sunday to the Saturday before", () => {
    expect([...calendarOf('nl').holidaysOf(2025)].map(textOf)).toContain('2025-04-26');
  });
});
