import { readOrThrow } from '../../schema/runtime/settings/settings.ts';
import { formatSettings } from '../../schema/runtime/settings/help.ts';
import { openServerAsAdmin } from '../trial/stores/admin.ts';
import { keepUsers } from '../trial/stores/users.ts';
import { setupSettings } from './settings.ts';

const readyMs = 60_000;

/**
 * Prepares one store, the first time and at each start: its replica set of one node, its administrator, and its one
 * user with the rights and the password of today. It runs where the store's loopback is, since MongoDB lets nobody else
 * make the first user.
 */
async function setUp(): Promise<void> {
  const { owner, member, local, caFile, adminPassword, password } = readOrThrow(setupSettings, process.env);
  const server = { local, member, set: 'jcu', admin: 'jcu-admin', caFile };
  await using admin = await openServerAsAdmin(server, adminPassword, readyMs);
  await keepUsers(admin, [owner], () => password);
  process.stdout.write(`the store of ${owner} is ready at ${member}\n`);
}

try {
  if (process.argv.includes('--help'))
    process.stdout.write(`Prepares one store.\n\nSettings:\n${formatSettings(Object.values(setupSettings))}`);
  else await setUp();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
