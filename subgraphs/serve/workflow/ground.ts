import type { ClientSession } from 'mongodb';
import type { Attempt } from '../../../schema/workflow/engine/attempt.ts';
import type { EndOfClock } from '../../../schema/workflow/engine/progress.ts';
import type { NamingParts } from '../changes/find-record.ts';
import type { Refused } from '../changes/refused.ts';
import type { CommunityStore } from '../store/store.ts';

/** A move as a ground of refusal sees it. */
export type Stated = Pick<Attempt, 'move' | 'input' | 'happenedAt' | 'late' | 'known' | 'fields' | 'actor'>;

/** A ground of refusal that code decides. Returns null if it does not apply. */
export type Check = (stated: Stated, endOf: EndOfClock) => Refused | null;

/** A move on a record that is about to be made, as a ground of refusal that needs the store sees it. */
export type Recorded = Pick<Attempt, 'input' | 'known'> &
  NamingParts & {
    readonly store: CommunityStore;
    readonly record: string;
    readonly session: ClientSession;
  };

/** A ground of refusal that the stored moves or other records decide. Returns null if it does not apply. */
export type RecordedCheck = (recorded: Recorded) => Promise<Refused | null>;
