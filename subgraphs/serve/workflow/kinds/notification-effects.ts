import type { ClientSession } from 'mongodb';
import { isKnown } from '../../../../schema/workflow/language/opening.ts';
import type { CommunityStore } from '../../store/store.ts';
import type { Follow, FollowedIn } from '../follow.ts';
import { makeOnRecord } from '../make-on-record.ts';
import { type StoredMove, threadsInTurn } from '../progress-store.ts';

/** The moves of the system that moves on the recipients of a duty to notify cause on the duty. */
export const followsOfNotifications: Readonly<Record<string, Follow>> = {
  'told-list.send': settle,
  'told-list.skip': settle,
  'told-list.ack': settle,
};

/** Settles a duty once each recipient acknowledged or is not needed. It runs once no recipient is left to notify. */
async function settle(
  store: CommunityStore,
  at: FollowedIn,
  move: StoredMove,
  session: ClientSession,
): Promise<void> {
  const threads = await threadsInTurn(store, move.record, session);
  const isOver = threads.map(({ progress }) => ({
    isFinal: at.of.states[progress.state]?.final === true,
    isTold: isKnown(at.of, progress),
  }));
  if (isOver.every(({ isFinal }) => isFinal)) await makeOnRecord(store, at, move, 'settle', session);
  else if (isOver.every(({ isFinal, isTold }) => isFinal || isTold))
    await makeOnRecord(store, at, move, 'run', session);
}
