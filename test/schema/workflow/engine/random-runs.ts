import fc from 'fast-check';
import type { Actor } from '../../../../schema/workflow/engine/attempt.ts';
import type { MoveFile } from '../../../../schema/workflow/language/language.ts';
import type { Workflow } from '../../../../schema/workflow/language/load.ts';
import { allRoles, type Declared } from './declared.ts';
import { inputFor, type Pick } from './inputs.ts';
import type { PlainModel, Tried } from './plain-model.ts';
import type { Place, Values, World } from './plain-world.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** The instant at which every run begins. */
export const begin = new Date('2026-03-02T08:00:00Z');

const numbers = fc.array(fc.nat(997), { minLength: 8, maxLength: 8 });

/** One move of a random run: who tries what, after which time, and how well they state it. */
export const step = fc.record({
  wait: fc.constantFrom(0, minute, 20 * minute, 3 * hour, 30 * hour, 20 * day, 80 * day),
  isPossible: fc.nat(9).map((one) => one < 8),
  move: fc.nat(997),
  actor: fc.nat(11),
  numbers,
  fault: fc.nat(30),
  lateBy: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 2 * minute, 10 * minute, 3 * hour, 25 * hour, -minute),
  late: fc.constantFrom(
    null,
    ...['telephone', 'telephone', ' '].map((channel) => ({ reason: 'No network.', channel })),
  ),
});
/** One move of a random run. */
export type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

/** A random run: how the record begins, and its moves. */
export const run = fc.record({
  start: numbers,
  steps: fc.array(step, { minLength: 6, maxLength: 30, size: 'max' }),
});

/**
 * Returns the workflow with an office for the hub, which makes the moves of the system and the clock. Without it no run
 * would go beyond the first of them.
 */
export function withHub({ name, engine, file }: Declared): Declared {
  return { name, engine: openToHub(engine), file: openToHub(file) };
}

function openToHub(workflow: Workflow): Workflow {
  const moves = Object.entries(workflow.moves).flatMap(([name, move]): [string, MoveFile][] => {
    if (typeof move.by !== 'string') return [[name, move]];
    // A proposal of the hub creates nothing.
    const isProposal = move.from === 'none' && move.to === undefined;
    return isProposal ? [] : [[name, { ...move, by: [{ office: 'hub' }] }]];
  });
  return { ...workflow, moves: Object.fromEntries(moves) };
}

/** Returns the states to which no moves of persons alone lead: the hub must make one of its moves before. */
export function statesOfHub(file: Workflow, model: PlainModel): readonly string[] {
  const { states, moves } = file;
  const isInitial = (state: string): boolean => states[state]?.initial === true;
  const reached = new Set(Object.keys(states).filter(isInitial));
  for (let before = -1; before < reached.size;) {
    before = reached.size;
    for (const move of Object.values(moves))
      if (typeof move.by !== 'string' && model.leavesFrom(move).some((state) => reached.has(state)))
        for (const state of [move.to ?? []].flat()) reached.add(state);
    for (const [name, { computed }] of Object.entries(states))
      if (computed?.from.some((state) => reached.has(state)) === true && canBegin(file, computed))
        reached.add(name);
  }
  return Object.keys(states).filter((state) => !reached.has(state));
}

/** Returns whether a computed state can begin without a fact that only the hub sets. */
function canBegin({ fields, moves }: Workflow, { at, before, since }: Computed): boolean {
  const personal = Object.values(moves).filter(({ by }) => typeof by !== 'string');
  const instants = [at, before?.at, since].filter((one) => one !== undefined);
  const isKnown = (name: string): boolean =>
    name in fields || personal.some(({ input, sets = {} }) => name in input || name in sets);
  return (
    instants.length === 0 ||
    instants.some((one) => {
      const name = typeof one === 'string' ? one : one.of;
      return name === undefined || isKnown(name);
    })
  );
}

type Computed = NonNullable<Workflow['states'][string]['computed']>;

/** Returns numbers one after the other, from the first again after the last. */
export function picksOf(given: readonly number[]): Pick {
  let at = 0;
  return (limit) => {
    at += 1;
    return limit === 0 ? 0 : (given[at % given.length] ?? 0) % limit;
  };
}

/** Returns the world in which a run begins: nothing, or an initial state that the hub entered. */
export function startOf({ states, moves, fields }: Workflow, numbersOfStart: readonly number[]): World {
  const pick = picksOf(numbersOfStart);
  const given = Object.entries(fields).flatMap(([name, { type, choices = [] }]): [string, unknown][] => {
    if (type === 'choice') return [[name, choices[pick(choices.length)]]];
    const instant = [-hour, 2 * hour, 3 * day, 30 * day][pick(5)];
    return type === 'instant' && instant !== undefined ? [[name, new Date(begin.getTime() + instant)]] : [];
  });
  const initial = Object.keys(states).filter((name) => states[name]?.initial === true);
  const isCreated = Object.values(moves).some(({ from, to }) => from === 'none' && to !== undefined);
  const state = initial[pick(initial.length)] ?? '';
  const place: Place = { state, since: begin, facts: {} };
  return { history: isCreated && pick(4) > 0 ? [] : [place], fields: Object.fromEntries(given) };
}

/** Returns the attempt of a step: usually a move that its actor can make, with an input that fits. */
export function attemptOf(file: Workflow, model: PlainModel, world: World, one: Step, now: Date): Tried {
  const pick = picksOf(one.numbers);
  const names = Object.keys(file.moves);
  const everybody = actorOf(allRoles, officesOf(file), Object.keys(file.relations));
  const possible = one.isPossible ? model.possible(world, everybody, now) : [];
  const known: Values = { ...world.fields, ...world.history.at(-1)?.facts };
  const onward = possible.filter((name) => isOnward(file, model.move(name)));
  // Without a preference for moves that go on, few runs would see the end of a long workflow.
  const wanted = pick(3) > 0 && onward.length > 0 ? onward : possible;
  const choices = wanted.length > 0 ? wanted : names;
  const name = choices[one.move % choices.length] ?? '';
  const move = model.move(name);
  const [actor, words] = actorFor(file, model, move, known, one.actor, pick);
  const input = spoil(inputFor(move, { known, now, pick, words }), move, one.fault, pick);
  const happenedAt = new Date(now.getTime() - one.lateBy);
  return { move: name, actor, input, now, happenedAt, late: one.late };
}

/** Returns whether a move changes the state and does not end the workflow. */
function isOnward({ states }: Workflow, { to }: MoveFile): boolean {
  return [to].flat().some((state) => state !== undefined && states[state]?.final !== true);
}

function actorFor(
  file: Workflow,
  model: PlainModel,
  { by, input }: MoveFile,
  known: Values,
  kind: number,
  pick: Pick,
): readonly [Actor, Readonly<Record<string, readonly string[]>>] {
  const rights = typeof by === 'string' ? [] : model.rights(by);
  const open = rights.filter(({ when = {} }) =>
    Object.entries(when).every(([name, words]) => name in input || words.includes(String(known[name]))),
  );
  const from = open.length > 0 ? open : rights;
  const who = from[pick(from.length)] ?? {};
  const roles = who.roles ?? allRoles;
  const role = roles[pick(roles.length)] ?? '';
  const offices = who.office === undefined ? [] : [who.office];
  const relations = Object.keys(file.relations);
  const own = who.relation === undefined ? [] : [who.relation];
  const words = who.when ?? {};
  if (kind === 0) return [actorOf([role], offices, relations), words];
  if (kind === 1) return [actorOf([allRoles[pick(allRoles.length)] ?? ''], officesOf(file), own), words];
  if (kind === 2) return [actorOf([role], offices, relations.slice(pick(4))), words];
  if (kind === 3) return [actorOf([role], [], own), {}];
  return [actorOf([role], offices, own), words];
}

function officesOf({ moves, relations }: Workflow): readonly string[] {
  const named = Object.values(moves).flatMap(({ by }) => (typeof by === 'string' ? [] : by));
  const demanded = Object.values(relations).flatMap(({ who = [] }) => who);
  return [...named, ...demanded].flatMap(({ office }) => office ?? []);
}

/** Spoils an input in some of the runs: leaves a value out, or states one that does not fit. */
function spoil(input: Values, { input: taken }: MoveFile, fault: number, pick: Pick): Values {
  const names = Object.keys(taken);
  const name = names[pick(names.length)] ?? 'nothing';
  const bad: readonly unknown[] = [
    undefined,
    null,
    '',
    ' ',
    'other',
    [],
    new Date(begin.getTime() - day),
    'x'.repeat(10_001),
  ];
  if (fault < bad.length) return { ...input, [name]: bad[fault] };
  if (fault === bad.length) return { ...input, unknown: 'value' };
  if (fault === bad.length + 1) return { ...input, to: 'other' };
  // An optional value is not stated in half of the runs.
  if (taken[name]?.optional !== true || fault % 2 === 0) return input;
  return Object.fromEntries(Object.entries(input).filter(([one]) => one !== name));
}

function actorOf(roles: readonly string[], offices: readonly string[], relations: readonly string[]): Actor {
  return {
    organisation: 'one 1',
    roles: new Set(roles),
    offices: new Set(offices),
    relations: new Set(relations),
  };
}
