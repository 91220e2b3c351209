import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStores } from '../../../../docker/trial/stores/stores.ts';
import type { Community } from '../../../../schema/record/vocabulary.ts';
import { community as defence } from '../../../../subgraphs/defence/community.ts';
import { community as jointUnit } from '../../../../subgraphs/joint-unit/community.ts';
import { type CommunityStore, openStore } from '../../../../subgraphs/serve/store/store.ts';
import type { Kind } from '../../../../subgraphs/serve/kind.ts';
import type { Road, Size } from '../road.ts';
import { checkAnswers } from './acts.ts';
import { inboxRoads } from './inbox-roads.ts';
import { moveRoads } from './move-roads.ts';
import { releaseRoads } from './release-roads.ts';

/** The roads on one server, with what a test needs to watch it. */
export type OpenedRoads = {
  readonly roads: readonly Road[];
  readonly home: string;
  readonly uri: string;
  stop(): Promise<void>;
};

/**
 * Fills stores on one server with records that are hidden from a reader, and returns every road to them over moves, releases
 * and the inbox, below the hub.
 */
export async function openMoveRoads(size: Size): Promise<OpenedRoads> {
  const home = mkdtempSync(join(tmpdir(), 'jcu-move-roads-'));
  const stores = await startStores({ home });
  const opened: CommunityStore[] = [];
  const stop = async (): Promise<void> => {
    for (const { connection } of opened) await connection.close();
    await stores.stop();
    rmSync(home, { recursive: true, force: true });
  };
  const open = async (name: Community, kinds: readonly Kind[]): Promise<CommunityStore> => {
    const store = openStore(stores.uris[name], kinds, (error) => {
      throw error;
    });
    opened.push(store);
    await store.connection.asPromise();
    await store.indexed;
    return store;
  };
  try {
    const roads = [
      ...(await releaseRoads(await open('defence', defence.kinds), size)),
      ...(await moveRoads(await open('joint-unit', jointUnit.kinds), size.bytes)),
      // Two stores of the joint unit, in databases of other communities on the same server.
      ...(await inboxRoads(
        await open('eeas', jointUnit.kinds),
        await open('europol', jointUnit.kinds),
        size.records,
      )),
    ];
    await checkAnswers(roads);
    return { roads, home, uri: stores.uris['joint-unit'], stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
