import { z } from 'zod';

/**
 * The shapes of `clocks.yaml` and of the files in `calendars/`. Vocabularies are closed: an unknown word, an unknown
 * member and an empty list are rejected.
 */

const slug = z.string().regex(/^[a-z][a-z0-9-]{0,59}$/);
const factName = z.string().regex(/^[a-z][A-Za-z0-9]{0,59}$/);
const sentence = z.string().min(3).max(600);
const monthDay = z.string().regex(/^(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/);
const date = z.iso.date();
const year = z.int().min(1900).max(2200);
const some = <Shape extends z.ZodType>(shape: Shape) => z.array(shape).min(1);

/** The kinds of a period that is counted from its start event. */
export const countedKinds = ['minutes', 'hours', 'days', 'weeks', 'months', 'years', 'working-days'] as const;

/** The instants of a period at which reminders are due. */
export const reminderPoints = ['quarter', 'half', 'three-quarters', 'due'] as const;

/** The days of the week, from Monday. */
export const weekdays = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const;

const countedPeriod = z
  .strictObject({ kind: z.enum(countedKinds), length: z.int().min(1).max(1000) })
  .describe('A period that is counted from the start event.');

const period = z.discriminatedUnion('kind', [
  countedPeriod,
  z
    .strictObject({ kind: z.literal('rule'), rule: z.literal('stated') })
    .describe('The act that starts the period states its end.'),
  z
    .strictObject({ kind: z.literal('none'), remindAfter: countedPeriod.optional() })
    .describe('No due time, such as "without undue delay". A reminder may follow. It is never overdue.'),
]);

const counted = z
  .enum(['regulation-1182-71', 'plain'])
  .describe(
    '`regulation-1182-71`: the hour or day of the event is not counted, and a period not in hours ends on a working day. `plain`: hours are counted from the instant; days end at midnight and do not move.',
  );

const cap = z
  .strictObject({
    of: factName.describe('The fact from which the second period is counted.'),
    period: countedPeriod,
    is: sentence,
  })
  .describe(
    'A second period. The period ends with the earlier of both, unless the second one is over when the first one starts.',
  );

const nonWorkingDay = z
  .enum(['noon-of-next-working-day'])
  .describe('The end if it falls on a Saturday, Sunday or public holiday, in place of the counting rule.');

const variant = z.strictObject({
  is: sentence.describe('To whom or to what the variant applies.'),
  period: period.optional(),
  counted: counted.optional(),
  national: z.boolean().optional(),
  nonWorkingDay: nonWorkingDay.optional(),
  source: sentence.optional(),
});

const clock = z.strictObject({
  title: sentence,
  starts: sentence.describe('The event that starts the period, as a sentence.'),
  period,
  counted: counted.default('plain'),
  national: z
    .literal(true)
    .optional()
    .describe('The period is of a directive: the calendar of the Member State says how it is counted.'),
  calendar: slug.optional().describe('The calendar of the addressee, if it is the same for every case.'),
  cap: cap.optional(),
  nonWorkingDay: nonWorkingDay.optional(),
  endMayBeStated: z
    .literal(true)
    .optional()
    .describe('The act that starts the period may state another end.'),
  atMost: countedPeriod.optional().describe('The longest period that may be stated.'),
  variants: z.record(slug, variant).default({}),
  reminders: some(z.enum(reminderPoints)).default(['half', 'three-quarters', 'due']),
  miss: sentence.describe('The effect if the period ends without the act.'),
  basis: z
    .enum(['law', 'practice', 'limit'])
    .describe(
      '`law`: an act of the Union. `practice`: a default that a deployment may configure. `limit`: a rule of the hub that a deployment may not change.',
    ),
  source: sentence.describe('The article, or the practice, from which the period is taken.'),
  toConfirm: z.literal(true).optional().describe('A lawyer confirms the article before it is quoted as law.'),
});

/** The shape of `clocks.yaml`. */
export const clocksFile = z.strictObject({
  format: z.literal('jcu-clocks/1'),
  clocks: z.record(slug, clock),
});

const substitute = z
  .strictObject({
    on: some(z.enum(['saturday', 'sunday'])),
    is: z
      .enum(['next-working-day', 'day-before'])
      .describe('The day that is free in place of a holiday on one of these days of the week.'),
    since: year.optional(),
  })
  .describe('The holiday stays a holiday. The substitute is an additional one and must be in the same year.');

const holiday = z
  .strictObject({
    is: z.string().min(3).max(100).describe('The name of the holiday in English.'),
    on: monthDay.optional().describe('The month and day, such as 05-01.'),
    easter: z.int().min(-70).max(70).optional().describe('The days after Easter Sunday of the calendar.'),
    weekday: z
      .strictObject({
        day: z.enum(weekdays),
        from: monthDay,
        unless: z.strictObject({ on: monthDay, day: z.enum(weekdays) }).optional(),
      })
      .optional()
      .describe(
        'The first such day of the week on or after `from`. If `unless.on` falls on `unless.day`, it is that day.',
      ),
    since: year.optional().describe('The first year of the holiday.'),
    until: year.optional().describe('The last year of the holiday.'),
    substitute: substitute.optional(),
  })
  .refine(
    ({ on, easter, weekday }) => [on, easter, weekday].filter((way) => way !== undefined).length === 1,
    {
      message: 'expected exactly one of on, easter and weekday',
    },
  );

/** The shape of a file in `calendars/`. */
export const calendarFile = z.strictObject({
  format: z.literal('jcu-calendar/1'),
  calendar: slug.describe('The id of the calendar: the name of its file.'),
  title: sentence,
  confirmed: z
    .strictObject({ by: sentence, on: date })
    .nullable()
    .describe('The organisation that checked the calendar for this deployment, and the date; null before.'),
  zones: some(z.string().min(1).max(60)).describe('IANA time zones. The first one applies by default.'),
  easter: z.enum(['western', 'orthodox']).describe('The computation of Easter Sunday.'),
  holidays: some(holiday),
  extra: z
    .array(z.strictObject({ on: date, is: sentence }))
    .default([])
    .describe('Holidays of a single year, by date.'),
  directives: z
    .strictObject({ counted, is: sentence })
    .describe("The national rule for a directive's period, such as the final report of NIS2."),
});

/** A period that is counted from its start event. */
export type CountedPeriod = Readonly<z.infer<typeof countedPeriod>>;
/** The rule by which a period is counted. */
export type CountingRule = z.infer<typeof counted>;
/** A parsed clock of `clocks.yaml`. */
export type ClockFile = z.infer<typeof clock>;
/** A parsed file of `calendars/`. */
export type CalendarFile = z.infer<typeof calendarFile>;
/** A holiday of a calendar. */
export type HolidayFile = CalendarFile['holidays'][number];
/** An instant of a period at which a reminder is due. */
export type ReminderPoint = (typeof reminderPoints)[number];
