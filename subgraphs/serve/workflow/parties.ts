import type { AnyBulkWriteOperation, ClientSession, Collection } from 'mongodb';
import type { Connection } from 'mongoose';
import type { StoredRecord } from '../../../schema/record/envelope.ts';
import { organisationsIn } from '../../../schema/workflow/engine/condition.ts';
import type { Workflow } from '../../../schema/workflow/language/load.ts';
import { isKnown } from '../../../schema/workflow/language/opening.ts';
import type { Kind } from '../kind.ts';
import type { Content } from '../record/content.ts';
import { actorOn } from './relations.ts';

/** A store, as far as it has its connection. */
export type Connected = { readonly connection: Connection };

/** The access keys of a record, in a row that says something about it. */
export type RowKeys = Pick<StoredRecord, 'admits' | 'admitsEarly' | 'openFrom' | 'policy'>;

/** A row for one organisation that takes part in a record. It admits the same readers as the record. */
export type PartyRow = RowKeys & {
  readonly _id: string;
  /** The registry id of the organisation. */
  readonly party: string;
  readonly kind: string;
  readonly record: string;
  readonly sortAt: Date;
};

/** An organisation that takes part in a record. `told` counts its notices. */
type Party = PartyRow & { readonly told: number };

/**
 * A subject of a workflow: a record, a thread of an organisation, or a part of the record, such as a stage. Both are
 * null for the record itself.
 */
export type Threaded = { readonly organisation: string | null; readonly part?: string | null };

/** Returns whether the record itself is meant, not one of its threads or parts. */
export function isOfRecord({ organisation, part = null }: Threaded): boolean {
  return organisation === null && part === null;
}

/** A record, a thread or a part in a workflow. */
export type InWorkflow = Threaded & {
  readonly of: Workflow;
  readonly kind: Pick<Kind, 'type' | 'collection'>;
  readonly record: string;
  readonly content: Content;
  /** The organisations that the audience names. Only a workflow that informs its readers needs them. */
  readonly readers?: readonly string[];
};

/** The indexes of rows for one organisation: the index decides which of them a reader may see, as for join rows. */
export const partyIndex = { admits: 1, party: 1, kind: 1, sortAt: -1, _id: -1, openFrom: 1 } as const;
export const earlyPartyIndex = {
  admitsEarly: 1,
  party: 1,
  kind: 1,
  sortAt: -1,
  _id: -1,
  openFrom: 1,
} as const;

/** Creates the indexes by which rows are found for a reader, and by their record. */
export async function createPartyIndexes(rows: Pick<Collection<PartyRow>, 'createIndexes'>): Promise<void> {
  await rows.createIndexes([
    { key: partyIndex },
    { key: earlyPartyIndex, partialFilterExpression: { openFrom: { $gt: new Date(0) } } },
    { key: { record: 1 } },
  ]);
}

/** The organisations that take part in records. */
export function partiesIn({ connection }: Connected): Collection<Party> {
  return connection.collection<Party>('parties');
}

/**
 * Returns the organisations that take part: those of the record's relations, and the one of the thread. A move on the record
 * itself concerns all `threads`, unless its state is shown to one side only. `content` has the facts too, which name members.
 * A workflow that informs its readers concerns all organisations that the audience names. `standing` has the state of the
 * record or the thread: the organisation of a thread of which it does not know yet takes no part.
 */
export function partiesOf(
  {
    of,
    content,
    organisation,
    readers = [],
  }: Pick<InWorkflow, 'of' | 'content' | 'organisation' | 'readers'>,
  standing: { readonly state: string },
  threads: readonly string[] = [],
): readonly string[] {
  const named = Object.entries(of.relations).flatMap(([name, { field }]) =>
    name === of.subject || field === undefined ? [] : organisationsIn(content[field]),
  );
  const concerned = of.shownTo === undefined ? threads : [];
  const informed = of.informs === undefined ? [] : readers;
  const ofThread = organisation !== null && isKnown(of, standing) ? [organisation] : [];
  return [...new Set([...named, ...informed, ...(organisation === null ? concerned : ofThread)])];
}

/** Returns the relations of an organisation to a record or a thread. */
export function relationsOf(
  { of, content, organisation }: Pick<InWorkflow, 'of' | 'content' | 'organisation'>,
  party: string,
): ReadonlySet<string> {
  const reader = { organisation: party, subject: null, roles: [], offices: [], memberState: null };
  return actorOn(of, { reader, now: new Date(0) }, content, organisation).relations;
}

/**
 * Registers a party of a record unless it is registered already. Returns the access keys of the record. With `isTold`, the
 * row is locked until the transaction ends: a change of the keys meanwhile makes it fail, so no notice has older keys.
 */
export async function registerParty(
  store: Connected,
  { kind, record }: Pick<InWorkflow, 'kind' | 'record'>,
  party: string,
  { sortAt, isTold }: { readonly sortAt: Date; readonly isTold: boolean },
  session: ClientSession,
): Promise<RowKeys> {
  const _id = `${record} ${party}`;
  const parties = partiesIn(store);
  if ((await parties.findOne({ _id }, { session, projection: { _id: 1 } })) === null) {
    const keys = await keysOf(store, { kind, record }, session);
    await parties.insertOne({ _id, party, kind: kind.type, record, sortAt, told: 0, ...keys }, { session });
  }
  if (!isTold) return noKeys;
  const found = await parties.findOneAndUpdate(
    { _id },
    { $inc: { told: 1 } },
    { session, returnDocument: 'after' },
  );
  return found === null ? noKeys : keysIn(found);
}

/** Returns the keys of a stored record. A record that the transaction has yet to insert gives them to its rows then. */
async function keysOf(
  { connection }: Connected,
  { kind, record }: Pick<InWorkflow, 'kind' | 'record'>,
  session: ClientSession,
): Promise<RowKeys> {
  const projection = { admits: 1, admitsEarly: 1, openFrom: 1, policy: 1 } as const;
  const found = await connection
    .collection<StoredRecord>(kind.collection)
    .findOne({ _id: record }, { session, projection });
  return found === null ? noKeys : keysIn(found);
}

const noKeys: RowKeys = { admits: [], admitsEarly: [], openFrom: new Date(0), policy: '' };

function keysIn({ admits, admitsEarly, openFrom, policy }: RowKeys): RowKeys {
  return { admits, admitsEarly, openFrom, policy };
}

/** Returns the updates that give the rows of records the keys that the records have now: all rows, or those of one organisation. */
export function rekeyed(
  records: readonly (RowKeys & Pick<StoredRecord, '_id'>)[],
  party?: string,
): readonly AnyBulkWriteOperation<PartyRow>[] {
  const of = party === undefined ? {} : { party };
  return records.map((record) => ({
    updateMany: { filter: { record: record._id, ...of }, update: { $set: keysIn(record) } },
  }));
}
