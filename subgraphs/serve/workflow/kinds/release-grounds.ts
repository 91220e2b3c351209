import type { Addressed } from '../../../../schema/protocol/addressed.ts';
import { Refused } from '../../changes/refused.ts';
import type { Content } from '../../record/content.ts';

/**
 * Returns the organisation that answers a release request: the originator of the record, as the hub states it. Nobody if
 * the hub states nothing: the record does not exist, or the reader may not see it. Throws Refused for a record that the
 * reader's organisation asserts.
 */
export function originatorOf(
  { recordId }: Content,
  addressed: Addressed | null,
  own: string,
): readonly string[] {
  if (addressed === null || addressed.record !== recordId) return [];
  if (!addressed.organisations.includes(own)) return addressed.organisations;
  throw new Refused(
    'INVALID',
    ['content', 'recordId'],
    'your organisation asserts this record: release it with the mutation of its community',
  );
}
