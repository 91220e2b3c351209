import { readOrThrow } from '../../../schema/runtime/settings/settings.ts';
import type { CommunityPart } from '../graph/community.ts';
import { storeSettings } from '../settings.ts';
import { type CommunityStore, openStore, untilOpen } from '../store/store.ts';

/** Opens the community's store for one command and closes it afterwards. Throws if the store does not answer. */
export async function withStore<Result>(
  community: CommunityPart,
  use: (store: CommunityStore) => Promise<Result>,
): Promise<Result> {
  const { storeUri } = readOrThrow(storeSettings, process.env);
  const store = openStore(storeUri, community.kinds, () => undefined);
  try {
    await untilOpen(store, 5000);
    return await use(store);
  } finally {
    await store.connection.close();
  }
}

/** Prints one line for the operator. */
export function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
