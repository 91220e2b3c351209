import { organisationKey } from '../../../schema/record/keys.ts';
import { clockInstants, clockMoves, obligationsOf, stateBegun } from '../../../schema/workflow/engine/due.ts';
import { type EndOfClock, visibleTo } from '../../../schema/workflow/engine/progress.ts';
import type { VisibleProgress } from './standings.ts';

/** A deadline of a record or a thread, as one reader may know it. */
export type Deadline = {
  readonly thread: string | null;
  readonly part: string | null;
  readonly workflow: string;
  readonly event: 'STATE' | 'MOVE';
  /** The state that begins for the reader, or the move that the clock makes. */
  readonly name: string;
  readonly dueAt: Date;
  /** The reader's organisation if it is obliged to make a move before. */
  readonly obliged: string | null;
};

/**
 * Returns the deadlines from `from` on and before `to`: the instants at which the reader sees a state begin, and moves of the
 * clock. They are computed from what the reader sees, so a masked state gives the deadline of the state that is shown.
 */
export function deadlinesOf(
  { of, organisation, part, known, relations, reader }: VisibleProgress,
  { from, to }: { readonly from: Date; readonly to: Date },
  endOf: EndOfClock,
): readonly Deadline[] {
  const visible = visibleTo(of, known, relations);
  const obligations = obligationsOf(of, visible, endOf);
  const isObliged = (at: Date): boolean =>
    obligations.some((one) => one.due.getTime() === at.getTime() && !one.relations.isDisjointFrom(relations));
  const states = clockInstants(of, known, relations, endOf).flatMap((dueAt) => {
    const name = stateBegun(of, known, relations, dueAt, endOf);
    return name === null ? [] : [{ event: 'STATE' as const, name, dueAt }];
  });
  const moves = clockMoves(of, visible, endOf).map(({ move: name, at: dueAt }) => ({
    event: 'MOVE' as const,
    name,
    dueAt,
  }));
  return [...states, ...moves]
    .filter(({ dueAt }) => dueAt >= from && dueAt < to)
    .map((one) => ({
      ...one,
      thread: organisation === null ? null : organisationKey(organisation),
      part,
      workflow: of.name,
      obliged: isObliged(one.dueAt) ? organisationKey(reader) : null,
    }));
}
