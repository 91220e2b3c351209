import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readOrThrow } from '../../../schema/runtime/settings/settings.ts';
import { trialSettings } from '../settings.ts';
import { readText, sha256Of, writeAtomically } from './files.ts';
import { startOf } from './processes.ts';
import { StoresError } from './stores-error.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Returns the folder of downloaded binaries, which clones share: JCU_CACHE, or `jcu-hub` in the user's cache folder. */
export function cacheFolder(env: Env): string {
  const { cache } = readOrThrow({ cache: trialSettings.cache }, env);
  return cache ?? join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'jcu-hub');
}

/**
 * Returns the cached mongod of a version, or undefined. Compares its bytes with `sha256` or with the hash stored next to
 * it; throws CORRUPT_BINARY if they differ.
 */
export async function cachedMongod(
  cache: string,
  version: string,
  sha256?: string,
): Promise<string | undefined> {
  const folder = join(cache, `mongod-${version}`);
  const path = join(folder, 'mongod');
  const expected = sha256 ?? (await readText(join(folder, 'sha256')))?.trim();
  let got: string;
  try {
    got = await sha256Of(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (got === expected) return path;
  throw new StoresError(
    'CORRUPT_BINARY',
    `${path} is not the mongod that was stored there and is not run: expected SHA-256 ${expected ?? '(none stored)'}, ` +
      `got ${got}. Remove ${folder} and start again`,
  );
}

/** Stores a binary for a version atomically, by renaming a complete folder. Returns its path. */
export async function storeMongod(cache: string, version: string, binary: string): Promise<string> {
  const folder = join(cache, `mongod-${version}`);
  const aside = join(binary, '..', `stored-${version}`);
  await mkdir(aside);
  await rename(binary, join(aside, 'mongod'));
  await chmod(join(aside, 'mongod'), 0o755);
  await writeAtomically(join(aside, 'sha256'), `${await sha256Of(join(aside, 'mongod'))}\n`);
  try {
    await rename(aside, folder);
  } catch (error) {
    // Another start was faster; its binary is verified before use.
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  return join(folder, 'mongod');
}

/** Makes a folder in the cache for a download; disposal removes it. Also removes the folders of killed downloads. */
export async function makeScratch(cache: string): Promise<{ readonly folder: string } & AsyncDisposable> {
  await mkdir(cache, { recursive: true });
  for (const name of await readdir(cache)) {
    const pid = /^fetching-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && (await startOf(Number(pid))) === undefined) {
      await rm(join(cache, name), { recursive: true, force: true });
    }
  }
  const folder = join(cache, `fetching-${process.pid}-${randomBytes(6).toString('hex')}`);
  await mkdir(folder);
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
