import type { ChangeEvent } from '../../schema/protocol/change-event.ts';

/** Tells whether a kind of record belongs to the community of a feed. */
export type Owns = (kind: string) => boolean;

/** Throws unless an event is of one of the kinds of its community: none may speak of the records of others. */
export function checkKind({ kind }: Pick<ChangeEvent, 'kind'>, owns: Owns): void {
  if (!owns(kind)) throw new Error('expected an event of a kind of this community');
}
