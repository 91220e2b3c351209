import { describe, expect, test } from '@jest/globals';
import { Calendar } from '../../../../schema/workflow/clock/calendar.ts';
import { readClocks } from '../../../../schema/workflow/clock/load.ts';
import {
  type Clock,
  type Deadline,
  deadlineOf,
  latestStatedEnd,
  remindersOf,
  reminderOf,
  type Start,
  stateOfDeadline,
} from '../../../../schema/workflow/clock/period.ts';
import { type Case, cases, reminders } from './cases.ts';

const { clocks, calendars } = readClocks();

function clockOf(id: string): Clock {
  const clock = clocks.get(id);
  if (clock === undefined) throw new Error(`no clock ${id}`);
  return clock;
}

function startOf({ calendar, from, zone, variant, awareAt, statedEnd }: Case): Start {
  const known = calendars.get(calendar);
  if (known === undefined) throw new Error(`no calendar ${calendar}`);
  return {
    startedAt: new Date(from),
    calendar: known,
    zone,
    variant,
    statedEnd: statedEnd === undefined ? undefined : new Date(statedEnd),
    facts: awareAt === undefined ? {} : { awareAt: new Date(awareAt) },
  };
}

const inUtc = (time: string) => new Date(time).toISOString();

/** A deadline of 24 hours that starts at 10:20 and ends at 11:00. */
function warning(): Deadline {
  const [first] = cases;
  const due = first === undefined ? null : deadlineOf(clockOf(first.clock), startOf(first));
  if (due === null) throw new Error('expected a deadline');
  return due;
}

describe('deadlineOf', () => {
  test.each(cases.map((one) => [`${one.clock} (${one.calendar}): ${one.why}`, one] as const))(
    'ends %s',
    (_, one) => {
      const due = deadlineOf(clockOf(one.clock), startOf(one));
      expect({ due: due?.dueAt.toISOString(), latest: due?.latestAt.toISOString() }).toEqual({
        due: inUtc(one.due),
        latest: inUtc(one.latest),
      });
      expect(due?.rule).toBe(one.rule ?? due?.rule);
    },
  );

  test('is tested for every clock, in at least 60 cases', () => {
    const tested = new Set([...cases, ...reminders].map(({ clock }) => clock));
    expect([...clocks.keys()].filter((id) => !tested.has(id))).toEqual([]);
    expect(cases.length).toBeGreaterThanOrEqual(60);
  });

  test('states the zone and the article of the variant', () => {
    const due = deadlineOf(clockOf('gdpr-72'), startOf({ ...cases[0]!, calendar: 'eu', variant: 'edps' }));
    expect(due).toMatchObject({
      clock: 'gdpr-72',
      zone: 'Europe/Brussels',
      sourceArticle: 'Reg. (EU) 2018/1725 Art. 34',
    });
  });

  test("counts a directive's period by the rule of the Member State", () => {
    const start = startOf({ ...cases[0]!, from: '2026-01-31T09:20:00+01:00' });
    const plain = calendarWithPlainDirectives(start);
    const early = deadlineOf(clockOf('nis2-24'), { ...start, calendar: plain });
    expect(early?.latestAt.toISOString()).toBe(inUtc('2026-02-01T09:20:00+01:00'));
    const final = deadlineOf(clockOf('nis2-final'), { ...start, calendar: plain });
    // 28 February 2026 is a Saturday: this rule does not move the end.
    expect(final?.latestAt.toISOString()).toBe(inUtc('2026-03-01T00:00:00+01:00'));
    const led = deadlineOf(clockOf('gdpr-72'), { ...start, calendar: plain, variant: 'led' });
    expect(led?.rule).toBe('plain');
    const cra = deadlineOf(clockOf('cra-24'), { ...start, calendar: plain });
    expect(cra?.rule).toBe('regulation-1182-71');
  });

  const refused: readonly (readonly [string, Partial<Case> & { readonly clock: string }, string])[] = [
    ['an unknown variant', { clock: 'nis2-72', variant: 'bank' }, 'expected a variant'],
    ['a variant of a clock without any', { clock: 'nis2-24', variant: 'bank' }, 'it has no variants'],
    ['an unknown zone', { clock: 'nis2-24', zone: 'Europe/Nowhere' }, 'time zone'],
    ['a missing fact', { clock: 'dora-4' }, 'expected the fact awareAt'],
    ['a missing stated end', { clock: 'hold' }, 'expected a stated end'],
    [
      'a stated end of a period of law',
      { clock: 'nis2-24', statedEnd: '2026-03-09T10:00:00Z' },
      'may not be stated',
    ],
    [
      'a stated end before the start',
      { clock: 'hold', statedEnd: '2026-03-02T09:20:00Z' },
      'expected an end after',
    ],
    ['a hold over 72 hours', { clock: 'hold', statedEnd: '2026-03-05T09:20:00.001Z' }, 'not after'],
  ];
  test.each(refused)('rejects %s', (_, changes, message) => {
    const start = startOf({ ...cases[0]!, from: '2026-03-02T09:20:00Z', ...changes });
    expect(() => deadlineOf(clockOf(changes.clock), start)).toThrow(message);
  });
});

function calendarWithPlainDirectives({ calendar }: Start): Start['calendar'] {
  return new Calendar({ ...calendar.file, directives: { counted: 'plain', is: 'A rule for this test.' } });
}

describe('reminderOf', () => {
  test.each(reminders.map((one) => [one.clock, one] as const))(
    'reminds of %s, without a due time',
    (_, one) => {
      expect(deadlineOf(clockOf(one.clock), startOf(one))).toBeNull();
      expect(reminderOf(clockOf(one.clock), startOf(one))?.toISOString()).toBe(inUtc(one.due));
    },
  );

  test('is null for a clock with a due time', () => {
    expect(reminderOf(clockOf('nis2-24'), startOf(cases[0]!))).toBeNull();
  });
});

test('limits the first hold to 72 hours and a lesson to 12 months', () => {
  const start = startOf({ ...cases[0]!, from: '2026-03-02T10:20:00+01:00' });
  expect(latestStatedEnd(clockOf('hold'), start)?.toISOString()).toBe(inUtc('2026-03-05T10:20:00+01:00'));
  expect(latestStatedEnd(clockOf('lesson'), start)?.toISOString()).toBe(inUtc('2027-03-03T00:00:00+01:00'));
  expect(latestStatedEnd(clockOf('cra-withhold'), start)).toBeNull();
});

describe('stateOfDeadline', () => {
  // The period starts at 10:20 on 2 March, is due at 10:20 on 3 March and ends at 11:00.
  const states: readonly (readonly [string, string, string | null, string])[] = [
    ['before the last quarter', '2026-03-03T04:19:59+01:00', null, 'not-due'],
    ['from the last quarter on', '2026-03-03T04:20:00+01:00', null, 'due'],
    ['after the due time in the last hour', '2026-03-03T10:59:59.999+01:00', null, 'due'],
    ['at the end', '2026-03-03T11:00:00+01:00', null, 'overdue'],
    ['done in the last millisecond', '2026-03-03T12:00:00+01:00', '2026-03-03T10:59:59.999+01:00', 'in-time'],
    ['done at the end', '2026-03-03T12:00:00+01:00', '2026-03-03T11:00:00+01:00', 'late'],
    ['done late, a year ago', '2027-03-03T12:00:00+01:00', '2026-03-03T11:00:01+01:00', 'late'],
    [
      'done in time, recorded 20 hours later',
      '2026-03-04T06:00:00+01:00',
      '2026-03-03T10:00:00+01:00',
      'in-time',
    ],
    ['done before the start', '2026-03-02T11:00:00+01:00', '2026-03-02T09:00:00+01:00', 'in-time'],
  ];
  test.each(states)('%s', (_, now, doneAt, state) => {
    expect(stateOfDeadline(warning(), new Date(now), doneAt === null ? null : new Date(doneAt))).toBe(state);
  });
});

describe('remindersOf', () => {
  test('reminds at half, at three quarters and at the due time', () => {
    expect(remindersOf(warning()).map(({ point, at }) => [point, at.toISOString()])).toEqual([
      ['half', inUtc('2026-03-02T22:20:00+01:00')],
      ['three-quarters', inUtc('2026-03-03T04:20:00+01:00')],
      ['due', inUtc('2026-03-03T10:20:00+01:00')],
    ]);
  });

  test('reminds of the acknowledgement of a request after a quarter', () => {
    const clock = clockOf('rfi-immediate');
    const due = deadlineOf(clock, startOf({ ...cases[0]!, from: '2026-03-02T10:00:00+01:00' }));
    expect(remindersOf(due!, clock.reminders)[0]).toEqual({
      point: 'quarter',
      at: new Date('2026-03-02T11:00:00+01:00'),
    });
  });
});
