import { community } from '../../../subgraphs/joint-unit/community.ts';
import { movingIn } from '../../helpers/moving.ts';

export type { At, Payload } from '../../helpers/moving.ts';

/** A thread as the graph shows it to a reader. */
export type ShownThread = {
  readonly addressee: { readonly id: string };
  readonly version: number | null;
  readonly state: string;
  readonly possibleMoves: readonly string[];
  readonly moves: readonly { readonly move: string }[];
} & Readonly<Record<string, unknown>>;

/** A record with a workflow, as the graph shows it to a reader. */
export type ShownRecord = { readonly threads: readonly ShownThread[] } & Readonly<Record<string, unknown>>;

/** The acts of readers in the joint unit's part of the graph. */
export const { askAt, makeMove } = movingIn(community);
