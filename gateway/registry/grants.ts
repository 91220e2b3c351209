import type { Collection } from 'mongodb';
import { isOfEmergency } from '../../schema/record/release.ts';

/** A grant of a provider or an originator to one organisation, beyond a record's audience, valid until `until`. */
export type GrantEntry = {
  readonly _id: string;
  readonly by: string;
  readonly to: string;
  readonly until: Date;
  /** Of an emergency release: the only person of the organisation who gets it, or null for all. */
  readonly person?: string | null;
};

/**
 * The most grants in force to one organisation, those of them by one other, and those that are read for a request. Each gives
 * all readers of the organisation more access keys, of which a query takes a limited number. Emergency releases have places
 * that no other release can take.
 */
export const maxGrants = {
  standing: { to: 24, by: 8 },
  emergency: { to: 6, by: 3 },
  read: 30,
} as const;
/** The time for which an entry is kept after its end. */
const keptMs = 86_400_000;

/**
 * Enters grants in the registry. A grant that is there already stays as it is. Returns false, without the rest of them, if
 * the organisation that would get one has more than `maxGrants` in force. A grant has no effect until a record names it.
 */
export async function keepGrants(
  grants: Collection<GrantEntry>,
  entries: readonly GrantEntry[],
  now: Date,
  ms: number,
): Promise<boolean> {
  for (const { _id, ...entry } of entries) {
    const { by, to } = entry;
    const inForce = { to, until: { $gt: now } };
    const all = await grants.find(inForce, { projection: { by: 1 }, maxTimeMS: ms }).toArray();
    if (all.some((one) => one._id === _id)) continue;
    const found = all.filter((one) => isOfEmergency(one._id) === isOfEmergency(_id));
    const max = maxGrants[isOfEmergency(_id) ? 'emergency' : 'standing'];
    if (found.length >= max.to || found.filter((one) => one.by === by).length >= max.by) return false;
    await grants.updateOne(
      { _id },
      { $setOnInsert: entry },
      { upsert: true, writeConcern: { w: 'majority', journal: true, wtimeoutMS: ms } },
    );
  }
  await grants.deleteMany({ until: { $lt: new Date(now.getTime() - keptMs) } });
  return true;
}

/** Creates the indexes by which grants are looked up and removed. */
export async function indexGrants(grants: Collection<GrantEntry>): Promise<void> {
  await grants.createIndexes([
    { key: { to: 1, until: 1 }, name: 'recipient' },
    { key: { until: 1 }, name: 'end' },
  ]);
}
