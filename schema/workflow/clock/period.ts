import type { Calendar } from './calendar.ts';
import { endOfPeriod, noonAfter, type PeriodEnd, type Place } from './count.ts';
import type { ClockFile, CountingRule, ReminderPoint } from './language.ts';

/** A clock with its id. */
export type Clock = Readonly<ClockFile> & { readonly id: string };

/** The start of a period. */
export type Start = {
  /**
   * The instant of the start event: when it happened, not when it was recorded. If the event is the end of a day, it is an
   * instant of that day: 00:00 of the next day would count from the next day.
   */
  readonly startedAt: Date;
  /** The public holidays that apply to the addressee. */
  readonly calendar: Calendar;
  /** The addressee's time zone. Default: the first zone of the calendar. */
  readonly zone?: string | undefined;
  /** The variant of the clock that applies. */
  readonly variant?: string | undefined;
  /** The end that the act states, for clocks that permit it. */
  readonly statedEnd?: Date | undefined;
  /** Further facts that the clock counts from, by name, such as `awareAt`. */
  readonly facts?: Readonly<Record<string, Date>> | undefined;
};

/** The rule that gave the end of a period. */
export type DeadlineRule = CountingRule | 'noon-of-next-working-day' | 'stated';

/**
 * The end of a period, to be stored. `dueAt` is the end that reminders lead to; the act is late from `latestAt` on. They
 * differ only for hours that Regulation 1182/71 counts: started at 10:20, 24 hours are due at 10:20 and end at 11:00.
 *
 * Never store "overdue": `stateOfDeadline` computes it.
 */
export type Deadline = {
  readonly clock: string;
  readonly startedAt: Date;
  readonly dueAt: Date;
  readonly latestAt: Date;
  readonly zone: string;
  readonly rule: DeadlineRule;
  readonly sourceArticle: string;
};

/** The state of a deadline. `in-time` and `late` are final: a late act stays late. */
export type DeadlineState = 'not-due' | 'due' | 'overdue' | 'in-time' | 'late';

/** A reminder of a deadline. */
export type Reminder = { readonly point: ReminderPoint; readonly at: Date };

/**
 * Returns the deadline of a clock, or null for a clock without a due time (see `reminderOf`).
 *
 * Throws RangeError for an unknown variant or zone, for a missing fact, and for a stated end that is missing, is not
 * permitted, is not after the start, or is after `latestStatedEnd`. A move checks its input first.
 *
 * @example
 * deadlineOf(clocks.get('nis2-24'), { startedAt: new Date('2026-03-02T09:20:00Z'), calendar: calendars.get('de') })
 * // dueAt 2026-03-03T09:20:00Z, latestAt 2026-03-03T10:00:00Z
 */
export function deadlineOf(clock: Clock, start: Start): Deadline | null {
  const terms = termsOf(clock, start);
  const { period, rule, place } = terms;
  if (period.kind === 'none') return null;
  if (start.statedEnd !== undefined || period.kind === 'rule') return statedDeadline(clock, start, terms);
  const end = earlier(
    endOfPeriod(period, start.startedAt, place, rule),
    capOf(clock, start, terms),
    start.startedAt,
  );
  const noon = terms.nonWorkingDay === undefined ? undefined : noonAfter(period, start.startedAt, end, place);
  return noon === undefined
    ? deadline(clock, start, terms, end, rule)
    : deadline(clock, start, terms, { dueAt: noon, latestAt: noon }, 'noon-of-next-working-day');
}

/** Returns the instant of the reminder of a clock without a due time, or null if it has none. */
export function reminderOf(clock: Clock, start: Start): Date | null {
  const { period, rule, place } = termsOf(clock, start);
  if (period.kind !== 'none' || period.remindAfter === undefined) return null;
  return endOfPeriod(period.remindAfter, start.startedAt, place, rule).dueAt;
}

/** Returns the latest end that an act may state for a clock, or null if there is no limit. */
export function latestStatedEnd(clock: Clock, start: Start): Date | null {
  const { rule, place } = termsOf(clock, start);
  return clock.atMost === undefined ? null : endOfPeriod(clock.atMost, start.startedAt, place, rule).latestAt;
}

/**
 * Returns the state of a deadline: `due` from the last quarter of the period on, `overdue` from `latestAt` on. `doneAt`
 * is when the act happened, not when it was recorded: an act that is recorded later can still be in time.
 */
export function stateOfDeadline(due: Deadline, now: Date, doneAt?: Date | null): DeadlineState {
  const end = due.latestAt.getTime();
  if (doneAt !== undefined && doneAt !== null) return doneAt.getTime() < end ? 'in-time' : 'late';
  if (now.getTime() >= end) return 'overdue';
  return now.getTime() >= instantOf(due, 'three-quarters').getTime() ? 'due' : 'not-due';
}

/** Returns the reminders of a deadline in order of time. Pass the `reminders` of the clock. */
export function remindersOf(
  due: Deadline,
  points: readonly ReminderPoint[] = ['half', 'three-quarters', 'due'],
): readonly Reminder[] {
  const reminders = points.map((point) => ({ point, at: instantOf(due, point) }));
  return reminders.toSorted((one, other) => one.at.getTime() - other.at.getTime());
}

const quarters: Readonly<Record<ReminderPoint, number>> = {
  quarter: 1,
  half: 2,
  'three-quarters': 3,
  due: 4,
};

function instantOf({ startedAt, dueAt }: Deadline, point: ReminderPoint): Date {
  const length = dueAt.getTime() - startedAt.getTime();
  return new Date(startedAt.getTime() + Math.floor((length * quarters[point]) / 4));
}

/** The terms of a clock for one case: those of its variant and of the addressee's Member State. */
type Terms = {
  readonly period: ClockFile['period'];
  readonly rule: CountingRule;
  readonly place: Place;
  readonly nonWorkingDay: ClockFile['nonWorkingDay'];
  readonly source: string;
};

function termsOf(clock: Clock, { calendar, zone = calendar.zone, variant }: Start): Terms {
  const changes = variant === undefined ? undefined : variantOf(clock, variant);
  const isNational = changes?.national ?? clock.national ?? false;
  return {
    period: changes?.period ?? clock.period,
    rule: isNational ? calendar.file.directives.counted : (changes?.counted ?? clock.counted),
    place: { calendar, zone },
    nonWorkingDay: changes?.nonWorkingDay ?? clock.nonWorkingDay,
    source: changes?.source ?? clock.source,
  };
}

function variantOf({ id, variants }: Clock, name: string): ClockFile['variants'][string] {
  const variant = Object.hasOwn(variants, name) ? variants[name] : undefined;
  if (variant !== undefined) return variant;
  const known = Object.keys(variants).join(', ');
  throw new RangeError(`clock ${id}: expected a variant (${known || 'it has no variants'}), got ${name}`);
}

function statedDeadline(clock: Clock, start: Start, terms: Terms): Deadline {
  const { statedEnd, startedAt } = start;
  if (statedEnd === undefined) throw new RangeError(`clock ${clock.id}: expected a stated end`);
  if (terms.period.kind !== 'rule' && clock.endMayBeStated !== true)
    throw new RangeError(`clock ${clock.id}: its end may not be stated`);
  if (statedEnd.getTime() <= startedAt.getTime())
    throw new RangeError(`clock ${clock.id}: expected an end after ${startedAt.toISOString()}`);
  const limit = latestStatedEnd(clock, start);
  if (limit !== null && statedEnd.getTime() > limit.getTime())
    throw new RangeError(`clock ${clock.id}: expected an end not after ${limit.toISOString()}`);
  return deadline(clock, start, terms, { dueAt: statedEnd, latestAt: statedEnd }, 'stated');
}

function capOf({ id, cap }: Clock, { facts = {} }: Start, { place, rule }: Terms): PeriodEnd | undefined {
  if (cap === undefined) return undefined;
  const from = Object.hasOwn(facts, cap.of) ? facts[cap.of] : undefined;
  if (from === undefined) throw new RangeError(`clock ${id}: expected the fact ${cap.of}`);
  return endOfPeriod(cap.period, from, place, rule);
}

/** The earlier end, never due before the start. A cap that is over when the period starts does not apply. */
function earlier(end: PeriodEnd, cap: PeriodEnd | undefined, startedAt: Date): PeriodEnd {
  if (cap === undefined || cap.latestAt <= startedAt || cap.latestAt >= end.latestAt) return end;
  return cap.dueAt < startedAt ? { ...cap, dueAt: startedAt } : cap;
}

function deadline(
  clock: Clock,
  { startedAt }: Start,
  { place, source }: Terms,
  { dueAt, latestAt }: PeriodEnd,
  rule: DeadlineRule,
): Deadline {
  return { clock: clock.id, startedAt, dueAt, latestAt, zone: place.zone, rule, sourceArticle: source };
}
