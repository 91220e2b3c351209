import { type CalendarFile, type HolidayFile, weekdays } from './language.ts';
import { dateOfDay, type Day, dayMs, dayOfDate, weekdayOf } from './zone.ts';

/** A public-holiday calendar of a Member State or of the EU institutions, with the rule of its `directives`. */
export class Calendar {
  readonly file: CalendarFile;
  readonly #holidays = new Map<number, ReadonlySet<Day>>();

  constructor(file: CalendarFile) {
    this.file = file;
  }

  /** The id of the calendar, such as `de`. */
  get id(): string {
    return this.file.calendar;
  }

  /** The zone that applies where the addressee's zone is not given. */
  get zone(): string {
    return this.file.zones[0] ?? 'UTC';
  }

  /** Returns the public holidays of a year, with substitutes and extra days. Weekends are included only if they are holidays. */
  holidaysOf(year: number): ReadonlySet<Day> {
    const known = this.#holidays.get(year);
    if (known !== undefined) return known;
    const days = holidaysIn(this.file, year);
    this.#holidays.set(year, days);
    return days;
  }

  /** Returns whether a day is a working day: no Saturday, Sunday or public holiday (Reg. 1182/71, Art. 2(2)). */
  isWorkingDay(day: Day): boolean {
    return !isWeekend(day) && !this.holidaysOf(dateOfDay(day).year).has(day);
  }

  /** Returns the day if it is a working day, otherwise the next working day. */
  workingDayFrom(day: Day): Day {
    let candidate = day;
    while (!this.isWorkingDay(candidate)) candidate += 1;
    return candidate;
  }
}

/** Returns Easter Sunday of a year: by the Gregorian computation (`western`) or the Julian one (`orthodox`). */
export function easterOf(year: number, computation: CalendarFile['easter']): Day {
  return computation === 'western' ? westernEaster(year) : orthodoxEaster(year);
}

/** The anonymous Gregorian computation (Meeus, Jones, Butcher). */
function westernEaster(year: number): Day {
  const century = Math.floor(year / 100);
  const yearOfCentury = year % 100;
  const correction = Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3);
  const epact = (19 * (year % 19) + century - Math.floor(century / 4) - correction + 15) % 30;
  const weekday =
    (32 + 2 * (century % 4) + 2 * Math.floor(yearOfCentury / 4) - epact - (yearOfCentury % 4)) % 7;
  const late = Math.floor(((year % 19) + 11 * epact + 22 * weekday) / 451);
  const days = epact + weekday - 7 * late + 114;
  return dayOfDate(year, Math.floor(days / 31), (days % 31) + 1);
}

/** The Julian computation (Meeus), with the difference between the two calendars. */
function orthodoxEaster(year: number): Day {
  const epact = (19 * (year % 19) + 15) % 30;
  const weekday = (2 * (year % 4) + 4 * (year % 7) - epact + 34) % 7;
  const days = epact + weekday + 114;
  const difference = Math.floor(year / 100) - Math.floor(year / 400) - 2;
  return dayOfDate(year, Math.floor(days / 31), (days % 31) + 1) + difference;
}

function holidaysIn(file: CalendarFile, year: number): ReadonlySet<Day> {
  const holidays = file.holidays.filter(({ since = year, until = year }) => since <= year && year <= until);
  const days = new Set(holidays.map((holiday) => dayOfHoliday(holiday, year, file.easter)));
  for (const { on } of file.extra)
    if (on.startsWith(`${year}-`)) days.add(Date.parse(`${on}T00:00Z`) / dayMs);
  for (const holiday of holidays) {
    const free = substituteOf(holiday, dayOfHoliday(holiday, year, file.easter), year, days);
    if (free !== undefined) days.add(free);
  }
  return days;
}

function dayOfHoliday(
  { on, easter, weekday }: HolidayFile,
  year: number,
  computation: CalendarFile['easter'],
): Day {
  if (on !== undefined) return dayOfMonthDay(year, on);
  if (easter !== undefined) return easterOf(year, computation) + easter;
  if (weekday === undefined) return Number.NaN;
  const other = weekday.unless && dayOfMonthDay(year, weekday.unless.on);
  if (other !== undefined && weekdays[weekdayOf(other)] === weekday.unless?.day) return other;
  const from = dayOfMonthDay(year, weekday.from);
  return from + ((weekdays.indexOf(weekday.day) - weekdayOf(from) + 7) % 7);
}

function substituteOf(
  { substitute }: HolidayFile,
  day: Day,
  year: number,
  holidays: ReadonlySet<Day>,
): Day | undefined {
  const weekday = weekdays[weekdayOf(day)];
  if (substitute === undefined || (substitute.since ?? year) > year) return undefined;
  if (!substitute.on.some((one) => one === weekday)) return undefined;
  if (substitute.is === 'day-before') return day - 1;
  let free = day + 1;
  while (isWeekend(free) || holidays.has(free)) free += 1;
  return free;
}

function dayOfMonthDay(year: number, monthDay: string): Day {
  const [month = 1, dayOfMonth = 1] = monthDay.split('-').map(Number);
  return dayOfDate(year, month, dayOfMonth);
}

function isWeekend(day: Day): boolean {
  return weekdayOf(day) >= 5;
}
