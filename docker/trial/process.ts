import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { compiledFolder } from './compile-cache.ts';

/** A part of the trial that runs as a process of its own. */
export type Part = {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  /** Ends it in order: it finishes what it has begun. */
  stop(): Promise<void>;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
};

/** Long: a machine that is busy with other things starts slowly, and a part that cannot start says so at once. */
const startMs = 90_000;
const stopMs = 8000;
/** What the parts need of the environment of whoever started the trial; nothing else reaches them. */
const passedOn = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ', 'NODE_ENV', 'JCU_LOG'];

/**
 * Starts a part in a process group of its own (so that Ctrl-C ends it in its turn) and waits until it says where it
 * listens. Its words go to a log file. Rejects with its last words if it ends first.
 */
export async function startPart(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  folder: string,
): Promise<Part> {
  const root = join(import.meta.dirname, '..', '..');
  const inherited = passedOn.flatMap((key) =>
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
  let said = '';
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${name} did not listen within ${startMs / 1000} s:\n${said}`));
    }, startMs);
    child.stderr?.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-4000)));
    child.stdout?.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(-4000);
      const url = /(http:\/\/127\.0\.0\.1:\d+\S*)/.exec(said)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url.replace(/,$/, ''));
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`${name} ended with ${code} before it listened:\n${said.trim()}`));
    });
  });
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const late = setTimeout(() => child.kill('SIGKILL'), stopMs);
  await gone;
  clearTimeout(late);
}
