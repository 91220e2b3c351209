import { readOrThrow } from '../../schema/runtime/settings/settings.ts';
import { formatSettings } from '../../schema/runtime/settings/help.ts';
import { waitAtMost } from '../trial/patience.ts';
import { openServerAsAdmin } from '../trial/stores/admin.ts';
import { updateUsers } from '../trial/stores/users.ts';
import { setupSettings } from './settings.ts';

const readyMs = 300_000;

/**
 * Prepares one store at each start: the one-node replica set, the administrator, and the store's user with its current
 * rights and password. Runs in the store's network namespace, because MongoDB allows the first user to be created over the
 * loopback only.
 */
async function setUp(): Promise<void> {
  const { owner, member, local, caFile, adminPassword, password } = readOrThrow(setupSettings, process.env);
  const server = { local, member, set: 'jcu', admin: 'jcu-admin', caFile };
  await using admin = await openServerAsAdmin(server, adminPassword, waitAtMost(readyMs));
  await updateUsers(admin, [owner], () => password);
  process.stdout.write(`the store of ${owner} is ready at ${member}\n`);
}

try {
  if (process.argv.includes('--help'))
    process.stdout.write(
      `Prepares one store: its replica set, its administrator and its user.\n\nExample:\n  node docker/deploy/setup-store.ts\n\nSettings:\n${formatSettings(Object.values(setupSettings))}`,
    );
  else await setUp();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
