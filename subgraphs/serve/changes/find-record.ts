import type { ClientSession } from 'mongodb';
import type { Policy, ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import type { Kind } from '../kind.ts';
import { recordsOf, schemaOf } from '../store/collections.ts';
import { type CommunityStore, earlyIdIndex, idIndex } from '../store/store.ts';

/** Finds the record to change in two steps, so that a record that the reader may not see is never loaded. */
export type Finder = {
  /**
   * Returns the envelope of a record that the reader's access keys admit, without its content; null for any other. An
   * index decides, so time and work do not depend on a hidden record.
   */
  envelope(kind: Kind, id: string): Promise<Envelope | null>;
  /** Returns the whole record in the current document version; null if none exists that this program can read. */
  record(kind: Kind, id: string): Promise<StoredRecord | null>;
};

/** Returns a finder for one reader, in a transaction. */
export function finderIn(store: CommunityStore, readerAccess: ReaderAccess, session: ClientSession): Finder {
  const { now } = readerAccess;
  return {
    envelope: async (kind, id) => {
      const held = [...readerAccess.keys(kind.type)];
      const open = { _id: id, admits: { $in: held }, openFrom: { $lte: now } };
      const early = { _id: id, admitsEarly: { $in: held }, openFrom: { $gt: now } };
      const projection = { envelope: 1 };
      // Without the hint, the index of ids would be used, which loads the record to compare its access keys.
      return (
        (
          (await recordsOf(store, kind.type).findOne(open, { session, projection, hint: idIndex })) ??
          (await recordsOf(store, kind.type).findOne(early, { session, projection, hint: earlyIdIndex }))
        )?.envelope ?? null
      );
    },
    record: async (kind, id) => {
      const found = await recordsOf(store, kind.type).findOne({ _id: id }, { session });
      return found === null ? null : schemaOf(store, kind.type).read(found);
    },
  };
}

/**
 * Returns a record that the reader may read with all of these fields, and that is neither retracted nor erased. Null for any
 * other. The envelope is decided first, so a hidden record costs what one costs that does not exist.
 */
export async function readableOf(
  { policy, readerAccess }: { readonly policy: Policy; readonly readerAccess: ReaderAccess },
  find: Finder,
  kind: Kind,
  id: string,
  fields: readonly string[] = [],
): Promise<StoredRecord | null> {
  const envelope = await find.envelope(kind, id);
  const row = envelope === null ? null : policy.decideRow(envelope, kind.type, readerAccess);
  if (envelope === null || row === null || fields.some((name) => row.hidden.has(name))) return null;
  const isOver = envelope.recordState === 'RETRACTED' || envelope.recordState === 'ERASED';
  return isOver ? null : await find.record(kind, id);
}

/** The dependencies of a decision on a record that a move names. */
export type NamingParts = {
  readonly kinds: readonly Kind[];
  readonly policy: Policy;
  readonly readerAccess: ReaderAccess;
  readonly find: Finder;
};

/** Returns a record of a kind that a move names, if the reader may read it with these fields. Null for any other. */
export async function namedRecord(
  { kinds, find, ...by }: NamingParts,
  type: string,
  id: string,
  fields: readonly string[],
): Promise<StoredRecord | null> {
  const kind = kinds.find((one) => one.type === type);
  if (kind === undefined) throw new Error(`expected a kind of record of this community, got ${type}`);
  return await readableOf(by, find, kind, id, fields);
}
