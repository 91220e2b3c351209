import { Refused } from '../changes/refused.ts';
import type { Recorded, RecordedCheck } from './ground.ts';
import { groundsOfPlans } from './kinds/plan-grounds.ts';
import { groundsOfPlatform } from './kinds/platform-incidents.ts';
import { movesIn } from './progress-store.ts';
import { groundsOfRecalls } from './kinds/recall-grounds.ts';

/** The grounds of refusal that need the store, by workflow and move. */
const checks: Readonly<Record<string, RecordedCheck>> = {
  'mobilisation.accept': otherPersonThan('assess'),
  ...groundsOfPlans,
  ...groundsOfPlatform,
  ...groundsOfRecalls,
};

/** Throws Refused if a ground of refusal applies that the stored moves or other records decide. */
export async function refuseByHistory(workflow: string, move: string, recorded: Recorded): Promise<void> {
  const refused = (await checks[`${workflow}.${move}`]?.(recorded)) ?? null;
  if (refused !== null) throw refused;
}

/** Another person must make the move than the one who made the other move before. */
function otherPersonThan(other: string): RecordedCheck {
  return async ({ store, readerAccess, record, session }) => {
    const { subject } = readerAccess.reader;
    const made = { record, organisation: null, move: other, 'by.subject': subject };
    const found = await movesIn(store).findOne(made, { session });
    return found === null
      ? null
      : new Refused('NOT_ALLOWED', [], `a second person makes this move: you made ${other}`);
  };
}
