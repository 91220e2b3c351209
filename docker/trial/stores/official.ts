import { type ChildProcess, fork } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { storeMongod, makeScratch } from './cache.ts';
import { startProgress } from './progress.ts';
import { settle } from './run.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The version to download from MongoDB: 7.0, the oldest supported release, can open a home that the wheel's 6.0 made.
 * 7.0.28 fixes CVE-2025-14847.
 */
export const officialVersion = '7.0.28';

/** The approximate size of the archives, for the progress bar only. */
const archiveBytes = 85_000_000;
const silenceMs = 8000;

/**
 * Downloads mongod from MongoDB with mongodb-memory-server, stores it in the cache, and returns its path. Rejects within
 * about 8 s if the host cannot be reached.
 */
export async function fetchOfficial(
  cache: string,
  env: Env,
  report: (line: string) => void,
): Promise<string> {
  await using scratch = await makeScratch(cache);
  await mkdir(join(scratch.folder, 'official'));
  const child = fork(join(import.meta.dirname, 'own-download.ts'), {
    env: settings(scratch.folder, env),
    execArgv: ['--no-warnings'],
    silent: true,
  });
  let path = '';
  child.on('message', (message) => (path = typeof message === 'string' ? message : ''));
  await watch(child, scratch.folder, report);
  return path.startsWith(scratch.folder) ? await storeMongod(cache, officialVersion, path) : path;
}

function settings(folder: string, env: Env): NodeJS.ProcessEnv {
  // MONGOMS_SYSTEM_BINARY was tried before.
  const { MONGOMS_SYSTEM_BINARY: _named, ...others } = env;
  return {
    MONGOMS_DOWNLOAD_DIR: join(folder, 'official'),
    MONGOMS_MAX_RETRIES: '1',
    ...others,
    MONGOMS_VERSION: officialVersion,
    // mongodb-memory-server verifies the host's certificate only with this npm setting, and its MD5 comes from that host.
    npm_config_strict_ssl: 'true',
  };
}

async function watch(child: ChildProcess, folder: string, report: (line: string) => void): Promise<void> {
  const progress = startProgress('mongod', archiveBytes, report);
  try {
    await settle(child, 'mongodb-memory-server', {
      folder,
      onBytes: (bytes) => progress.at(bytes),
      silenceMs,
    });
  } finally {
    progress.done();
  }
}
