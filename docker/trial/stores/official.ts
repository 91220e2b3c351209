import { type ChildProcess, fork } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { keepMongod, makeScratch } from './cache.ts';
import { startProgress } from './progress.ts';
import { settle } from './run.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The version to download from its makers: the oldest that DESIGN allows, so that it opens a home that the wheel's
 * 6.0 made; and not before 7.0.28, which ends CVE-2025-14847.
 */
export const officialVersion = '7.0.28';

/** About what the archives weigh: for the bar only. */
const archiveBytes = 85_000_000;
const silenceMs = 8000;

/**
 * Has mongodb-memory-server download mongod from its makers, keeps it in the cache, and gives its path. Rejects within
 * about 8 s where their host cannot be reached.
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
  child.on('message', (said) => (path = typeof said === 'string' ? said : ''));
  await watch(child, scratch.folder, report);
  return path.startsWith(scratch.folder) ? await keepMongod(cache, officialVersion, path) : path;
}

function settings(folder: string, env: Env): NodeJS.ProcessEnv {
  // A binary that was named has had its turn.
  const { MONGOMS_SYSTEM_BINARY: _named, ...others } = env;
  return {
    MONGOMS_DOWNLOAD_DIR: join(folder, 'official'),
    MONGOMS_MAX_RETRIES: '1',
    ...others,
    MONGOMS_VERSION: officialVersion,
    // It does not verify the host's certificate unless npm's setting says so, and its MD5 comes from the same host.
    npm_config_strict_ssl: 'true',
  };
}

async function watch(child: ChildProcess, folder: string, report: (line: string) => void): Promise<void> {
  const progress = startProgress('mongod', archiveBytes, report);
  try {
    await settle(child, 'it', { folder, tell: (bytes) => progress.at(bytes), silenceMs });
  } finally {
    progress.done();
  }
}
