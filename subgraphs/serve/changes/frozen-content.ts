import type { ClientSession } from 'mongodb';
import type { Community } from '../../../schema/record/vocabulary.ts';
import { editedIn, workflowsOf } from '../../../schema/workflow/served.ts';
import { progressIn } from '../workflow/progress-store.ts';
import type { CommunityStore } from '../store/store.ts';
import { Refused } from './refused.ts';

/**
 * Throws Refused if the state of a record freezes its content, such as that of a plan which others comment on. A record
 * without a state was entered without a workflow: nothing freezes it.
 */
export async function refuseFrozen(
  { store, community }: { readonly store: CommunityStore; readonly community: Community },
  type: string,
  id: string,
  session: ClientSession,
): Promise<void> {
  const kind = workflowsOf(community).get(type);
  const states = kind === undefined ? null : editedIn(kind);
  if (states === null) return;
  const stored = await progressIn(store).findOne({ _id: id }, { session });
  if (stored === null || states.includes(stored.progress.state)) return;
  throw new Refused(
    'WRONG_STATE',
    ['content'],
    `its content is edited in the state ${states.join(' or ')} only: make the move that leads there first`,
  );
}
