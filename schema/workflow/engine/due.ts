import type { Actor } from './attempt.ts';
import { statesFrom } from '../language/check-states.ts';
import type { InstantFile, ReminderFile, WorkflowFile } from '../language/language.ts';
import { applies, isStated, valuesOf } from './condition.ts';
import { movesFrom } from './decide.ts';
import {
  type EndOfClock,
  instantOf,
  type Known,
  standingFor,
  startOfComputed,
  visibleTo,
} from './progress.ts';

/** An instant by which organisations with these relations have to make a move, and the state that begins then. */
export type Obligation = {
  readonly state: string;
  readonly due: Date;
  readonly relations: ReadonlySet<string>;
};

/** Returns the instants at which the clock can change what a side sees: computed states, and masks. */
export function clockInstants(
  workflow: WorkflowFile,
  known: Known,
  relations: ReadonlySet<string>,
  endOf: EndOfClock,
): readonly Date[] {
  const visible = visibleTo(workflow, known, relations);
  const computed = Object.values(workflow.states).flatMap(({ computed: by }) =>
    by === undefined
      ? []
      : [known, visible]
          .filter(({ progress }) => by.from.includes(progress.state))
          .flatMap((one) => startOfComputed(one, by, endOf) ?? []),
  );
  const masked = workflow.masks.flatMap(({ from, at }) =>
    at !== undefined && relations.has(from) ? (instantOf(visible, at, endOf) ?? []) : [],
  );
  const times = new Set([...computed, ...masked].map((at) => at.getTime()));
  return [...times].map((time) => new Date(time));
}

/** Returns the state that a side sees from an instant on; null if it sees no change then. */
export function stateBegun(
  workflow: WorkflowFile,
  known: Known,
  relations: ReadonlySet<string>,
  at: Date,
  endOf: EndOfClock,
): string | null {
  const { state } = standingFor(workflow, known, relations, at, endOf);
  const before = standingFor(workflow, known, relations, justBefore(at), endOf);
  return state === before.state ? null : state;
}

/** Returns the moves that the clock makes on something that stays as it is, with their instants. */
export function clockMoves(
  workflow: WorkflowFile,
  known: Known,
  endOf: EndOfClock,
): readonly { readonly move: string; readonly at: Date }[] {
  return Object.entries(workflow.moves).flatMap(([move, declared]) => {
    if (declared.by !== 'clock' || declared.at === undefined) return [];
    const at = instantOf(known, declared.at, endOf);
    return at !== null && statesFrom(workflow, declared).includes(known.progress.state) ? [{ move, at }] : [];
  });
}

/**
 * Returns the obligations of something in its stored state. A state that begins at an instant obliges the side that it names
 * (`obliges`), otherwise the sides that can make a move only before this instant. Without such a move, it obliges the side that a thread belongs to, if that side can make
 * one.
 */
export function obligationsOf(
  workflow: WorkflowFile,
  known: Known,
  endOf: EndOfClock,
): readonly Obligation[] {
  return Object.entries(workflow.states).flatMap(([state, { computed }]) => {
    if (computed?.at === undefined || !computed.from.includes(known.progress.state)) return [];
    const due = startOfComputed(known, computed, endOf);
    if (due === null) return [];
    const { obliges } = computed;
    const relations =
      obliges === undefined ? obligedBy(workflow, known, computed.at, due, endOf) : new Set([obliges]);
    return relations.size === 0 ? [] : [{ state, due, relations }];
  });
}

/** A reminder of an act without a deadline. */
export type ReminderDue = {
  readonly name: string;
  readonly at: Date;
  /** The milliseconds after which it is repeated; null if it reminds once. */
  readonly everyMs: number | null;
  readonly relations: ReadonlySet<string>;
};

/** Returns the instant of a reminder that is the first one after `now`, or its only one. */
export function nextOf({ at, everyMs }: Pick<ReminderDue, 'at' | 'everyMs'>, now: Date): Date {
  if (everyMs === null || at > now) return at;
  const times = Math.floor((now.getTime() - at.getTime()) / everyMs) + 1;
  return new Date(at.getTime() + times * everyMs);
}

/** Returns whether a reminder is due at an instant: its first one, or a repetition. */
export function isReminderAt({ at, everyMs }: Pick<ReminderDue, 'at' | 'everyMs'>, instant: Date): boolean {
  const after = instant.getTime() - at.getTime();
  return after === 0 || (everyMs !== null && after > 0 && after % everyMs === 0);
}

/** Returns the reminders of something in its stored state, of acts without a deadline. */
export function remindersDue(
  workflow: WorkflowFile,
  known: Known,
  endOf: EndOfClock,
): readonly ReminderDue[] {
  const values = valuesOf({ known, input: {} });
  return Object.entries(workflow.reminders).flatMap(
    ([name, { from, when, at: instant, every, unless, obliges }]) => {
      if (!from.includes(known.progress.state) || !applies(when, values)) return [];
      if (unless !== undefined && isStated(values[unless])) return [];
      const at = instantOf(known, instant, (clock, start) => endOf(clock, start, 'reminder'));
      const everyMs = every === undefined ? null : every * hourMs;
      return at === null ? [] : [{ name, at, everyMs, relations: new Set([obliges]) }];
    },
  );
}

/** Returns the fields that decide whether a reminder is sent: a notice of it tells something of each. */
export function fieldsOfReminder({ when = {}, unless, dependsOn }: ReminderFile): readonly string[] {
  return [...Object.keys(when), ...(unless === undefined ? [] : [unless]), ...dependsOn];
}

const hourMs = 3_600_000;

function obligedBy(
  workflow: WorkflowFile,
  known: Known,
  instant: InstantFile,
  due: Date,
  endOf: EndOfClock,
): ReadonlySet<string> {
  const { roles, offices } = demandedBy(workflow);
  const possible = Object.keys(workflow.relations).map((relation) => {
    const actor = { organisation: '', roles, offices, relations: new Set([relation]) };
    return { relation, moves: movesFrom(workflow, { known, actor, now: justBefore(due) }, endOf) };
  });
  const isBefore = (move: string): boolean =>
    JSON.stringify(workflow.moves[move]?.before) === JSON.stringify(instant);
  const named = possible.filter(({ moves }) => moves.some(isBefore));
  const subject = possible.filter(({ relation, moves }) => relation === workflow.subject && moves.length > 0);
  return new Set((named.length > 0 ? named : subject).map(({ relation }) => relation));
}

/** An organisation is obliged, whatever roles and offices its persons need. */
function demandedBy({ moves }: WorkflowFile): Pick<Actor, 'roles' | 'offices'> {
  const persons = Object.values(moves).flatMap(({ by }) => (typeof by === 'string' ? [] : by));
  return {
    roles: new Set(persons.flatMap(({ roles = [] }) => roles)),
    offices: new Set(persons.flatMap(({ office = [] }) => office)),
  };
}

function justBefore(instant: Date): Date {
  return new Date(instant.getTime() - 1);
}
