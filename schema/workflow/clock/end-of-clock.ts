import { calendarOf, type Clocks } from './load.ts';
import { deadlineOf, latestStatedEnd, reminderOf } from './period.ts';

/**
 * Returns the end of a clock's period by its id: null for a clock without a due time, and the latest end for one whose
 * end is stated. With `reminder`, it returns the reminder of a clock without a due time, and null for every other. It counts in the calendar that the clock names, otherwise in that of the EU institutions. Throws
 * RangeError for an unknown clock.
 */
export function endOfClocks(
  clocks: Clocks,
): (id: string, startedAt: Date, end?: 'latest' | 'due' | 'reminder') => Date | null {
  return (id, startedAt, end = 'latest') => {
    const clock = clocks.clocks.get(id);
    if (clock === undefined) throw new RangeError(`expected a clock of clocks.yaml, got ${id}`);
    const start = { startedAt, calendar: calendarOf(clocks, clock) };
    if (end === 'reminder') return reminderOf(clock, start);
    if (clock.period.kind === 'rule') return latestStatedEnd(clock, start);
    const deadline = deadlineOf(clock, start);
    return (end === 'due' ? deadline?.dueAt : deadline?.latestAt) ?? null;
  };
}
