import type { Time } from '../../../../schema/record/envelope.ts';
import { RejectError } from '../../record/reject.ts';

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

type Format = {
  readonly pattern: RegExp;
  readonly read: (parts: readonly string[]) => readonly [number[], Time['precision'], string | null];
};

/** The formats of times in the sources, the most exact first. */
const formats: readonly Format[] = [
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
 * Parses a time of a source into UTC, its precision, and the declared zone (a time without one is read as UTC). Throws
 * RejectError WRONG_DATE for an unknown format and a day that does not exist. The message has no value.
 */
export function parseTime(text: string): Time {
  for (const { pattern, read } of formats) {
    const match = pattern.exec(text.trim());
    if (match === null) continue;
    const [parts, precision, zone] = read(match);
    const utc = toUtc(parts, zone);
    if (utc === null) throw new RejectError('WRONG_DATE', 'expected a date that exists');
    return { utc, precision, declaredZone: zone === null ? null : zone.toUpperCase() };
  }
  throw new RejectError('WRONG_DATE', 'expected a date in a known format');
}

/** Parses a time; null if it is missing or not a date, such as `unknown`. */
export function parseTimeOrNull(text: string | null | undefined): Time | null {
  if (text === null || text === undefined || !formats.some(({ pattern }) => pattern.test(text.trim())))
    return null;
  return parseTime(text);
}

/** The end of the year 9999. A larger number is not a count of seconds, but probably of milliseconds. */
const maxEpochSeconds = 253_402_300_799;

/** Parses whole seconds since the epoch, which MISP uses. Throws RejectError WRONG_DATE for anything else. */
export function parseEpoch(seconds: string | number): Time {
  const text = String(seconds).trim();
  if (!/^\d{1,12}$/.test(text) || Number(text) > maxEpochSeconds) {
    throw new RejectError('WRONG_DATE', 'expected a number of seconds since 1970');
  }
  return { utc: new Date(Number(text) * 1000), precision: 'SECOND', declaredZone: null };
}

function toUtc(parts: readonly number[], zone: string | null): Date | null {
  const [year = Number.NaN, month = 1, day = 1, hour = 0, minute = 0, second = 0, ms = 0] = parts;
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second, ms));
  const offset = offsetMinutes(zone);
  const same =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second;
  if (!same || year < 1000 || offset === null) return null;
  return new Date(date.getTime() - offset * 60_000);
}

/** Returns the offset; null if it is out of range (RFC 3339, section 5.6: 23 hours, 59 minutes). */
function offsetMinutes(zone: string | null): number | null {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone ?? '') ?? [];
  if (sign === undefined) return 0;
  if (Number(hours) > 23 || Number(minutes) > 59) return null;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

function numbers(...parts: readonly (string | undefined)[]): number[] {
  return parts.map(Number);
}

function monthOf(name: string): number {
  const at = months.findIndex((month) => name.length >= 3 && month.startsWith(name.toLowerCase()));
  return at === -1 ? Number.NaN : at + 1;
}
