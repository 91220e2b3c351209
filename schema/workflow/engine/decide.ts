import { statesFrom } from '../language/check-states.ts';
import type { MoveFile, WhoFile, WorkflowFile } from '../language/language.ts';
import type { Attempt, MoveRefused } from './attempt.ts';
import { checkInput } from './check-input.ts';
import { applies, isStated, valuesOf } from './condition.ts';
import { isMembership, organisationsAfter } from './membership.ts';
import {
  type EndOfClock,
  instantOf,
  type Known,
  type Progress,
  standingFor,
  type Standing,
  visibleTo,
} from './progress.ts';

/** The outcome of a decision. */
export type Decided = { readonly progress: Progress } | { readonly refused: MoveRefused };

/** A move may be entered this long after it happened, and without a reason for a few minutes. */
export const lateEntry = { mostMs: 24 * 3_600_000, silentMs: 5 * 60_000 } as const;

/**
 * Decides a move: who may make it, when, from which state, and with what input. It knows only the states and facts that
 * the person sees, therefore a refusal says nothing about a masked one. The policy has decided before that the person may
 * move the record.
 */
export function decide(workflow: WorkflowFile, attempt: Attempt, endOf: EndOfClock): Decided {
  const move = workflow.moves[attempt.move];
  if (move === undefined) throw new Error(`expected a move of ${workflow.title}, got ${attempt.move}`);
  const visible = { ...attempt, known: visibleOf(workflow, attempt) };
  const refused =
    findWrongActor(move, visible) ??
    findWrongTime(visible) ??
    findWrongState(workflow, move, attempt, endOf) ??
    checkInput(workflow, move, visible);
  if (refused !== null) return { refused };
  return { progress: advance(workflow, move, attempt, endOf) };
}

/** Returns the moves that a person can make now, in the order of the declaration. */
export function movesFrom(
  workflow: WorkflowFile,
  { known, fields = {}, actor, now }: Pick<Attempt, 'known' | 'fields' | 'actor' | 'now'>,
  endOf: EndOfClock,
): readonly string[] {
  const visible = visibleOf(workflow, { known, actor });
  return Object.entries(workflow.moves).flatMap(([name, move]) => {
    if (findWrongActor(move, { actor, known: visible, fields, input: {} }) !== null) return [];
    return isFrom(workflow, move, { known, actor, now }, endOf) ? [name] : [];
  });
}

/** Returns whether another person must confirm a move before it is made. A ground in words always needs one. */
export function needsSecondPerson(
  { secondPerson }: Pick<MoveFile, 'secondPerson'>,
  attempt: Pick<Attempt, 'known' | 'fields' | 'input'>,
): boolean {
  if (secondPerson === undefined) return false;
  return typeof secondPerson !== 'object' || applies(secondPerson.when, valuesOf(attempt));
}

/**
 * Makes a move of the clock on something. Null if its instant is not over at `now`, or if the move does not lead out of the
 * state at that instant.
 */
export function moveByClock(
  workflow: WorkflowFile,
  name: string,
  known: Known,
  now: Date,
  endOf: EndOfClock,
): { readonly progress: Progress; readonly at: Date } | null {
  const move = workflow.moves[name];
  if (move?.by !== 'clock' || move.at === undefined) return null;
  const at = instantOf(known, move.at, endOf);
  const actor = {
    organisation: '',
    roles: new Set<string>(),
    offices: new Set<string>(),
    relations: new Set<string>(),
  };
  if (at === null || at > now || !isFrom(workflow, move, { known, actor, now: at }, endOf)) return null;
  const attempt = { move: name, known, actor, input: {}, now, happenedAt: at, late: null };
  return { progress: advance(workflow, move, attempt, endOf), at };
}

function visibleOf(workflow: WorkflowFile, { known, actor }: Pick<Attempt, 'known' | 'actor'>): Known | null {
  return known === null ? null : visibleTo(workflow, known, actor.relations);
}

function findWrongActor(
  { by, input: stated }: MoveFile,
  { actor, ...attempt }: Pick<Attempt, 'actor' | 'known' | 'fields' | 'input'>,
): MoveRefused | null {
  if (by === 'system' || by === 'clock')
    return { code: 'NOT_ALLOWED', path: [], message: 'nobody makes this move: the hub makes it' };
  const values = valuesOf(attempt);
  // Without the required input that decides, the person may try: the input is then reported as missing.
  const isOpen = (name: string): boolean =>
    stated[name] !== undefined && stated[name].optional !== true && !isStated(attempt.input[name]);
  const may = by.some(
    ({ roles, relation, office, when }) =>
      applies(when, values, isOpen) &&
      (roles === undefined || roles.some((role) => actor.roles.has(role))) &&
      (relation === undefined || actor.relations.has(relation)) &&
      (office === undefined || actor.offices.has(office)),
  );
  if (may) return null;
  // A person who may make it for another value of an input, such as another network, is not named.
  const isStatedOtherwise = ({ when = {} }: WhoFile): boolean =>
    Object.keys(when).every((name) => stated[name] !== undefined) && !applies(when, values, isOpen);
  const others = by.filter((who) => !isStatedOtherwise(who));
  const names = new Set((others.length > 0 ? others : by).map(nameOf));
  return { code: 'NOT_ALLOWED', path: [], message: `only ${[...names].join(', or ')} may make this move` };
}

function nameOf({ roles, relation, office }: WhoFile): string {
  const who = office ?? roles?.join(', ') ?? 'a member';
  return relation === undefined ? who : `${who} of the ${relation}`;
}

function findWrongTime({ now, happenedAt, late, known }: Attempt): MoveRefused | null {
  const path = ['happenedAt'];
  const invalid = (message: string, at: readonly string[] = path): MoveRefused => ({
    code: 'INVALID',
    path: at,
    message,
  });
  if (happenedAt > now) return invalid(`expected a time that is over, got ${happenedAt.toISOString()}`);
  const ms = now.getTime() - happenedAt.getTime();
  if (ms > lateEntry.mostMs)
    return invalid('a move is entered within 24 hours: enter what holds now, and state the time in its text');
  if (ms <= lateEntry.silentMs) return null;
  const missing = missingOf(late);
  if (missing !== null)
    return invalid(
      'a move that is entered later needs its reason and the channel by which it was made',
      missing,
    );
  if (known !== null && happenedAt < known.progress.since)
    return invalid(
      `expected a time after the last change of state, ${known.progress.since.toISOString()}, got ${happenedAt.toISOString()}`,
    );
  return null;
}

function missingOf(late: Attempt['late']): readonly string[] | null {
  if (late === null) return ['late'];
  if (late.reason.trim() === '') return ['late', 'reason'];
  return late.channel.trim() === '' ? ['late', 'channel'] : null;
}

function findWrongState(
  workflow: WorkflowFile,
  move: MoveFile,
  attempt: Attempt,
  endOf: EndOfClock,
): MoveRefused | null {
  // A move of a person is judged by the time at which it was made.
  const at = { ...attempt, now: attempt.happenedAt };
  if (isFrom(workflow, move, at, endOf)) return null;
  const standing = standingOf(workflow, at, endOf);
  const can = movesFrom(workflow, at, endOf);
  const state = standing === null ? 'it does not exist yet' : `its state is ${standing.state}`;
  const next = can.length === 0 ? 'you can make no move' : `you can make ${can.join(', ')}`;
  return { code: 'WRONG_STATE', path: [], message: `${state}: from here ${next}` };
}

function isFrom(
  workflow: WorkflowFile,
  move: MoveFile,
  at: Pick<Attempt, 'known' | 'actor' | 'now'>,
  endOf: EndOfClock,
): boolean {
  const standing = standingOf(workflow, at, endOf);
  const visible = visibleOf(workflow, at);
  if (standing === null || visible === null) return startsFrom(workflow, move.from);
  if (!applies(move.when, valuesOf({ known: visible, input: {} }))) return false;
  const state = workflow.states[standing.state];
  // A computed state that is not final changes no move: the stored one counts.
  const counts =
    state?.computed !== undefined && state.final !== true ? visible.progress.state : standing.state;
  const end = move.before === undefined ? null : instantOf(visible, move.before, endOf);
  return statesFrom(workflow, move).includes(counts) && (end === null || at.now < end);
}

/**
 * Returns whether a move creates: it leads out of nothing. A record that no such move creates begins with a move out of
 * its draft, which only its author ever had.
 */
function startsFrom({ states, moves, subject }: WorkflowFile, from: MoveFile['from']): boolean {
  if (from === 'none') return true;
  if (from === 'any' || subject !== 'record') return false;
  if (Object.values(moves).some((move) => move.from === 'none')) return false;
  return from.some((state) => states[state]?.initial === true);
}

function standingOf(
  workflow: WorkflowFile,
  { known, actor, now }: Pick<Attempt, 'known' | 'actor' | 'now'>,
  endOf: EndOfClock,
): Standing | null {
  return known === null ? null : standingFor(workflow, known, actor.relations, now, endOf);
}

/** Returns the progress after a move. Inputs and settings with the name of a fact set it. */
export function advance(
  workflow: WorkflowFile,
  move: MoveFile,
  attempt: Attempt,
  endOf: EndOfClock,
): Progress {
  const { known, input, happenedAt } = attempt;
  const old = known?.progress ?? null;
  const given = factsIn(workflow, move, input);
  const facts = { ...old?.facts, ...settingsOf(workflow, move, attempt, endOf), ...given };
  const state = targetOf(move.to, input) ?? old?.state ?? '';
  if (old !== null && state === old.state) return { ...old, facts };
  return { state, since: happenedAt, facts, former: old === null ? null : formerOf(workflow, old) };
}

/** Older progress is kept only if a mask can hide this one. Without this it would grow with each change of state. */
function formerOf({ masks }: WorkflowFile, old: Progress): Progress {
  return masks.some(({ states }) => states.includes(old.state)) ? old : { ...old, former: null };
}

function factsIn(
  { facts }: WorkflowFile,
  { input: stated }: MoveFile,
  input: Attempt['input'],
): Attempt['input'] {
  const isFact = (name: string): boolean => Object.hasOwn(facts, name) && stated[name]?.own !== true;
  return Object.fromEntries(Object.entries(input).filter(([name, value]) => isFact(name) && isStated(value)));
}

/** Returns the facts that the declaration of a move sets. A value that the person states counts instead. */
function settingsOf(
  workflow: WorkflowFile,
  { sets = {} }: MoveFile,
  attempt: Attempt,
  endOf: EndOfClock,
): Attempt['input'] {
  const values = valuesOf(attempt);
  const { happenedAt } = attempt;
  return Object.fromEntries(
    Object.entries(sets).flatMap(([name, setting]): readonly [string, unknown][] => {
      if (isMembership(setting)) {
        const before = attempt.known?.progress.facts[name];
        const after = organisationsAfter(before, setting, values, attempt.actor.organisation);
        return [[name, workflow.facts[name]?.type === 'organisations' ? after : (after[0] ?? null)]];
      }
      if (setting === null || typeof setting !== 'object') return [[name, setting]];
      if ('at' in setting) return [[name, happenedAt]];
      const clock = clockOf(setting.clock, values);
      const end = setting.reminder === true ? 'reminder' : setting.latest === true ? 'latest' : 'due';
      const start = setting.of === undefined ? happenedAt : values[setting.of];
      return clock === null || !(start instanceof Date) ? [] : [[name, endOf(clock, start, end)]];
    }),
  );
}

function clockOf(
  clock: string | { readonly by: string; readonly clocks: Readonly<Record<string, string>> },
  values: Attempt['input'],
): string | null {
  if (typeof clock === 'string') return clock;
  const value = values[clock.by];
  return typeof value === 'string' ? (clock.clocks[value] ?? null) : null;
}

/** Returns the state that a move leads to. Of several, the person states which, as `to`. */
function targetOf(to: MoveFile['to'], { to: chosen }: Attempt['input']): string | undefined {
  return Array.isArray(to) ? to.find((one) => one === chosen) : to;
}
