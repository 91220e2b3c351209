import type { ClientSession } from 'mongodb';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import type { Content } from '../record/content.ts';
import { joinReading, type OfRecord } from '../record/join-reading.ts';
import { linksOf, recordsOf, schemaOf } from '../store/collections.ts';
import type { KeyPolicy } from '../store/key-assigner.ts';
import type { CommunityStore } from '../store/store.ts';
import { type RecordWrite, toDocument } from '../store/write.ts';
import { isSame, type Reading } from './reading.ts';
import { withoutEndedSharing } from '../record/ended-sharing.ts';
import { Refused } from './refused.ts';

/** A part to mark up: a record that belongs to the marked one, with its envelope before. */
export type MarkedPart = { readonly write: RecordWrite; readonly before: Envelope };

/** The most parts that the reader may see and one change marks up. A transaction with more would not end in time. */
const maxVisible = 5000;
/** The most parts that are read. It is so high because a refusal by hidden parts would disclose that there are some. */
const maxParts = 20_000;
const atOnce = 500;

/**
 * Returns the writes that mark up everything that belongs to a record, such as the sightings of a MISP event, and
 * everything that belongs to those. Each part gets the stricter value of its own reading and `reading` on each scale.
 * Parts that are strict enough stay. Throws Refused for more than `maxVisible` parts for which `isVisible` is true, and
 * for more than `maxParts` parts in all.
 */
export async function markParts(
  store: CommunityStore,
  id: string,
  reading: Reading,
  {
    isVisible,
    keyPolicy,
    now,
    session,
  }: {
    readonly isVisible: (envelope: Envelope, kind: string) => boolean;
    readonly keyPolicy: KeyPolicy;
    readonly now: Date;
    readonly session: ClientSession;
  },
): Promise<readonly MarkedPart[]> {
  const parts = await findParts(store, id, session);
  const marked: MarkedPart[] = [];
  let visible = 0;
  for (const [kind, ids] of Map.groupBy(parts, kindOf)) {
    for (let from = 0; from < ids.length; from += atOnce) {
      const some = ids.slice(from, from + atOnce);
      const found = await recordsOf(store, kind)
        .find({ _id: { $in: some } }, { session })
        .toArray();
      visible += found.filter(({ envelope }) => isVisible(envelope, kind)).length;
      if (visible > maxVisible) throw tooMany();
      const changed = found.flatMap((one) => markPart(store, kind, one, reading, keyPolicy, now) ?? []);
      const changedIds = changed.map(({ write }) => write.record._id);
      const rows = await linksOf(store)
        .find({ record: { $in: changedIds } }, { session })
        .toArray();
      const keysOf = Map.groupBy(rows, ({ record }) => record);
      for (const part of changed) {
        const keys = (keysOf.get(part.write.record._id) ?? []).map(({ key }) => key);
        marked.push({ ...part, write: { ...part.write, keys } });
      }
    }
  }
  return marked;
}

/** Returns the ids of the records that belong to a record, and to those. */
async function findParts(
  store: CommunityStore,
  id: string,
  session: ClientSession,
): Promise<readonly string[]> {
  const known = new Set([id]);
  let frontier: readonly string[] = [id];
  while (frontier.length > 0) {
    const rows = await linksOf(store)
      .find({ key: { $in: frontier } }, { session, projection: { record: 1 }, limit: maxParts + 1 })
      .toArray();
    frontier = [...new Set(rows.map(({ record }) => record))].filter((record) => !known.has(record));
    for (const record of frontier) known.add(record);
    if (rows.length > maxParts || known.size > maxParts + 1) throw tooMany();
  }
  known.delete(id);
  return [...known];
}

/** The message has no number, so that it is the same for visible and for hidden parts. */
function tooMany(): Refused {
  const message = 'more records belong to it than one change can mark: mark them in the source and import it';
  return new Refused('INVALID', ['id'], message);
}

function kindOf(id: string): string {
  return id.slice(0, id.indexOf(':'));
}

function markPart(
  store: CommunityStore,
  kind: string,
  stored: StoredRecord,
  reading: Reading,
  keyPolicy: KeyPolicy,
  now: Date,
): MarkedPart | null {
  const schema = schemaOf(store, kind);
  const record = schema.read(stored);
  if (record === null)
    throw new Refused(
      'INVALID',
      ['id'],
      'a newer program wrote a record that belongs to it: update this program first',
    );
  const { envelope: before } = record;
  const stricter = joinReading(before, reading);
  if (before.recordState === 'ERASED' || isEqual(stricter, before)) return null;
  const next: Envelope = {
    ...before,
    ...stricter,
    version: before.version + 1,
    modifiedAt: { utc: now, precision: 'MILLISECOND', declaredZone: null },
    // Importing the source again would otherwise open the part.
    raisedByHand: true,
  };
  const envelope = withoutEndedSharing(next, before, now);
  const { _id, feed, sortAt, contentHash } = record;
  const unkeyed = { _id, feed, sortAt, contentHash, envelope, content: record.content as Content };
  const written = toDocument(kind, unkeyed, keyPolicy, schema, record);
  return { write: { kind, record: written, before, keys: [], unlisted: new Set() }, before };
}

function isEqual(one: OfRecord, other: OfRecord): boolean {
  return (
    isSame(one.marking, other.marking) &&
    isSame(one.audience, other.audience) &&
    isSame(one.purposes, other.purposes) &&
    (one.embargoUntil?.getTime() ?? 0) === (other.embargoUntil?.getTime() ?? 0)
  );
}
