/** A calendar day without a zone: the number of days since 1970-01-01. */
export type Day = number;

/** Milliseconds of one minute, hour and day. */
export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

const formats = new Map<string, Intl.DateTimeFormat>();

/** Returns whether the runtime knows the time zone by this name. Names of offsets, such as `+02:00`, are no zones. */
export function isZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    return formatOf(zone) !== undefined;
  } catch {
    return false;
  }
}

/** Returns the calendar day of an instant in a zone. Throws RangeError for an unknown zone. */
export function dayOf(instant: Date, zone: string): Day {
  return Math.floor(wallTime(instant.getTime(), zone) / dayMs);
}

/**
 * Returns the first instant of a calendar day in a zone. It is not always 00:00: where summer time begins at midnight,
 * as in the Azores, the day starts at 01:00.
 */
export function startOfDay(day: Day, zone: string): Date {
  return instantAt(day * dayMs, zone);
}

/** Returns 12:00 of a calendar day in a zone. */
export function noonOf(day: Day, zone: string): Date {
  return instantAt(day * dayMs + 12 * hourMs, zone);
}

/** Returns the end of the clock hour in which an instant falls. 10:00:00.000 falls in the hour that ends at 11:00. */
export function endOfHour(instant: Date, zone: string): Date {
  const wall = wallTime(instant.getTime(), zone);
  return new Date(instant.getTime() - modulo(wall, hourMs) + hourMs);
}

/** Returns the day of a date. Months count from 1. A month beyond 12 continues in the next year. */
export function dayOfDate(year: number, month: number, dayOfMonth: number): Day {
  return Date.UTC(year, month - 1, dayOfMonth) / dayMs;
}

/** Returns year, month (from 1) and day of the month. */
export function dateOfDay(day: Day): {
  readonly year: number;
  readonly month: number;
  readonly dayOfMonth: number;
} {
  const date = new Date(day * dayMs);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, dayOfMonth: date.getUTCDate() };
}

/** Returns the day of the week of a calendar day, from 0 for Monday to 6 for Sunday. */
export function weekdayOf(day: Day): number {
  return modulo(day + 3, 7);
}

/**
 * Returns the instant of a local time. A local time that occurs twice is the first of both. One that does not exist is
 * the first instant after the gap.
 */
function instantAt(wall: number, zone: string): Date {
  const offsets = [-dayMs, dayMs].map((shift) => wallTime(wall + shift, zone) - (wall + shift));
  const candidates = offsets.map((offset) => wall - offset).toSorted((one, other) => one - other);
  const exact = candidates.find((instant) => wallTime(instant, zone) === wall);
  const [first = wall, last = wall] = candidates;
  return new Date(exact ?? firstInstantWithin(first, last, (instant) => wallTime(instant, zone) >= wall));
}

function firstInstantWithin(before: number, after: number, holds: (instant: number) => boolean): number {
  let low = before;
  let high = after;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Returns the local time of an instant, as if it were UTC. */
function wallTime(instant: number, zone: string): number {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? Number.NaN;
  const seconds = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return seconds + modulo(instant, 1000);
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  formats.set(zone, format);
  return format;
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
