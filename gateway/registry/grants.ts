import type { Collection } from 'mongodb';
import { isOfEmergency } from '../../schema/record/release.ts';

/** A grant of a provider or an originator to one organisation, beyond a record's audience, valid until `until`. */
export type GrantEntry = {
  readonly _id: string;
  readonly by: string;
  readonly to: string;
  readonly until: Date;
  /** True for an emergency release. It is read before other grants. */
  readonly emergency?: true;
  /** Of an emergency release or a proposed one: the only person of the organisation who gets it, or null for all. */
  readonly person?: string | null;
  /** The releases that were sent with this grant and not refused. Absent in an entry that no release made. */
  readonly uses?: number;
  /** Of a proposed release that nobody has confirmed: the end of its place, when the proposal lapses. */
  readonly lapsesAt?: Date;
  /** While no confirmation of a proposed release is known to be made: the `lapsesAt` that is put back if all are refused. */
  readonly waitedUntil?: Date;
  /** The confirmations whose results the hub does not know (`confirmations.ts`). */
  readonly unsettled?: readonly { readonly attempt: string; readonly release: string; readonly at: Date }[];
  /** The proposed releases that were withdrawn and gave their use back, at most `maxWithdrawn`: none gives it back twice. */
  readonly withdrawn?: readonly string[];
};

/** The parts of a grant that decide what its organisation's members may read. */
export type ReadGrant = Pick<GrantEntry, '_id' | 'by' | 'until' | 'person'>;
/** The fields of `ReadGrant`: what an originator writes often, such as `withdrawn`, costs the other organisation nothing. */
export const readGrantFields = { by: 1, until: 1, person: 1 } as const;

/** Returns the condition of grants that have not lapsed at a time. */
export function hasNotLapsed(now: Date) {
  return { $or: [{ lapsesAt: { $exists: false } }, { lapsesAt: { $gt: now } }] };
}

/**
 * The most grants in force to one organisation, those of them by one other, and those that are read for a request. Each gives
 * all readers of the organisation more access keys, of which a query takes a limited number. Emergency releases have
 * their own places.
 */
export const maxGrants = {
  standing: { to: 20, by: 8 },
  emergency: { to: 6, by: 3 },
  // Entries of two hubs at once can exceed the limits by a few.
  read: 30,
} as const;
/** The most withdrawals that give back a use of one grant. After more of them, its place is free when its last proposal lapses. */
export const maxWithdrawn = 20;
/** The time for which an entry is kept after its end. */
const keptMs = 86_400_000;

/** The order in which the grants of an organisation are read, up to `maxGrants.read`. */
export const grantOrder = { emergency: -1, until: -1, _id: 1 } as const;

/**
 * Enters grants in the registry, all or none. A grant that is there already stays as it is, and counts one more use. Returns
 * false if the organisation that would get one has more than `maxGrants` in force. A grant has no effect until a record names
 * it.
 */
export async function keepGrants(
  grants: Collection<GrantEntry>,
  entries: readonly GrantEntry[],
  now: Date,
  ms: number,
): Promise<boolean> {
  const kept: string[] = [];
  for (const entry of entries) {
    if (!(await keepGrant(grants, entry, now, ms))) {
      for (const id of kept) await dropGrants(grants, [id], ms);
      return false;
    }
    kept.push(entry._id);
  }
  const over = { $lt: new Date(now.getTime() - keptMs) };
  await grants.deleteMany({ $or: [{ until: over }, { lapsesAt: over }] });
  return true;
}

async function keepGrant(
  grants: Collection<GrantEntry>,
  entry: GrantEntry,
  now: Date,
  ms: number,
): Promise<boolean> {
  if (await isUsed(grants, entry, now, ms)) return true;
  if (!(await hasRoom(grants, entry, now, ms))) return false;
  const { _id, ...terms } = entry;
  // A lapsed one has no place: the proposal with its terms takes one again.
  await grants.deleteOne({ _id, lapsesAt: { $lte: now } }, { maxTimeMS: ms });
  const fields = { ...terms, ...(isOfEmergency(_id) && { emergency: true as const }), uses: 1 };
  const { upsertedCount } = await grants.updateOne(
    { _id },
    { $setOnInsert: fields },
    { upsert: true, writeConcern: { w: 'majority', journal: true, wtimeoutMS: ms } },
  );
  // Another request entered it at the same time.
  if (upsertedCount === 0 && (await isUsed(grants, entry, now, ms))) return true;
  if (upsertedCount === 1 && (await hasRoom(grants, entry, now, ms))) return true;
  // Requests at once can all find the last place free. Then each of them gives it back.
  if (upsertedCount === 1) await dropGrants(grants, [_id], ms);
  return false;
}

/** Counts one more use of a grant that is there and has not lapsed. Returns whether it is. */
async function isUsed(
  grants: Collection<GrantEntry>,
  { _id, lapsesAt }: GrantEntry,
  now: Date,
  maxTimeMS: number,
): Promise<boolean> {
  const { matchedCount } = await grants.updateOne(
    { _id, uses: { $gt: 0 }, ...hasNotLapsed(now) },
    { $inc: { uses: 1 } },
    { maxTimeMS },
  );
  // The place of a confirmed one has no earlier end, so only that of another proposal is extended.
  if (matchedCount > 0 && lapsesAt !== undefined)
    for (const [end, extended] of [
      ['lapsesAt', { lapsesAt }],
      ['waitedUntil', { waitedUntil: lapsesAt }],
    ] as const)
      await grants.updateOne({ _id, [end]: { $exists: true } }, { $max: extended }, { maxTimeMS });
  if (matchedCount > 0) return true;
  return (await grants.findOne({ _id, uses: { $exists: false } }, { maxTimeMS })) !== null;
}

/** Returns whether the organisation has a place for a grant, in addition to the other ones of its kind in force. */
async function hasRoom(
  grants: Collection<GrantEntry>,
  { _id, by, to }: GrantEntry,
  now: Date,
  ms: number,
): Promise<boolean> {
  const inForce = { to, until: { $gt: now }, _id: { $ne: _id }, ...hasNotLapsed(now) };
  const all = await grants.find(inForce, { projection: { by: 1 }, maxTimeMS: ms }).toArray();
  const found = all.filter((one) => isOfEmergency(one._id) === isOfEmergency(_id));
  const max = maxGrants[isOfEmergency(_id) ? 'emergency' : 'standing'];
  return found.length < max.to && found.filter((one) => one.by === by).length < max.by;
}

/**
 * Takes back one use of each of these grants, whose releases were refused. A grant that no release uses is removed and frees
 * its place. Entries that no release made, such as those of an import, stay.
 */
export async function dropGrants(
  grants: Collection<GrantEntry>,
  ids: readonly string[],
  ms: number,
): Promise<void> {
  const those = { _id: { $in: [...ids] } };
  await grants.updateMany({ ...those, uses: { $gt: 0 } }, { $inc: { uses: -1 } }, { maxTimeMS: ms });
  await grants.deleteMany({ ...those, uses: 0 }, { maxTimeMS: ms });
}

/** Takes back the use of a grant whose proposed release was withdrawn, once for each of the first `maxWithdrawn` releases. */
export async function withdrawGrant(
  grants: Collection<GrantEntry>,
  { grant: _id, release }: { readonly grant: string; readonly release: string },
  ms: number,
): Promise<void> {
  const hasRoomToNote = { [`withdrawn.${maxWithdrawn - 1}`]: { $exists: false } };
  const those = { _id, uses: { $gt: 0 }, withdrawn: { $ne: release }, ...hasRoomToNote };
  const change = { $inc: { uses: -1 }, $push: { withdrawn: release } };
  await grants.updateOne(those, change, { maxTimeMS: ms });
  await grants.deleteMany({ _id, uses: 0 }, { maxTimeMS: ms });
}

/** Creates the indexes by which grants are looked up and removed. */
export async function indexGrants(grants: Collection<GrantEntry>): Promise<void> {
  await grants.createIndexes([
    { key: { to: 1, until: 1 }, name: 'recipient' },
    { key: { until: 1 }, name: 'end' },
  ]);
}
