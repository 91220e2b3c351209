import { withDatabase } from './client.ts';
import { organisations, readers } from './issuer/readers.ts';
import { trialOffices } from './offices.ts';

/** Inserts the trial's organisations, memberships, offices and onward shares into the hub's registry; keeps existing entries. */
export async function seedRegistry(hubUri: string): Promise<void> {
  await withDatabase(hubUri, async (db) => {
    await db
      .collection<{ _id: string }>('organisations')
      .bulkWrite(
        organisations.map(({ id, name, kind, communities, memberState, sector }) =>
          insertOnce(id, { name, kind, communities, memberState, sector }),
        ),
      );
    await db
      .collection<{ _id: string }>('memberships')
      .bulkWrite(
        readers.map(({ subject, organisation, roles }) =>
          insertOnce(subject, { organisation, roles, sharingGroups: [], until: null }),
        ),
      );
    await db
      .collection<{ _id: string }>('offices')
      .bulkWrite(trialOffices.map(({ _id, ...entry }) => insertOnce(_id, entry)));
    await db
      .collection<{ _id: string }>('onwardShares')
      .bulkWrite(trialShares.map(({ _id, ...entry }) => insertOnce(_id, entry)));
  });
}

/** The onward shares of the trial: a CSIRT's client may read what the CSIRT shares onward. */
const trialShares = [
  {
    _id: 'exercise-share-1',
    by: 'csirt-fr',
    client: 'nordsee-energy',
    need: 'EXERCISE: the client operates what is attacked',
    until: new Date('2036-01-01T00:00:00Z'),
  },
] as const;

function insertOnce(_id: string, entry: object) {
  return { updateOne: { filter: { _id }, update: { $setOnInsert: entry }, upsert: true } };
}
