import { initialState, statesFrom, statesTo } from './check-states.ts';
import type { MoveFile, WorkflowFile } from './language.ts';

type Opening = Pick<WorkflowFile, 'subject' | 'states' | 'moves'>;

/** Returns whether a move opens the record to the organisation of its thread. */
export function opensThread({ subject }: Pick<WorkflowFile, 'subject'>, move: MoveFile | undefined): boolean {
  return subject !== 'record' && move?.opens?.includes(subject) === true;
}

/**
 * Returns the stored states of a thread in which its organisation does not know of it: all that are reached without the
 * move that opens the record to it. Empty for a workflow without such a move.
 */
export function statesUnknown(of: Opening): ReadonlySet<string> {
  const moves = Object.values(of.moves);
  if (!moves.some((move) => opensThread(of, move))) return none;
  const unknown = new Set([initialState(of)]);
  for (let before = -1; before < unknown.size;) {
    before = unknown.size;
    for (const move of moves.filter((one) => !opensThread(of, one)))
      if (statesFrom(of, move).some((state) => unknown.has(state)))
        for (const state of statesTo(move)) unknown.add(state);
  }
  return unknown;
}

/** Returns whether the organisation of a thread knows of it in this state. */
export function isKnown(of: Opening, { state }: { readonly state: string }): boolean {
  return !statesUnknown(of).has(state);
}

const none: ReadonlySet<string> = new Set();

/** Returns the moves of a thread that its organisation may know of: those from the move on that opened the record to it. */
export function sinceOpening<Move extends { readonly move: string }>(
  of: Opening,
  made: readonly Move[],
): readonly Move[] {
  if (statesUnknown(of).size === 0) return made;
  const first = made.findIndex(({ move }) => opensThread(of, of.moves[move]));
  return first === -1 ? [] : made.slice(first);
}
