import mongoose from 'mongoose';
import { readWhole } from '../../../schema/settings.ts';
import type { CommunityPart } from '../community.ts';
import { storeSettings } from '../settings.ts';
import { type CommunityStore, openStore } from '../store.ts';

/** Opens the community's own store for one command, and closes it after. Throws where it does not answer. */
export async function withStore<Result>(
  community: CommunityPart,
  use: (store: CommunityStore) => Promise<Result>,
): Promise<Result> {
  const { storeUri } = readWhole(storeSettings, process.env);
  const store = openStore(storeUri, community.kinds, () => undefined);
  try {
    const waited = Date.now() + 5000;
    while (store.connection.readyState !== mongoose.ConnectionStates.connected) {
      if (Date.now() > waited) throw new Error("the community's store does not answer: see that it runs");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return await use(store);
  } finally {
    await store.connection.close();
  }
}

/** One line for the operator. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
