import { BlockList } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Db, MongoClient } from 'mongodb';
import { startStores } from '../../../docker/trial/stores/stores.ts';
import type { Webhook } from '../../../gateway/registry/webhooks.ts';

/** Opens the hub's store as the hub's user, with its rights. */
export async function openHubDb(): Promise<AsyncDisposable & { readonly db: Db }> {
  const home = mkdtempSync(join(tmpdir(), 'jcu-webhooks-'));
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

/** Networks of a trial: the loopback is permitted. */
export const ofTrial = { production: false, permitted: new BlockList() };

/** A key, and the secret that the receiver has. */
export const key = Buffer.alloc(32, 5);
export const secret = `whsec_${key.toString('base64')}`;

/** Returns a webhook of the Polish CSIRT. */
export function webhookTo(url: string, changes: Partial<Webhook> = {}): Webhook {
  return {
    _id: 'pl-desk',
    organisation: 'csirt-pl',
    subject: 'm-1',
    purpose: 'incident-response',
    picture: 'real',
    url,
    secret: 'csirt-pl',
    from: new Date(0),
    until: null,
    ...changes,
  };
}
