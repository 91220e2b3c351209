import { type ChangeEvent, MalformedLine } from '../../schema/protocol/change-event.ts';

/** Tells whether a kind of record belongs to the community of a feed. */
export type Owns = (kind: string) => boolean;

/**
 * Throws MalformedLine unless the kind of an event belongs to its community: a community must not report changes of other
 * communities' records.
 */
export function checkKind({ kind }: Pick<ChangeEvent, 'kind'>, owns: Owns): void {
  if (!owns(kind)) throw new MalformedLine('expected an event of a kind of this community');
}
