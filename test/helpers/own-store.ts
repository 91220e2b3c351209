import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStores } from '../../docker/trial/stores/stores.ts';
import type { Community } from '../../schema/record/vocabulary.ts';
import type { Kind } from '../../subgraphs/serve/kind.ts';
import { type CommunityStore, openStore } from '../../subgraphs/serve/store/store.ts';

/** A community's store on a separate server of the test. */
export type OwnStore = {
  readonly store: CommunityStore;
  readonly uri: string;
  /** The folder of the server. */
  readonly home: string;
  stop(): Promise<void>;
};

/** Starts a server and opens one community's store on it, with all indexes. */
export async function openOwnStore(community: Community, kinds: readonly Kind[]): Promise<OwnStore> {
  const home = mkdtempSync(join(tmpdir(), 'jcu-own-store-'));
  const stores = await startStores({ home });
  const uri = stores.uris[community];
  const store = openStore(uri, kinds, (error) => {
    throw error;
  });
  await store.connection.asPromise();
  await store.indexed;
  return {
    store,
    uri,
    home,
    stop: async () => {
      await store.connection.close();
      await stores.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
