import { type ChangeEvent, MalformedLine } from '../../schema/protocol/change-event.ts';
import { communityOfNotices } from '../../schema/workflow/notice-type.ts';

/** Tells whether a kind of record, or a type of notices, belongs to the community of a feed. */
export type Owns = (kind: string) => boolean;

/**
 * Throws MalformedLine unless the kind of an event belongs to its community: a community must not report changes of other
 * communities' records, or notices about them.
 */
export function checkKind({ kind, notice }: Pick<ChangeEvent, 'kind' | 'notice'>, owns: Owns): void {
  const isNotice = communityOfNotices(kind) !== null;
  const isOwn = owns(kind) && isNotice === (notice !== undefined) && owns(notice?.kind ?? kind);
  if (!isOwn) throw new MalformedLine('expected an event of a kind of this community');
}
