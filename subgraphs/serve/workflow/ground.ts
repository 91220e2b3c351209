import type { Attempt } from '../../../schema/workflow/engine/attempt.ts';
import type { EndOfClock } from '../../../schema/workflow/engine/progress.ts';
import type { Refused } from '../changes/refused.ts';

/** A move as a ground of refusal sees it. */
export type Stated = Pick<Attempt, 'move' | 'input' | 'happenedAt' | 'late' | 'known' | 'fields' | 'actor'>;

/** A ground of refusal that code decides. Returns null if it does not apply. */
export type Check = (stated: Stated, endOf: EndOfClock) => Refused | null;
