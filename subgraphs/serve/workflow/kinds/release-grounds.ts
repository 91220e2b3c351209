import type { Addressed } from '../../../../schema/protocol/addressed.ts';
import type { Attempt } from '../../../../schema/workflow/engine/attempt.ts';
import type { ChangeParts } from '../../changes/change-steps.ts';
import { Refused } from '../../changes/refused.ts';
import type { Content } from '../../record/content.ts';
import { recordsOf } from '../../store/collections.ts';
import type { Check } from '../ground.ts';
import { progressIn } from '../progress-store.ts';

/**
 * Returns the organisation that answers a release request: the originator of the record, as the hub states it. Empty if
 * the hub states nothing, for example because the record does not exist or the reader may not see it. Throws Refused for a record that the
 * reader's organisation asserts.
 */
export function originatorOf(
  { recordId }: Content,
  addressed: Addressed | null,
  own: string,
): readonly string[] {
  if (addressed === null || addressed.record !== recordId) return [];
  const all = [...addressed.organisations, ...(addressed.discreet ?? [])];
  if (!all.includes(own)) return addressed.organisations;
  throw new Refused(
    'INVALID',
    ['content', 'recordId'],
    'your organisation asserts this record: release it with the mutation of its community',
  );
}

/** The most requests of one organisation that wait for their answers: each informs the originator several times. */
const maxWaiting = 100;

/**
 * Returns the refusal of a request while another one of the organisation for the same record waits for its answer, or too
 * many do. Only the organisation's requests count, whomever they reached, so the refusal tells nothing of the record.
 */
export async function checkWaitingRequests(
  { store, readerAccess }: Pick<ChangeParts, 'store' | 'readerAccess'>,
  { fields = {} }: Pick<Attempt, 'fields'>,
): Promise<Refused | null> {
  const { reader, now } = readerAccess;
  const own = {
    'envelope.originator': reader.organisation,
    'envelope.exercise': reader.picture === 'real' ? null : reader.picture,
    'envelope.recordState': 'ACTIVE' as const,
    // Only a request that was passed on has this field. Its originator received it and did not make it.
    'content.needsSecondPerson': null,
  };
  const waiting = await recordsOf(store, 'ReleaseRequest')
    .find({ ...own, 'content.answerAt': { $gt: now } }, { projection: { 'content.recordId': 1 } })
    .limit(maxWaiting)
    .toArray();
  const same = waiting.flatMap(({ _id, content }) =>
    (content as Content)['recordId'] === fields['recordId'] ? [_id] : [],
  );
  const asked = await progressIn(store).findOne({ _id: { $in: same }, 'progress.state': 'asked' });
  const path = ['content', 'recordId'];
  if (asked !== null)
    return new Refused('WRONG_STATE', path, 'a request for this record waits for its answer (answerAt)');
  if (waiting.length < maxWaiting) return null;
  return new Refused('CLOSED', path, `expected ${maxWaiting} requests at most that wait for their answers`);
}

/** The grounds of refusal of answers to release requests. */
export const groundsOfReleaseAnswers: Readonly<Record<string, Check>> = {
  // The asker sees this value: free text would be a message that passes for a release.
  'release-answer.grant': ({ input: { release } }) =>
    typeof release === 'string' && uuid.test(release)
      ? null
      : new Refused('INVALID', ['release'], 'expected the id of a release, as Envelope.releases shows it'),
};

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
