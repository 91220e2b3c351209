import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RejectError } from '../../../../../subgraphs/serve/record/reject.ts';
import {
  parseEpoch,
  parseTime,
  parseTimeOrNull,
} from '../../../../../subgraphs/serve/ingest/sources/time.ts';

test.each([
  ['2025-07-20T18:30:05Z', '2025-07-20T18:30:05.000Z', 'SECOND', 'Z'],
  ['2025-07-20t18:30:05z', '2025-07-20T18:30:05.000Z', 'SECOND', 'Z'],
  ['2025-07-20T18:30:05.5Z', '2025-07-20T18:30:05.500Z', 'MILLISECOND', 'Z'],
  ['2025-07-20T18:30:05.123456789Z', '2025-07-20T18:30:05.123Z', 'MILLISECOND', 'Z'],
  ['2025-07-20T18:30:05+02:00', '2025-07-20T16:30:05.000Z', 'SECOND', '+02:00'],
  ['2025-07-20T18:30:05-0330', '2025-07-20T22:00:05.000Z', 'SECOND', '-0330'],
  ['2025-01-01T00:30:00+14:00', '2024-12-31T10:30:00.000Z', 'SECOND', '+14:00'],
  ['2025-12-31T23:30:00-12:00', '2026-01-01T11:30:00.000Z', 'SECOND', '-12:00'],
  ['20-07-2025 18:30:05', '2025-07-20T18:30:05.000Z', 'SECOND', null],
  ['2025-07-20', '2025-07-20T00:00:00.000Z', 'DAY', null],
  ['2025/07/20', '2025-07-20T00:00:00.000Z', 'DAY', null],
  ['20/07/2025', '2025-07-20T00:00:00.000Z', 'DAY', null],
  ['20-07-2025', '2025-07-20T00:00:00.000Z', 'DAY', null],
  ['2025-07', '2025-07-01T00:00:00.000Z', 'MONTH', null],
  ['July 2025', '2025-07-01T00:00:00.000Z', 'MONTH', null],
  ['Sept/2025', '2025-09-01T00:00:00.000Z', 'MONTH', null],
  ['2025', '2025-01-01T00:00:00.000Z', 'YEAR', null],
  ['  2025-07-20\n', '2025-07-20T00:00:00.000Z', 'DAY', null],
  ['2024-02-29', '2024-02-29T00:00:00.000Z', 'DAY', null],
  ['2000-02-29', '2000-02-29T00:00:00.000Z', 'DAY', null],
])('reads %s', (text, utc, precision, declaredZone) => {
  expect(parseTime(text)).toEqual({ utc: new Date(utc), precision, declaredZone });
});

const two = (number: number) => String(number).padStart(2, '0');
const wrong = (words: string) => new RejectError('WRONG_DATE', words);
const notThere = wrong('expected a date that exists');

test.each([
  '2025-02-29',
  '1900-02-29',
  '2025-02-30',
  '2025-04-31',
  '31/06/2025',
  '32-01-2025',
  '2025-00-10',
  '2025-13-01',
  '2025-01-00',
  '2025-13',
  '0000',
  '0999-01-01',
  'Smarch 2025',
  'ma 2025',
  '2025-07-20T24:00:00Z',
  '2025-07-20T18:60:00Z',
  '2025-07-20T18:30:60Z',
  '2025-02-29T10:00:00+02:00',
  '2025-07-20T18:30:05+24:00',
  '2025-07-20T18:30:05+02:60',
  '2025-07-20T18:30:05-99:99',
])('refuses %s, which does not exist', (text) => {
  expect(() => parseTime(text)).toThrow(notThere);
  expect(() => parseTimeOrNull(text)).toThrow(notThere);
});

test.each([
  '',
  'unknown',
  'N/A',
  '07/2025',
  '20.07.2025',
  '2025-7-2',
  '1753036205',
  '2025-07-20T18:30:05 CEST',
])('refuses "%s", which has no known format, or reads null where a source may omit it', (text) => {
  expect(() => parseTime(text)).toThrow(wrong('expected a date in a known format'));
  expect(parseTimeOrNull(text)).toBeNull();
});

test('reads null for a missing time', () => {
  expect([parseTimeOrNull(null), parseTimeOrNull(undefined)]).toEqual([null, null]);
});

test('reads the same instant for every offset', () => {
  const instant = fc.date({
    min: new Date('1001-01-01T00:00:00Z'),
    max: new Date('9998-12-30T00:00:00Z'),
    noInvalidDate: true,
  });
  const offset = fc.integer({ min: -14 * 60, max: 14 * 60 });
  fc.assert(
    fc.property(instant, offset, (utc, minutes) => {
      const local = new Date(utc.getTime() + minutes * 60_000).toISOString().slice(0, -1);
      const [hours, rest] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
      const zone = `${minutes < 0 ? '-' : '+'}${two(hours)}:${two(rest)}`;
      expect(parseTime(`${local}${zone}`)).toEqual({ utc, precision: 'MILLISECOND', declaredZone: zone });
    }),
  );
});

test('refuses days that the calendar does not have, in every format', () => {
  for (const year of [1900, 2000, 2023, 2024]) {
    for (let month = 1; month <= 12; month += 1) {
      for (let day = 28; day <= 31; day += 1) {
        const exists = day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
        const forms = [`${year}-${two(month)}-${two(day)}`, `${two(day)}/${two(month)}/${year}`];
        const read = forms.map((form) => {
          try {
            return parseTime(form).utc.toISOString().slice(0, 10);
          } catch {
            return 'refused';
          }
        });
        expect(read).toEqual(forms.map(() => (exists ? forms[0] : 'refused')));
      }
    }
  }
});

test.each([
  ['1753036205', '2025-07-20T18:30:05.000Z'],
  [1753036205, '2025-07-20T18:30:05.000Z'],
  ['0', '1970-01-01T00:00:00.000Z'],
])('reads seconds since the epoch: %s', (seconds, utc) => {
  expect(parseEpoch(seconds)).toEqual({ utc: new Date(utc), precision: 'SECOND', declaredZone: null });
});

test.each(['', ' ', 'now', '0x10', '1e9', '-5', '1753036205123', Number.NaN, Number.POSITIVE_INFINITY, 1e21])(
  'refuses %p, which is not a number of seconds',
  (seconds) => {
    expect(() => parseEpoch(seconds)).toThrow(wrong('expected a number of seconds since 1970'));
  },
);
