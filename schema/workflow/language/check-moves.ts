import { statesTo } from './check-states.ts';
import type { Finding } from './faults.ts';
import type { MoveFile, WorkflowFile } from './language.ts';

/** Returns a finding for each move that repeats another one, and for each move of the clock without a time. */
export function checkMoves(workflow: WorkflowFile): readonly Finding[] {
  return [...findEqualMoves(workflow), ...findTimes(workflow), ...findOnce(workflow)];
}

/** Only the system makes a move once all organisations did something. */
function findOnce({ moves }: WorkflowFile): readonly Finding[] {
  return Object.entries(moves).flatMap(([name, { by, once }]) =>
    once === undefined || by === 'system'
      ? []
      : [
          {
            place: `moves.${name}.once`,
            value: 'a move that the system does not make',
            remedy: 'write `by: system`, or remove `once`',
          },
        ],
  );
}

/** Only the clock makes a move at an instant, and it needs one. */
function findTimes({ moves }: WorkflowFile): readonly Finding[] {
  return Object.entries(moves).flatMap(([name, { by, at }]) => {
    if ((by === 'clock') === (at !== undefined)) return [];
    return [
      {
        place: `moves.${name}.at`,
        value: at === undefined ? 'a move of the clock without an instant' : 'an instant',
        remedy:
          at === undefined ? 'write the instant' : 'remove it, because the clock does not make this move',
      },
    ];
  });
}

/** Two moves that change the state alike by the same persons are one act under two names. */
function findEqualMoves(workflow: WorkflowFile): readonly Finding[] {
  const first = new Map<string, string>();
  return Object.entries(workflow.moves).flatMap(([name, move]) => {
    if (move.to === undefined) return [];
    const key = keyOf(move);
    const other = first.get(key);
    first.set(key, other ?? name);
    if (other === undefined) return [];
    return [
      {
        place: `moves.${name}`,
        value: `the same from, to and by as ${other}`,
        remedy: 'remove one of the two, or say how they differ',
      },
    ];
  });
}

function keyOf({ from, to, by, ...move }: MoveFile): string {
  const states = typeof from === 'string' ? from : from.toSorted();
  return JSON.stringify([states, statesTo({ from, to, by, ...move }).toSorted(), by]);
}
