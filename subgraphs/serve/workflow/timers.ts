import type { ClientSession, Collection } from 'mongodb';
import {
  clockInstants,
  clockMoves,
  isReminderAt,
  nextOf,
  obligationsOf,
  remindersDue,
} from '../../../schema/workflow/engine/due.ts';
import type { EndOfClock, Known } from '../../../schema/workflow/engine/progress.ts';
import { type Connected, type InWorkflow, partiesOf, relationsOf } from './parties.ts';

/**
 * A timer of a record or a thread. It fires once: the transaction that removes it writes its effects. They are decided then,
 * from the progress at that time.
 */
export type Timer = {
  /** The progress, the kind of timer, its name, and the instant. */
  readonly _id: string;
  /** The id of the progress. */
  readonly progress: string;
  readonly record: string;
  readonly kind: string;
  readonly organisation: string | null;
  readonly part?: string | null;
  readonly what: 'state' | 'move' | 'reminder';
  /** The move, the part of the period that is over, or the reminder of an act without a deadline. Empty for a change of a state. */
  readonly name: string;
  readonly at: Date;
  /** When it is tried: `at`, or later after a failure. */
  readonly nextAt: Date;
  /** The period of a reminder; null if it has no end. A later move that keeps its end keeps its start. */
  readonly period: { readonly start: Date; readonly due: Date } | null;
};

/** A progress in its workflow, with the clocks. */
export type Timed = InWorkflow & {
  readonly progress: string;
  readonly known: Known;
  readonly endOf: EndOfClock;
};

/** The parts of a period after which the obliged organisations are reminded. */
export const reminderParts = { half: 0.5, 'three-quarters': 0.75, due: 1 } as const;

/** The timers of a store. */
export function timersIn({ connection }: Connected): Collection<Timer> {
  return connection.collection<Timer>('timers');
}

/** Creates the indexes of timers. Only a store whose community runs a workflow needs them. */
export async function createTimerIndexes(store: Connected): Promise<void> {
  await timersIn(store).createIndexes([{ key: { nextAt: 1 } }, { key: { progress: 1 } }]);
}

/** When a progress or its record changes: by a move that is perhaps entered late, or at this instant. */
export type TimesOfChange = { readonly happenedAt: Date; readonly now: Date; readonly beginsNow?: boolean };

/**
 * Replaces the timers of a progress, in the transaction of the move that changed it or its record. Timers of the state before
 * are void. `happenedAt` is the time of the move, `now` the time at which it is entered. With `beginsNow` the facts change at
 * this instant, so a timer at it is not over.
 */
export async function setTimers(
  store: Connected,
  timed: Timed,
  { happenedAt, now, beginsNow = false }: TimesOfChange,
  session: ClientSession,
): Promise<void> {
  const timers = timersIn(store);
  const before = await timers.find({ progress: timed.progress }, { session }).toArray();
  const startOf = (due: Date): Date =>
    before.find(({ period }) => period?.due.getTime() === due.getTime())?.period?.start ?? happenedAt;
  // A timer that is due and has not fired yet stays: the move came between its instant and its effect.
  const waiting = new Set(before.map(({ _id }) => _id));
  const isOver = ({ what, at, period }: Timer): boolean => {
    const last = what === 'reminder' ? now : happenedAt;
    // A period that ends at its start sends no reminder.
    return at < last || (at.getTime() === last.getTime() && !(beginsNow && period === null));
  };
  const since = beginsNow ? new Date(now.getTime() - 1) : now;
  const after = timersOf(timed, startOf, since).filter((timer) => waiting.has(timer._id) || !isOver(timer));
  if (before.length > 0) await timers.deleteMany({ progress: timed.progress }, { session });
  if (after.length > 0) await timers.insertMany([...after], { session });
}

/**
 * Returns the timers of a progress as it stands. `startOf` returns the start of the period that ends at an instant. Of a reminder
 * that is repeated, it returns the first one after `now`.
 */
export function timersOf(timed: Timed, startOf: (due: Date) => Date, now: Date): readonly Timer[] {
  const { of, known, endOf } = timed;
  const sides = partiesOf(timed, known.progress).map((party) => relationsOf(timed, party));
  const states = sides
    .flatMap((relations) => clockInstants(of, known, relations, endOf))
    .map((at) => timerAt(timed, 'state', '', at));
  const moves = clockMoves(of, known, endOf).map(({ move, at }) => timerAt(timed, 'move', move, at));
  const reminders = obligationsOf(of, known, endOf).flatMap(({ due }) => {
    const period = { start: startOf(due), due };
    const ms = due.getTime() - period.start.getTime();
    return Object.entries(reminderParts).map(([name, part]) =>
      timerAt(timed, 'reminder', name, new Date(period.start.getTime() + Math.round(ms * part)), period),
    );
  });
  const withoutEnd = remindersDue(of, knownWithMembers(timed), endOf).map((reminder) =>
    timerAt(timed, 'reminder', reminder.name, nextOf(reminder, now)),
  );
  // Several sides see a change at one instant, and several obligations can have one end.
  return [
    ...new Map(
      [...states, ...moves, ...reminders, ...withoutEnd].map((timer) => [timer._id, timer]),
    ).values(),
  ];
}

/** Returns what is known of a progress, with the facts of the record: a reminder of a part can depend on them. */
export function knownWithMembers({ known, content }: Pick<Timed, 'known' | 'content'>): Known {
  return { progress: known.progress, fields: { ...known.fields, ...content } };
}

/** Returns the timer of the next repetition of a reminder that fired; null if it reminds once or its act is done. */
export function repeated(timed: Timed, { name, at, period }: Timer, now: Date): Timer | null {
  if (period !== null) return null;
  const due = remindersDue(timed.of, knownWithMembers(timed), timed.endOf);
  const one = due.find((reminder) => reminder.name === name && isReminderAt(reminder, at));
  return one === undefined || one.everyMs === null
    ? null
    : timerAt(timed, 'reminder', name, nextOf(one, now));
}

function timerAt(
  { progress, record, kind, organisation, part = null }: Timed,
  what: Timer['what'],
  name: string,
  at: Date,
  period: Timer['period'] = null,
): Timer {
  const _id = [progress, what, name, at.toISOString()].join(' ');
  return { _id, progress, record, kind: kind.type, organisation, part, what, name, at, nextAt: at, period };
}
