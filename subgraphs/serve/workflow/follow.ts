import type { ClientSession } from 'mongodb';
import type { Workflow } from '../../../schema/workflow/language/load.ts';
import type { CommunityStore } from '../store/store.ts';
import type { MovedIn, StoredMove } from './progress-store.ts';

/** Where a move was made, with the workflow of the record itself. */
export type FollowedIn = MovedIn & {
  readonly record: Workflow | null;
  /** The exercise of the record; null in the real picture. */
  readonly exercise: string | null;
};

/**
 * Makes the moves of the system that a move causes on other records, or on the record of its thread, in the same
 * transaction.
 */
export type Follow = (
  store: CommunityStore,
  at: FollowedIn,
  move: StoredMove,
  session: ClientSession,
) => Promise<void>;
