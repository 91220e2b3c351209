import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { compiledFolder } from './compile-cache.ts';
import { retry, Stuck, waitForProgress } from './patience.ts';

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

/** The unexpected end of a part: its exit code or signal, and the end of its output. */
export type Death = { readonly reason: string; readonly lastOutput: string };

/** Longer than the hub drains (12 s) and closes its audit log (5 s). */
const stopMs = 20_000;
/** The only environment variables that the parts inherit. */
const inheritedNames = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ', 'NODE_ENV', 'JCU_LOG'];

/** How a start reports that it waits or tries again, and what aborts it. */
export type Observed = {
  readonly report?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** Gets the end of a part that listened and was not stopped. */
  readonly died?: (name: string, death: Death) => void;
};

type Watching = Required<Omit<Observed, 'died'>>;

/**
 * Starts a part in a separate process group, so that Ctrl-C does not reach it before its turn, and waits until it prints
 * its URL, without a fixed limit while it makes progress. Appends its stderr to a log file. Tries up to three times if it
 * crashes or makes no progress. Rejects with the name, the last output, and what to do if it does not start.
 */
export async function startPart(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  folder: string,
  { report = () => undefined, signal, died = () => undefined }: Observed = {},
): Promise<Part> {
  const run = async () => await startOnce(name, args, env, folder, { report, signal, died });
  return await retry({ name, run, mayRetry: (error) => !(error instanceof Refused), report, signal });
}

/** Thrown when a part ended with exit code 1: it states why it cannot start, and another attempt would not help. */
class Refused extends Error {
  override readonly name = 'Refused';
}

async function startOnce(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  folder: string,
  observed: Required<Observed>,
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
  const lastOutput = keepOutput(child);
  const url = await waitForUrl(name, child, join(folder, `${name}.log`), observed);
  let isStopped = false;
  const noteEnd = () => {
    const reason = String(child.signalCode ?? child.exitCode);
    if (!isStopped) observed.died(name, { reason, lastOutput: lastOutput() });
  };
  if (child.exitCode === null && child.signalCode === null) child.once('close', noteEnd);
  else noteEnd();
  return {
    name,
    url,
    pid: child.pid ?? 0,
    stop: async () => {
      isStopped = true;
      await end(child, 'SIGTERM');
    },
    kill: async () => await end(child, 'SIGKILL'),
  };
}

/** Returns a function that returns the end of what a part wrote to stderr. */
function keepOutput(child: ChildProcess): () => string {
  let output = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    output = `${output}${chunk.toString()}`.slice(-4000);
  });
  return () => output;
}

async function waitForUrl(
  name: string,
  child: ChildProcess,
  log: string,
  { report, signal }: Watching,
): Promise<string> {
  let [output, size] = ['', 0];
  let failure: Error | undefined;
  const append = (chunk: Buffer) => {
    size += chunk.length;
    output = `${output}${chunk.toString()}`.slice(-4000);
  };
  child.stderr?.on('data', append);
  child.stdout?.on('data', append);
  child.once('error', (error) => (failure = error));
  child.once('close', (code, by) => {
    const ended = `${name} ended with ${code ?? by} before it listened`;
    failure ??=
      code === 1
        ? new Refused(`${ended}:\n${output.trim()}`)
        : new Error(`${ended}; see ${log}, then start again:\n${output.trim()}`);
  });
  let url: string | undefined;
  try {
    await waitForProgress({ name, pid: child.pid, sign: () => size, report, signal })(() => {
      if (failure !== undefined) throw failure;
      url = /(http:\/\/127\.0\.0\.1:\d+\S*)/.exec(output)?.[1];
      return Promise.resolve(url !== undefined);
    });
  } catch (error) {
    child.kill('SIGKILL');
    if (!(error instanceof Stuck)) throw error;
    throw new Error(`${error.message}; see ${log}, then start again. It printed:\n${output.trim()}`, {
      cause: error,
    });
  }
  return (url ?? '').replace(/,$/, '');
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
  await exited;
  clearTimeout(timer);
}
