import { expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStores } from '../../../docker/trial/stores/stores.ts';
import { watchOrganisations } from '../../../gateway/registry/watch-organisations.ts';

/** Waits until a condition holds, 5 s at most. Returns the milliseconds. */
async function until(holds: () => boolean): Promise<number> {
  const began = performance.now();
  while (!holds() && performance.now() - began < 5000) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(holds()).toBe(true);
  return performance.now() - began;
}

test('counts each change within a second, and knows nothing a second after the store went away', async () => {
  const home = mkdtempSync(join(tmpdir(), 'jcu-organisations-'));
  const stores = await startStores({ home });
  const client = await new MongoClient(stores.uris.hub, { serverSelectionTimeoutMS: 500 }).connect();
  const reported: unknown[] = [];
  const watch = watchOrganisations(client.db(), (error) => void reported.push(error));
  try {
    expect(watch.epoch()).toBeNull();
    await until(() => watch.epoch() !== null);
    const organisations = client.db().collection<{ _id: string; name: string }>('organisations');
    for (const turn of [1, 2, 3]) {
      const before = watch.epoch();
      const change = { $set: { name: `EXERCISE ${turn}` } };
      await organisations.updateOne({ _id: 'csirt-fr' }, change, { upsert: true });
      expect(await until(() => watch.epoch() !== before)).toBeLessThan(1000);
    }
    await stores.stop();
    expect(await until(() => watch.epoch() === null)).toBeLessThan(1000);
    await until(() => reported.length > 0);
  } finally {
    await watch.stop();
    await client.close();
    await stores.stop();
    rmSync(home, { recursive: true, force: true });
  }
});
