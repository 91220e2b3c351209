import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStores } from '../../../../docker/trial/stores/stores.ts';
import { compileFilter } from '../../../../schema/policy/decide/filter.ts';
import { countLinks } from '../../../../subgraphs/serve/read/queries.ts';
import { isLongAway, openStore } from '../../../../subgraphs/serve/store/store.ts';
import { community } from '../ingest/bulletins.ts';

test('makes requests wait once for a store that is away, then fail at once, and reconnects', async () => {
  const home = mkdtempSync(join(tmpdir(), 'jcu-away-'));
  const first = await startStores({ home });
  const store = openStore(first.uris['cert-eu'], community.kinds, () => undefined);
  const count = async () =>
    await countLinks(store, 'Bulletin', 'any', compileFilter(['none'], new Date()), 10);
  try {
    await store.connection.asPromise();
    expect(await count()).toEqual([]);
    await first.stop();
    await expect(count()).rejects.not.toThrow('for longer than a request waits');
    while (!isLongAway(store.connection)) await pause(50);
    const began = performance.now();
    await expect(count()).rejects.toThrow('unreachable for longer than a request waits');
    expect(performance.now() - began).toBeLessThan(500);
    await using _again = await startStores({ home });
    const answers = async () => await count().catch(() => null);
    while ((await answers()) === null) await pause(50);
    expect(await count()).toEqual([]);
  } finally {
    await store.connection.close();
    await first.stop();
    rmSync(home, { recursive: true, force: true });
  }
});
