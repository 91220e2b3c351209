import { randomBytes } from 'node:crypto';
import { link, mkdir, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commandLineOf, startOf, waitUntilEnded } from './processes.ts';
import { readText } from './files.ts';
import { explainFileError, StoresError } from './stores-error.ts';

const endMs = 30_000;

/** A home that this process has for itself: its real path, and what hands it back. */
export type Occupied = { readonly home: string; readonly release: () => Promise<void> };

/**
 * Takes a home for this process alone, and ends the servers that a killed run left there. Throws HOME_IN_USE while
 * another process that took it is running, HOME_UNWRITABLE or DISK_FULL. Call it also before a home is removed, or
 * its servers would run on without their files.
 */
export async function occupyHome(folder: string): Promise<Occupied> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // One spelling of the path, whoever starts it from where: a server is known by it.
    const home = await realpath(folder);
    const file = join(home, 'owner.json');
    while (!(await claim(file))) await releaseIfAbandoned(home, file);
    const release = async () => await rm(file, { force: true });
    await endLeftOvers(home).catch(async (error: unknown) => {
      await release();
      throw error;
    });
    return { home, release };
  } catch (error) {
    throw explainFileError(error, folder);
  }
}

/** A link is made whole or not at all, and never over another: two that come at once cannot both have it. */
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
      `${home} is in use by process ${owner.pid}: stop that trial first, or choose another home`,
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

async function endLeftOvers(home: string): Promise<void> {
  await Promise.all((await readdir(home)).map(async (name) => await endLeftOver(join(home, name, 'db'))));
}

/** mongod writes its id into its folder; the id is trusted only if that process was started on this very folder. */
async function endLeftOver(db: string): Promise<void> {
  const pid = Number(await readText(join(db, 'mongod.lock')).catch(() => undefined));
  if (!Number.isInteger(pid) || pid <= 1) return;
  if (!(await commandLineOf(pid)).includes(`--dbpath ${db} `)) return;
  process.kill(pid, 'SIGTERM');
  if (await waitUntilEnded(pid, endMs)) return;
  throw new StoresError('HOME_IN_USE', `process ${pid} still serves ${db} and does not end: end it first`);
}
