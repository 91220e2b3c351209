import type { Calendar } from './calendar.ts';
import type { CountedPeriod, CountingRule } from './language.ts';
import {
  dateOfDay,
  type Day,
  dayOf,
  dayOfDate,
  endOfHour,
  hourMs,
  minuteMs,
  noonOf,
  startOfDay,
} from './zone.ts';

/** The addressee's zone and public holidays. */
export type Place = { readonly calendar: Calendar; readonly zone: string };

/**
 * The end of a period. `dueAt` is the plain end. The act is late from `latestAt` on: that instant is not part of the
 * period. For every kind except hours both are the same.
 */
export type PeriodEnd = { readonly dueAt: Date; readonly latestAt: Date };

/**
 * Returns the end of a period. With `regulation-1182-71` it follows Article 3 of Regulation (EEC, Euratom) No 1182/71:
 * the hour or the day of the event is not counted (1); a period ends with its last hour (2); a period that is not in
 * hours ends on a working day (4) and includes two working days if it has two days or more (5). A period in hours runs
 * through nights, weekends, holidays and changes of summer time, and never moves.
 *
 * With `plain`, hours count from the instant, and days end with the last day even if it is a holiday.
 */
export function endOfPeriod(
  period: CountedPeriod,
  startedAt: Date,
  place: Place,
  rule: CountingRule,
): PeriodEnd {
  const { kind, length } = period;
  if (kind === 'minutes') return exactEnd(startedAt, length * minuteMs);
  if (kind === 'hours') return endOfHours(length, startedAt, place, rule);
  const event = dayOf(startedAt, place.zone);
  const last = lastDayOf(period, event, place.calendar);
  return endOfDay(rule === 'plain' ? last : movedDay(period, event, last, place.calendar), place);
}

/**
 * Returns noon of the next working day if a period ends on a Saturday, Sunday or public holiday, otherwise undefined.
 * `period` and `startedAt` give the end before Article 3(4) of Regulation 1182/71 moves it.
 */
export function noonAfter(
  period: CountedPeriod,
  startedAt: Date,
  end: PeriodEnd,
  place: Place,
): Date | undefined {
  const isExact = period.kind === 'hours' || period.kind === 'minutes';
  const last = isExact
    ? dayOf(new Date(end.latestAt.getTime() - 1), place.zone)
    : lastDayOf(period, dayOf(startedAt, place.zone), place.calendar);
  const working = place.calendar.workingDayFrom(last);
  return working === last ? undefined : noonOf(working, place.zone);
}

function endOfHours(length: number, startedAt: Date, { zone }: Place, rule: CountingRule): PeriodEnd {
  const { dueAt } = exactEnd(startedAt, length * hourMs);
  if (rule === 'plain') return { dueAt, latestAt: dueAt };
  return { dueAt, latestAt: exactEnd(endOfHour(startedAt, zone), length * hourMs).latestAt };
}

function exactEnd(startedAt: Date, length: number): PeriodEnd {
  const end = new Date(startedAt.getTime() + length);
  return { dueAt: end, latestAt: end };
}

function endOfDay(day: Day, { zone }: Place): PeriodEnd {
  const end = startOfDay(day + 1, zone);
  return { dueAt: end, latestAt: end };
}

function lastDayOf({ kind, length }: CountedPeriod, event: Day, calendar: Calendar): Day {
  if (kind === 'weeks') return event + 7 * length;
  if (kind === 'months') return sameDateLater(event, length);
  if (kind === 'years') return sameDateLater(event, 12 * length);
  return kind === 'working-days' ? workingDayAfter(event, length, calendar) : event + length;
}

/** Returns the same date some months later, or the last day of that month if it has no such date. */
function sameDateLater(event: Day, months: number): Day {
  const { year, month, dayOfMonth } = dateOfDay(event);
  const lastOfMonth = dayOfDate(year, month + months + 1, 0);
  return Math.min(dayOfDate(year, month + months, dayOfMonth), lastOfMonth);
}

function workingDayAfter(event: Day, count: number, calendar: Calendar): Day {
  let day = event;
  for (let left = count; left > 0; left -= 1) day = calendar.workingDayFrom(day + 1);
  return day;
}

/** Applies Article 3(4) and 3(5). */
function movedDay(period: CountedPeriod, event: Day, last: Day, calendar: Calendar): Day {
  const working = calendar.workingDayFrom(last);
  const isOneDay = period.length === 1 && (period.kind === 'days' || period.kind === 'working-days');
  return isOneDay ? working : Math.max(working, workingDayAfter(event, 2, calendar));
}
