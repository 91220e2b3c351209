import type { Community } from '../../../schema/record/vocabulary.ts';
import { noticeKey, noticeType } from '../../../schema/workflow/notice-type.ts';
import type { Kind } from '../kind.ts';
import { recordsOf } from '../store/collections.ts';
import type { CommunityStore } from '../store/store.ts';
import { noticeCollection } from '../workflow/notices.ts';
import type { Written } from './written.ts';

/** A notice in the log of the store, without its content. */
type LoggedNotice = {
  readonly id: string;
  readonly party: string;
  readonly kind: string;
  readonly record: string;
};

const maxTimeMs = 5000;

/** Returns the collection of notices if one of the kinds has a workflow; none otherwise. */
export function noticeCollections(kinds: readonly Kind[]): readonly string[] {
  return kinds.some(({ hasMoves }) => hasMoves === true) ? [noticeCollection] : [];
}

/**
 * Returns what was written with a notice: its record, as the record stands now. Therefore the keys of the event are those of
 * the record at this moment, and never those that are stored with the notice. Null if the record does not exist.
 */
export async function writtenWithNotice(
  { store, community }: { readonly store: CommunityStore; readonly community: Community },
  { id, party, kind, record }: LoggedNotice,
): Promise<Written | null> {
  if (!store.schemas.has(kind)) return null;
  const options = { projection: { envelope: 1 }, maxTimeMS: maxTimeMs } as const;
  const found = await recordsOf(store, kind).findOne({ _id: record }, options);
  if (found === null) return null;
  const notice = { type: noticeType(community), key: noticeKey(community, id), party };
  return { kind, id: record, isNew: true, envelope: found.envelope, admittedBefore: [], notice };
}
