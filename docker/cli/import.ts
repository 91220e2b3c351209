import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { importAliases } from '../../gateway/registry/import-aliases.ts';
import { communities } from '../../schema/record/vocabulary.ts';
import { withDatabase } from '../trial/client.ts';
import { policyEnv } from '../trial/policy-office.ts';
import { readState } from '../trial/state.ts';
import type { StoreName } from '../trial/stores/names.ts';
import { startStores } from '../trial/stores/stores.ts';
import { listenForShutdown } from '../../schema/runtime/shutdown.ts';

/** The exit code of an import that rejected some records. */
const someRejected = 2;

/**
 * Runs a community's import in a separate process that gets only that community's credentials, and returns its exit
 * code. Chooses the store as `withUri` does.
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

/** Imports alias tables (a MISP threat-actor galaxy, EU KEV's pairs of ids) into the hub's registry. */
export async function importAliasTable(home: string, args: readonly string[]): Promise<number> {
  const { files, exercise, help } = readRegistryArguments(args);
  if (files.length === 0 || help) {
    process.stdout.write(registryHelp);
    return help ? 0 : 1;
  }
  return await withUri(home, 'hub', async (uri) => {
    await withDatabase(uri, async (db) => {
      for (const file of files) {
        const imported = await importAliases(
          db,
          JSON.parse(readFileSync(file, 'utf8')),
          new Date(),
          exercise,
        );
        const { table, version, rows, written } = imported;
        process.stdout.write(
          `registry: ${table} version ${version}, ${rows} names, ${written ? 'written' : 'unchanged'}\n`,
        );
      }
    });
    return 0;
  });
}

const registryHelp = `Usage: hub import registry [--exercise ID] FILE...

Imports alias tables: a MISP threat-actor galaxy, or EU KEV for its pairs of ids. An alias table is imported whole or not at
all, so there are no rejects: --rejects FOLDER is accepted, as for a community, and nothing is written there. With --exercise,
only readers of that exercise use its names.

Examples:
  npx hub import registry threat-actor.json
  npx hub import registry --exercise exercise:trial-2026 exercise-actors.json
`;

/** Reads files and options. Throws if an option is unknown: it must not be taken for a file. */
function readRegistryArguments(args: readonly string[]) {
  const options = {
    help: { type: 'boolean', short: 'h' },
    rejects: { type: 'string' },
    exercise: { type: 'string' },
  } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { files: positionals, exercise: values.exercise ?? null, help: values.help === true };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`import registry: expected files, --exercise ID, --rejects FOLDER or --help: ${reason}`, {
      cause: error,
    });
  }
}

/**
 * Calls `use` with the URI of a store: JCU_STORE_URI if it is set, else that of the running trial, else that of stores
 * that are started for this call and stopped after it.
 */
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
    signal: listenForShutdown(),
  });
  return await use(stores.uris[store]);
}

/** Ctrl-C reaches the import too, which may be stopped at any time; stores that were started for it stop afterwards. */
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
 * Imports a list of files into one community, in one process and without output. Throws if a file could not be imported,
 * or if a record was rejected, unless `mayReject` is set.
 */
export async function runQuietImports(
  home: string,
  community: string,
  uri: string,
  imports: readonly (readonly string[])[],
  { mayReject = false } = {},
): Promise<void> {
  // Two imports into one community may run at the same time.
  const list = join(home, `imports-${community}-${randomUUID()}.json`);
  writeFileSync(list, JSON.stringify(imports));
  const child = await spawnImport(home, community, uri, ['--each', list], 'pipe');
  let errors = '';
  child.stdout?.resume();
  child.stderr?.on('data', (chunk: Buffer) => (errors = `${errors}${chunk.toString()}`.slice(-2000)));
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0 || (mayReject && code === someRejected)) resolve();
      else
        reject(
          new Error(`expected all files to be imported into ${community}, got exit code ${code}: ${errors}`),
        );
    });
  }).finally(() => rmSync(list, { force: true }));
}
