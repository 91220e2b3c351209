import { type Finding, findUnknown } from './faults.ts';
import type { MoveFile, WorkflowFile } from './language.ts';

/** Returns a finding for each unknown state, and for each state that cannot be reached or left as it is declared. */
export function checkStates(workflow: WorkflowFile): readonly Finding[] {
  const names = findUnknownStates(workflow);
  // The graph of a file with unknown states would give faults that are consequences only.
  if (names.length > 0) return names;
  return [
    ...findNoInitial(workflow),
    ...findUnreachable(workflow),
    ...findTraps(workflow),
    ...findLeftFinals(workflow),
  ];
}

/** Returns the states that are stored: not computed from the clock. */
export function storedStates(workflow: Pick<WorkflowFile, 'states'>): readonly string[] {
  return Object.keys(workflow.states).filter((name) => workflow.states[name]?.computed === undefined);
}

/** Returns the states that a move leads out of. Empty for a move that creates. */
export function statesFrom(workflow: Pick<WorkflowFile, 'states'>, { from }: MoveFile): readonly string[] {
  if (from === 'none') return [];
  if (from !== 'any') return from;
  return storedStates(workflow).filter((name) => workflow.states[name]?.final !== true);
}

/** Returns the states that a move leads to. Empty if the state stays. */
export function statesTo({ to }: MoveFile): readonly string[] {
  if (to === undefined) return [];
  return typeof to === 'string' ? [to] : to;
}

/** Returns the state in which something begins. */
export function initialState({ states }: Pick<WorkflowFile, 'states'>): string {
  const [state = ''] = Object.entries(states).find(([, { initial }]) => initial === true) ?? [];
  return state;
}

function findUnknownStates(workflow: WorkflowFile): readonly Finding[] {
  const all = new Set(Object.keys(workflow.states));
  const stored = new Set(storedStates(workflow));
  return [
    ...Object.entries(workflow.moves).flatMap(([name, move]) => [
      ...findUnknown(`moves.${name}.from`, statesFrom(workflow, move), all, 'a state of this file'),
      ...findUnknown(`moves.${name}.to`, statesTo(move), stored, 'a state of this file that is not computed'),
    ]),
    ...Object.entries(workflow.states).flatMap(([name, { computed }]) =>
      findUnknown(
        `states.${name}.computed.from`,
        computed?.from ?? [],
        stored,
        'a state of this file that is not computed',
      ),
    ),
    ...workflow.masks.flatMap(({ states }, at) =>
      findUnknown(`masks.${at}.states`, states, all, 'a state of this file'),
    ),
    ...Object.entries(workflow.reminders).flatMap(([name, { from }]) =>
      findUnknown(`reminders.${name}.from`, from, stored, 'a state of this file that is not computed'),
    ),
    ...findUnknown('editedIn', workflow.editedIn ?? [], stored, 'a state of this file that is not computed'),
  ];
}

function findNoInitial(workflow: WorkflowFile): readonly Finding[] {
  const initial = initialStates(workflow);
  if (initial.length === 0)
    return [{ place: 'states', value: 'no initial state', remedy: 'mark a state with `initial: true`' }];
  return Object.entries(workflow.moves).flatMap(([name, move]) =>
    move.from === 'none'
      ? findUnknown(
          `moves.${name}.to`,
          statesTo(move),
          new Set(initial),
          'an initial state, because it creates',
        )
      : [],
  );
}

function initialStates(workflow: WorkflowFile): readonly string[] {
  return Object.entries(workflow.states).flatMap(([name, { initial }]) => (initial === true ? [name] : []));
}

function findUnreachable(workflow: WorkflowFile): readonly Finding[] {
  const reached = new Set(initialStates(workflow));
  for (let before = -1; before < reached.size;) {
    before = reached.size;
    for (const move of Object.values(workflow.moves))
      if (statesFrom(workflow, move).some((name) => reached.has(name)))
        for (const name of statesTo(move)) reached.add(name);
    for (const [name, { computed }] of Object.entries(workflow.states))
      if (computed?.from.some((one) => reached.has(one)) === true) reached.add(name);
  }
  return Object.keys(workflow.states)
    .filter((name) => !reached.has(name))
    .map((name) => ({
      place: `states.${name}`,
      value: 'a state that no move leads to',
      remedy: 'add a move that leads to it, mark it with `initial: true`, or remove it',
    }));
}

function findTraps(workflow: WorkflowFile): readonly Finding[] {
  const moves = Object.values(workflow.moves);
  const ends = Object.values(workflow.states).flatMap(({ final, computed }) =>
    final === true ? (computed?.from ?? []) : [],
  );
  const isLeft = (name: string) =>
    ends.includes(name) ||
    moves.some(
      (move) => statesFrom(workflow, move).includes(name) && statesTo(move).some((other) => other !== name),
    );
  return storedStates(workflow)
    .filter((name) => workflow.states[name]?.final !== true && !isLeft(name))
    .map((name) => ({
      place: `states.${name}`,
      value: 'a state that no move leads out of',
      remedy: 'mark it with `final: true`, or add a move that leads out of it',
    }));
}

function findLeftFinals(workflow: WorkflowFile): readonly Finding[] {
  return Object.entries(workflow.moves).flatMap(([name, move]) => {
    const left = statesFrom(workflow, move).filter(
      (from) => workflow.states[from]?.final === true && statesTo(move).some((to) => to !== from),
    );
    if (move.reopens === true && left.length === 0)
      return [
        {
          place: `moves.${name}.reopens`,
          value: 'a move that leads out of no final state',
          remedy: 'remove `reopens`',
        },
      ];
    if (move.reopens === true) return [];
    return left.map((from) => ({
      place: `moves.${name}.from`,
      value: `${from}, which is final`,
      remedy: 'remove it from `from`, or write `reopens: true` if that is meant',
    }));
  });
}
