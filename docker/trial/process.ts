import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { compiledFolder } from './compile-cache.ts';

/** A part of the trial that runs as a separate process. */
export type Part = {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  /** Stops it gracefully: it finishes the requests in progress. */
  stop(): Promise<void>;
  /** Kills it, as a crash would. */
  kill(): Promise<void>;
};

/** Long, because a busy machine starts slowly; a part that cannot start exits at once. */
const startMs = 90_000;
/** Longer than the hub drains (12 s) and closes its audit log (5 s). */
const stopMs = 20_000;
/** The only environment variables that the parts inherit. */
const inheritedNames = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ', 'NODE_ENV', 'JCU_LOG'];

/**
 * Starts a part in a separate process group, so that Ctrl-C does not reach it before its turn, and waits until it prints
 * its URL. Appends its stderr to a log file. Rejects with its last output if it ends first.
 */
export async function startPart(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  folder: string,
): Promise<Part> {
  const root = join(import.meta.dirname, '..', '..');
  const inherited = inheritedNames.flatMap((key) =>
    process.env[key] === undefined ? [] : [[key, process.env[key]]],
  );
  const child = spawn(process.execPath, ['--no-warnings', ...args], {
    cwd: root,
    env: { ...Object.fromEntries(inherited), NODE_COMPILE_CACHE: compiledFolder, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  const log = createWriteStream(join(folder, `${name}.log`), { flags: 'a' });
  child.stderr?.pipe(log);
  const url = await waitForUrl(name, child);
  return {
    name,
    url,
    pid: child.pid ?? 0,
    stop: async () => await end(child, 'SIGTERM'),
    kill: async () => await end(child, 'SIGKILL'),
  };
}

async function waitForUrl(name: string, child: ChildProcess): Promise<string> {
  let output = '';
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`expected ${name} to listen within ${startMs / 1000} s, it printed:\n${output}`));
    }, startMs);
    child.stderr?.on('data', (chunk: Buffer) => (output = `${output}${chunk.toString()}`.slice(-4000)));
    child.stdout?.on('data', (chunk: Buffer) => {
      output = `${output}${chunk.toString()}`.slice(-4000);
      const url = /(http:\/\/127\.0\.0\.1:\d+\S*)/.exec(output)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url.replace(/,$/, ''));
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`${name} ended with exit code ${code} before it listened:\n${output.trim()}`));
    });
  });
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
  await exited;
  clearTimeout(timer);
}
