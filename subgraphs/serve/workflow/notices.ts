import type { ClientSession, Collection } from 'mongodb';
import { createHash } from 'node:crypto';
import { maskOn, type Progress } from '../../../schema/workflow/engine/progress.ts';
import {
  type Connected,
  createPartyIndexes,
  type InWorkflow,
  partiesIn,
  partiesOf,
  type PartyRow,
  registerParty,
  relationsOf,
  type Threaded,
} from './parties.ts';

/**
 * A notice to one organisation that takes part in a record. It has no content: the record is read when the notice is read,
 * and a notice whose record the reader may not see is absent.
 */
export type Notice = PartyRow &
  Threaded & {
    readonly workflow: string;
    readonly event: 'move' | 'state' | 'reminder';
    /** The name of the move, of the state, or of the part of the period that is over. */
    readonly name: string;
    readonly happenedAt: Date;
    /** The fields that its time depends on. The notice is absent for a reader from whom one of them is hidden. */
    readonly dependsOn: readonly string[];
  };

/** One event of a record or a thread. `id` is different for each event of it. */
export type Event = Pick<Notice, 'event' | 'name' | 'happenedAt' | 'sortAt' | 'dependsOn'> & {
  readonly id: string;
};

/** The most notices that are kept for one organisation. The oldest are removed first. */
export const maxNotices = 10_000;

/** The collection of notices. */
export const noticeCollection = 'notices';

/** Notices are removed after 400 days. */
const keptSeconds = 400 * 86_400;

/** The notices to organisations. */
export function noticesIn({ connection }: Connected): Collection<Notice> {
  return connection.collection<Notice>(noticeCollection);
}

/** Creates the indexes of notices and parties. Only a store whose community runs a workflow needs them. */
export async function createNoticeIndexes(store: Connected): Promise<void> {
  const notices = noticesIn(store);
  await createPartyIndexes(notices);
  await notices.createIndexes([
    { key: { party: 1, sortAt: -1 } },
    { key: { sortAt: 1 }, expireAfterSeconds: keptSeconds },
  ]);
  await createPartyIndexes(partiesIn(store));
}

/**
 * Tells each organisation that takes part that a move was made, except the mover's. An organisation from which a mask hides
 * the state that the move led to is not informed, and none of its rows changes. `threads` are the organisations of all
 * threads of the record.
 */
export async function tellOfMove(
  store: Connected,
  at: InWorkflow,
  { event, progress, mover }: { readonly event: Event; readonly progress: Progress; readonly mover: string },
  threads: readonly string[],
  session: ClientSession,
): Promise<void> {
  for (const party of partiesOf(at, progress, threads)) {
    if (party === mover)
      await registerParty(store, at, party, { sortAt: event.sortAt, isTold: false }, session);
    else if (maskOn(at.of, progress, relationsOf(at, party)) === undefined)
      await tell(store, at, event, party, session);
  }
}

/** Writes a notice of an event to one organisation, once. */
export async function tell(
  store: Connected,
  at: InWorkflow,
  { id, ...event }: Event,
  party: string,
  session: ClientSession,
): Promise<void> {
  const { of, kind, record, organisation, part = null } = at;
  const notices = noticesIn(store);
  const _id = hashOf([record, organisation ?? part, of.name, id, party]);
  if ((await notices.findOne({ _id }, { session, projection: { _id: 1 } })) !== null) return;
  const keys = await registerParty(store, at, party, { sortAt: event.sortAt, isTold: true }, session);
  const subject = { party, kind: kind.type, record, workflow: of.name, organisation, part };
  await notices.insertOne({ _id, ...subject, ...event, ...keys }, { session });
  if (isRemoving(_id)) await removeOldest(store, party, session);
}

/** The id has a fixed length and says nothing, because a cursor contains it. */
function hashOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

/** Returns whether a notice removes older ones: one in 64, because each counts all notices of the organisation. */
function isRemoving(id: string): boolean {
  return id.startsWith('A');
}

/** Removes the oldest notices of an organisation that has too many. */
export async function removeOldest(store: Connected, party: string, session?: ClientSession): Promise<void> {
  const notices = noticesIn(store);
  const by = session === undefined ? {} : { session };
  const newest = notices.find({ party }, by).sort({ sortAt: -1 }).skip(maxNotices).limit(1);
  const [first] = await newest.project<Pick<Notice, 'sortAt'>>({ sortAt: 1, _id: 0 }).toArray();
  if (first !== undefined) await notices.deleteMany({ party, sortAt: { $lte: first.sortAt } }, by);
}
