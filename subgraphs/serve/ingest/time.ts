import type { Time } from '../../../schema/envelope.ts';
import { RejectError } from './source.ts';

const months = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];

type Reading = {
  readonly pattern: RegExp;
  readonly read: (parts: readonly string[]) => readonly [number[], Time['precision'], string | null];
};

/** The ways in which the sources write times, from the most exact. */
const readings: readonly Reading[] = [
  {
    pattern: /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})$/i,
    read: ([, y, mo, d, h, mi, s, fraction, zone]) => [
      numbers(y, mo, d, h, mi, s, (fraction ?? '').padEnd(3, '0').slice(0, 3)),
      fraction === undefined ? 'SECOND' : 'MILLISECOND',
      zone ?? null,
    ],
  },
  {
    pattern: /^(\d{2})-(\d{2})-(\d{4}) (\d{2}):(\d{2}):(\d{2})$/,
    read: ([, d, mo, y, h, mi, s]) => [numbers(y, mo, d, h, mi, s), 'SECOND', null],
  },
  {
    pattern: /^(\d{4})[-/](\d{2})[-/](\d{2})$/,
    read: ([, y, mo, d]) => [numbers(y, mo, d), 'DAY', null],
  },
  {
    pattern: /^(\d{2})[-/](\d{2})[-/](\d{4})$/,
    read: ([, d, mo, y]) => [numbers(y, mo, d), 'DAY', null],
  },
  {
    pattern: /^(\d{4})-(\d{2})$/,
    read: ([, y, mo]) => [numbers(y, mo), 'MONTH', null],
  },
  {
    pattern: /^([A-Za-z]+)[ /](\d{4})$/,
    read: ([, name, y]) => [[Number(y), monthOf(name ?? '')], 'MONTH', null],
  },
  { pattern: /^(\d{4})$/, read: ([, y]) => [numbers(y), 'YEAR', null] },
];

/**
 * A time as a source wrote it: in UTC, with its precision and the zone that was declared (none is read as UTC).
 * Throws RejectError WRONG_DATE for another form and for a day that does not exist; the message holds no value.
 */
export function parseTime(text: string): Time {
  for (const { pattern, read } of readings) {
    const match = pattern.exec(text.trim());
    if (match === null) continue;
    const [parts, precision, zone] = read(match);
    const utc = toUtc(parts, zone);
    if (utc === null) throw new RejectError('WRONG_DATE', 'a date that does not exist');
    return { utc, precision, declaredZone: zone === null ? null : zone.toUpperCase() };
  }
  throw new RejectError('WRONG_DATE', 'a date that is of none of the forms of this source');
}

/** The same, where the source may leave it out or write what is no date (`unknown`): null then. */
export function parseTimeOrNull(text: string | null | undefined): Time | null {
  if (text === null || text === undefined || !readings.some(({ pattern }) => pattern.test(text.trim())))
    return null;
  return parseTime(text);
}

/** Seconds since the epoch, as MISP writes its times. */
export function parseEpoch(seconds: string | number): Time {
  const number = Number(seconds);
  const utc = new Date(number * 1000);
  if (!Number.isFinite(number) || Number.isNaN(utc.getTime())) {
    throw new RejectError('WRONG_DATE', 'a time that is no number of seconds');
  }
  return { utc, precision: 'SECOND', declaredZone: null };
}

function toUtc(parts: readonly number[], zone: string | null): Date | null {
  const [year = Number.NaN, month = 1, day = 1, hour = 0, minute = 0, second = 0, ms = 0] = parts;
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second, ms));
  const same =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second;
  return same && year >= 1000 ? new Date(date.getTime() - offsetMinutes(zone) * 60_000) : null;
}

function offsetMinutes(zone: string | null): number {
  const match = /^([+-])(\d{2}):?(\d{2})$/.exec(zone ?? '');
  if (match === null) return 0;
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]));
}

function numbers(...parts: readonly (string | undefined)[]): number[] {
  return parts.map(Number);
}

function monthOf(name: string): number {
  const at = months.findIndex((month) => name.length >= 3 && month.startsWith(name.toLowerCase()));
  return at === -1 ? Number.NaN : at + 1;
}
