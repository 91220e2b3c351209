import { join } from 'node:path';
import { waitAtMost } from '../../../docker/trial/patience.ts';
import { openAsAdmin } from '../../../docker/trial/stores/admin.ts';
import { openSecrets } from '../../../docker/trial/stores/secrets.ts';
import type { StoreName } from '../../../docker/trial/stores/stores.ts';
import type { Trial } from '../../../docker/trial/trial.ts';

/**
 * Makes the primary of a store step down for some seconds. Its replica set has one node, which then elects itself again:
 * until then the store has no primary.
 */
export async function stepDown({ home, stores }: Trial, name: StoreName, seconds: number): Promise<void> {
  const secrets = await openSecrets(join(home.folder, 'stores'), [name]);
  const { port } = new URL(stores.uris[name]);
  await using admin = await openAsAdmin(Number(port), secrets.server(name).admin, waitAtMost(30_000));
  await admin.db('admin').command({ replSetStepDown: seconds, force: true });
}
