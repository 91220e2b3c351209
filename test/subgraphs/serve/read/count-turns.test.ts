import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { kinds } from '../../../../subgraphs/cert-eu/records.ts';
import { Loaders } from '../../../../subgraphs/serve/read/loaders.ts';
import { type CommunityStore, openStore } from '../../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../../helpers/own-store.ts';
import { policy } from '../../../helpers/policy.ts';
import { storeRows } from '../relabel/rows.ts';
import { envelopeOf, readerOf } from '../../../helpers/records.ts';

const now = new Date('2026-11-24T12:00:00Z');
let own: OwnStore;
let watched: CommunityStore;
let most = 0;
const counting = new Set<number>();

beforeAll(async () => {
  own = await openOwnStore('cert-eu', kinds);
  await storeRows(own.store, [envelopeOf(), envelopeOf()], policy);
  watched = openStore(own.uri, kinds, fail, () => undefined, { monitorCommands: true });
  await watched.connection.asPromise();
  const client = watched.connection.getClient();
  client.on('commandStarted', ({ requestId, command }) => {
    if (!JSON.stringify(command).includes('$group')) return;
    counting.add(requestId);
    most = Math.max(most, counting.size);
  });
  client.on('commandSucceeded', ({ requestId }) => void counting.delete(requestId));
});
afterAll(async () => {
  await watched.connection.close();
  await own.stop();
});

function fail(error: unknown): never {
  throw error;
}

test('counts two lists at once for one reader, however many an operation asks for, and counts all of them', async () => {
  const readerAccess = policy.accessOf(readerOf(), now);
  const loaders = new Loaders({
    store: watched,
    kinds,
    policy,
    readerAccess,
    cursorKey: Buffer.alloc(32, 7),
  });
  const pages = Array.from({ length: 40 }, async () => await loaders.list('Advisory', { first: 0 }));
  const totals = await Promise.all(
    (await Promise.all(pages)).map(async (page) => await page.total({ max: 10 })),
  );
  expect(totals).toEqual(totals.map(() => ({ value: 2, exact: true })));
  // Each count has two scans: open records, and those under an embargo.
  expect([most > 0, most <= 4]).toEqual([true, true]);
});
