import { statesFrom } from '../language/check-states.ts';
import type { MoveFile, WorkflowFile } from '../language/language.ts';
import { organisationsIn, valuesOf } from './condition.ts';
import { advance } from './decide.ts';
import type { EndOfClock, Known, Progress } from './progress.ts';

/** A move of the system, with the progress that it leads to. */
export type SystemMove = { readonly move: string; readonly progress: Progress };

/**
 * Returns the moves that the system makes at once after a move of a person, in their order. A move follows when each
 * organisation that must do something did it (`once`), such as the last signature. No move follows twice.
 */
export function systemMovesAfter(
  workflow: WorkflowFile,
  known: Known,
  at: Date,
  endOf: EndOfClock,
): readonly SystemMove[] {
  const made: SystemMove[] = [];
  let { progress } = known;
  for (;;) {
    const now = { ...known, progress };
    const next = Object.entries(workflow.moves).find(
      ([name, move]) => made.every((one) => one.move !== name) && follows(workflow, move, now),
    );
    if (next === undefined) return made;
    const [move, declared] = next;
    progress = advance(workflow, declared, { ...by(at), move, known: now }, endOf);
    made.push({ move, progress });
  }
}

/** Returns where a move of the system leads, out of a state that a move of another record decides. Null from another state. */
export function moveBySystem(
  workflow: WorkflowFile,
  name: string,
  known: Known,
  at: Date,
  endOf: EndOfClock,
): Progress | null {
  const move = workflow.moves[name];
  if (move?.by !== 'system' || !statesFrom(workflow, move).includes(known.progress.state)) return null;
  return advance(workflow, move, { ...by(at), move: name, known }, endOf);
}

function follows(workflow: WorkflowFile, move: MoveFile, known: Known): boolean {
  if (move.by !== 'system' || move.once === undefined) return false;
  if (!statesFrom(workflow, move).includes(known.progress.state)) return false;
  const values = valuesOf({ known, input: {} });
  const done = new Set(organisationsIn(values[move.once.in]));
  const all = organisationsIn(values[move.once.all]);
  return all.length === 0 ? move.once.orNone === true : all.every((one) => done.has(one));
}

function by(at: Date) {
  const actor = {
    organisation: '',
    roles: new Set<string>(),
    offices: new Set<string>(),
    relations: new Set<string>(),
  };
  return { actor, input: {}, now: at, happenedAt: at, late: null };
}
