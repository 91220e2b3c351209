import { MongoClient } from 'mongodb';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStores } from '../../../docker/trial/stores/stores.ts';

/** A member of an organisation in the registry. */
export const member = {
  _id: 'u-1',
  organisation: 'csirt-fr',
  roles: ['csirt-analyst'],
  sharingGroups: ['g-1'],
  until: null,
};
/** The organisation of the member. */
export const organisation = {
  _id: 'csirt-fr',
  name: 'CSIRT FR (EXERCISE)',
  kind: 'CSIRT',
  communities: ['cyber-defence'],
  memberState: 'FR',
};

/** The hub's store of a trial, empty. */
export async function startRegistry() {
  const home = mkdtempSync(join(tmpdir(), 'jcu-registry-'));
  const stores = await startStores({ home });
  const client = new MongoClient(stores.uris.hub);
  return {
    db: client.db(),
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await stores.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
