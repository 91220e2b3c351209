import type { Collection } from 'mongodb';

/** A grant of a provider or an originator to one organisation, beyond a record's audience, valid until `until`. */
export type GrantEntry = {
  readonly _id: string;
  readonly by: string;
  readonly to: string;
  readonly until: Date;
};

/** The most grants in force of one organisation, and those to one other: each is a right that its readers' requests look up. */
export const maxGrants = { by: 500, to: 50 } as const;
/** How long an entry stays after its end. */
const keptMs = 86_400_000;

/**
 * Enters grants in the registry. A grant that is there already stays as it is. Returns false, without the rest of them, if
 * their organisation has more than `maxGrants` in force. A grant has no effect until a record names it.
 */
export async function keepGrants(
  grants: Collection<GrantEntry>,
  entries: readonly GrantEntry[],
  now: Date,
  ms: number,
): Promise<boolean> {
  for (const { _id, ...entry } of entries) {
    const { by, to } = entry;
    const inForce = { by, until: { $gt: now }, _id: { $ne: _id } };
    const count = async (more: object, limit: number): Promise<number> =>
      await grants.countDocuments({ ...inForce, ...more }, { limit, maxTimeMS: ms });
    const [all, same] = await Promise.all([count({}, maxGrants.by), count({ to }, maxGrants.to)]);
    if (all >= maxGrants.by || same >= maxGrants.to) return false;
    await grants.updateOne(
      { _id },
      { $setOnInsert: entry },
      { upsert: true, writeConcern: { w: 'majority', journal: true, wtimeoutMS: ms } },
    );
    await grants.deleteMany({ by, until: { $lt: new Date(now.getTime() - keptMs) } });
  }
  return true;
}

/** Creates the indexes by which grants are counted and looked up. */
export async function indexGrants(grants: Collection<GrantEntry>): Promise<void> {
  await grants.createIndexes([
    { key: { to: 1, until: 1 }, name: 'recipient' },
    { key: { by: 1, until: 1 }, name: 'originator' },
  ]);
}
