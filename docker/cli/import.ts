import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importAliases } from '../../gateway/registry/import-aliases.ts';
import { communities } from '../../schema/record/vocabulary.ts';
import { withDatabase } from '../trial/client.ts';
import { policyEnv } from '../trial/policy-office.ts';
import { readState } from '../trial/state.ts';
import type { StoreName } from '../trial/stores/names.ts';
import { startStores } from '../trial/stores/stores.ts';
import { listenForTheEnd } from '../trial/shutdown-signal.ts';

/** An import's exit code where some of its records were rejected. */
const someRejected = 2;

/**
 * Runs a community's import as a process of its own, with that community's credentials and no other's. Uses the
 * stores of the trial that runs, JCU_STORE_URI where it is set, and otherwise starts the stores for the time.
 */
export async function importIntoCommunity(
  home: string,
  name: string,
  args: readonly string[],
): Promise<number> {
  const community = communities.find((one) => one === name);
  if (community === undefined) {
    throw new Error(`expected a community (${communities.join(', ')}) or "registry", got ${name}`);
  }
  return await withUri(home, community, async (uri) => await runImport(home, community, uri, args));
}

/** Takes alias tables (a MISP threat-actor galaxy, EU KEV's pairs of ids) into the hub's registry. */
export async function importAliasTable(home: string, files: readonly string[]): Promise<number> {
  if (files.length === 0 || files.includes('--help')) {
    process.stdout.write(
      'hub import registry FILE...\n  a MISP threat-actor galaxy, or EU KEV for its pairs of ids\n',
    );
    return files.length === 0 ? 1 : 0;
  }
  return await withUri(home, 'hub', async (uri) => {
    await withDatabase(uri, async (db) => {
      for (const file of files) {
        const done = await importAliases(db, JSON.parse(readFileSync(file, 'utf8')), new Date());
        const { table, version, rows, written } = done;
        process.stdout.write(
          `registry: ${table} version ${version}, ${rows} names, ${written ? 'written' : 'unchanged'}\n`,
        );
      }
    });
    return 0;
  });
}

/** Gives the URI of a store: of JCU_STORE_URI, of the trial that runs, or of stores that are started for the time. */
export async function withUri<Result>(
  home: string,
  store: StoreName,
  use: (uri: string) => Promise<Result>,
): Promise<Result> {
  const given = process.env['JCU_STORE_URI'] ?? (await readState(home))?.uris[store];
  if (given !== undefined) return await use(given);
  await using stores = await startStores({
    home: join(home, 'stores'),
    report: (line) => void process.stderr.write(`${line}\n`),
    told: listenForTheEnd(),
  });
  return await use(stores.uris[store]);
}

/** Ctrl-C reaches the import itself, which may be stopped at any moment; stores that were started for it stop after. */
async function runImport(
  home: string,
  community: string,
  uri: string,
  args: readonly string[],
): Promise<number> {
  const child = await spawnImport(home, community, uri, args, 'inherit');
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

async function spawnImport(
  home: string,
  community: string,
  uri: string,
  args: readonly string[],
  stdio: 'inherit' | 'pipe',
) {
  const file = join(import.meta.dirname, '..', '..', 'subgraphs', community, 'import.ts');
  const rejects = ['--rejects', join(home, 'rejects')];
  const env = { ...process.env, ...(await policyEnv(home)), JCU_STORE_URI: uri };
  return spawn(process.execPath, ['--no-warnings', file, ...rejects, ...args], { env, stdio });
}

/**
 * The same for files that are known, one process for all of a community's: quiet, and an error where one of them is
 * not taken in; where a record is rejected, too, unless `mayReject` is said.
 */
export async function runQuietImports(
  home: string,
  community: string,
  uri: string,
  imports: readonly (readonly string[])[],
  { mayReject = false } = {},
): Promise<void> {
  // A name of its own: two imports into one community may run beside each other.
  const list = join(home, `imports-${community}-${randomUUID()}.json`);
  writeFileSync(list, JSON.stringify(imports));
  const child = await spawnImport(home, community, uri, ['--each', list], 'pipe');
  let said = '';
  child.stdout?.resume();
  child.stderr?.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-2000)));
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0 || (mayReject && code === someRejected)) resolve();
      else reject(new Error(`not all could be taken into ${community} (${code}): ${said}`));
    });
  }).finally(() => rmSync(list, { force: true }));
}
