import type { ChangeParts } from '../../changes/change-steps.ts';
import { Refused } from '../../changes/refused.ts';
import { recordsOf } from '../../store/collections.ts';

/** The most duties that an organisation opens in a day: each takes a place among the tasks of each recipient. */
const maxOfDay = 50;
const dayMs = 86_400_000;

/** Returns the refusal of one more duty to notify in a day. Duties that are over count too. */
export async function checkRecentDuties({
  store,
  readerAccess: { reader, now },
}: Pick<ChangeParts, 'store' | 'readerAccess'>): Promise<Refused | null> {
  const own = {
    'envelope.originator': reader.organisation,
    'envelope.exercise': reader.picture === 'real' ? null : reader.picture,
    'envelope.receivedAt': { $gt: new Date(now.getTime() - dayMs) },
  };
  const count = await recordsOf(store, 'NotificationDuty').countDocuments(own, { limit: maxOfDay });
  if (count < maxOfDay) return null;
  return new Refused(
    'CLOSED',
    ['content'],
    `expected ${maxOfDay} duties at most in a day: name more recipients in one`,
  );
}
