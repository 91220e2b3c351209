import { randomBytes } from 'node:crypto';
import { link, mkdir, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commandLineOf, startOf, waitUntilEnded } from './processes.ts';
import { readText } from './files.ts';
import { explainFileError, StoresError } from './stores-error.ts';

/** Long, because a busy machine writes the last changes slowly. */
const stopMs = 120_000;

/** A home that this process has locked: its real path, and a function that unlocks it. */
export type Occupied = { readonly home: string; readonly release: () => Promise<void> };

/**
 * Locks a home for this process, and stops the servers that a killed run left there. Throws HOME_IN_USE while the process
 * that locked it runs, HOME_UNWRITABLE or DISK_FULL. Call it before you remove a home too: otherwise its servers would
 * continue without their files.
 */
export async function occupyHome(folder: string): Promise<Occupied> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // The real path, because a left-over server is recognised by its path.
    const home = await realpath(folder);
    const file = join(home, 'owner.json');
    while (!(await claim(file))) await releaseIfAbandoned(home, file);
    const release = async () => await rm(file, { force: true });
    await stopLeftOvers(home).catch(async (error: unknown) => {
      await release();
      throw error;
    });
    return { home, release };
  } catch (error) {
    throw explainFileError(error, folder);
  }
}

/** A link is created atomically and never replaces another one: two processes cannot both succeed. */
async function claim(file: string): Promise<boolean> {
  const own = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(own, JSON.stringify({ pid: process.pid, start: await startOf(process.pid) }), {
    mode: 0o600,
  });
  try {
    await link(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

async function releaseIfAbandoned(home: string, file: string): Promise<void> {
  const text = await readText(file);
  if (text === undefined) return;
  const owner = parseOwner(text);
  if (owner !== undefined && (await startOf(owner.pid)) === owner.start) {
    throw new StoresError(
      'HOME_IN_USE',
      `${home} is in use by process ${owner.pid}: stop that trial first, or set JCU_HOME to another folder`,
    );
  }
  await rm(file, { force: true });
}

function parseOwner(text: string): { readonly pid: number; readonly start: string } | undefined {
  try {
    const { pid, start } = JSON.parse(text) as { readonly pid?: unknown; readonly start?: unknown };
    return typeof pid === 'number' && typeof start === 'string' ? { pid, start } : undefined;
  } catch {
    return undefined;
  }
}

async function stopLeftOvers(home: string): Promise<void> {
  await Promise.all((await readdir(home)).map(async (name) => await stopLeftOver(join(home, name, 'db'))));
}

/** mongod writes its process id into its folder. The id is used only if that process was started on this folder. */
async function stopLeftOver(db: string): Promise<void> {
  const pid = Number(await readText(join(db, 'mongod.lock')).catch(() => undefined));
  if (!Number.isInteger(pid) || pid <= 1) return;
  if (!(await commandLineOf(pid)).includes(`--dbpath ${db} `)) return;
  process.kill(pid, 'SIGTERM');
  if (await waitUntilEnded(pid, stopMs)) return;
  throw new StoresError(
    'HOME_IN_USE',
    `process ${pid} still serves ${db} and did not stop within ${stopMs / 1000} s: stop it first`,
  );
}
