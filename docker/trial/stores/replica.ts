import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MongoClient } from 'mongodb';
import { retry, Stuck, type Wait, waitForProgress } from '../patience.ts';
import { moveAddress, openAsAdmin } from './admin.ts';
import { explainEnd, PortTaken } from './end.ts';
import { readText, writeAtomically } from './files.ts';
import type { Mongod } from './find.ts';
import { filesOf, mongodArguments } from './mongod-arguments.ts';
import { answers, freePort } from './ports.ts';
import type { ServerName, ServerSecrets } from './secrets.ts';
import { reasonOf, StoresError } from './stores-error.ts';

/** A running server: a one-node replica set on 127.0.0.1 with access control. */
export type Replica = {
  readonly port: number;
  /** Stops it gracefully and waits until it has ended; a second call waits for the first. */
  stop(): Promise<void>;
  /** Kills it, as a crash would. */
  kill(): Promise<void>;
};

export type ReplicaOptions = {
  readonly mongod: Mongod;
  /** The home: the folder that contains the folder of each server. */
  readonly home: string;
  readonly name: ServerName;
  readonly secrets: ServerSecrets;
  /** How many servers share the machine. */
  readonly share: number;
  readonly report: (line: string) => void;
  /** Aborts the start. */
  readonly signal?: AbortSignal | undefined;
  /** Updates users and roles, before the start resolves. */
  readonly prepare: (admin: MongoClient) => Promise<void>;
};

const stopMs = 30_000;

/**
 * Starts mongod on its folder in the home, on the same port as before. If that is taken, chooses another port and updates
 * the replica set. Waits without a fixed limit while mongod makes progress, and tries up to three times. Runs it in a separate process group, so that Ctrl-C does not reach it before its turn. Throws a
 * StoresError that says what to do.
 */
export async function startReplica(options: ReplicaOptions): Promise<Replica> {
  const folder = join(options.home, options.name);
  const files = filesOf(folder);
  await mkdir(files.db, { recursive: true, mode: 0o700 });
  const last = await readState(files.state);
  refuseNewer(last, options.mongod, files.db);
  await rm(files.key, { force: true });
  await writeFile(files.key, options.secrets.key, { mode: 0o600, flag: 'wx' });
  return await retry({
    name: `mongod of ${options.name}`,
    run: async () => {
      const port = await freePort(last?.port);
      if (last !== undefined && last.port !== port) await move(options, folder, last.port, port);
      return await run(options, folder, port);
    },
    mayRetry,
    report: options.report,
    signal: options.signal,
  });
}

/** Another program may have taken the port after it was found free. A mongod that ended for a known reason ends again. */
function mayRetry(error: unknown): boolean {
  return error instanceof PortTaken || (error instanceof StoresError && error.code === 'NOT_STARTED');
}

async function move(options: ReplicaOptions, folder: string, from: number, to: number): Promise<void> {
  options.report(`stores: port ${from} is taken, ${options.name} uses ${to} from now on`);
  const child = await spawnMongod(options, folder, to, false);
  try {
    await waitUntilAnswering(options, child, folder, to);
    await moveAddress(to, options.secrets.admin);
  } finally {
    await end(child);
  }
}

async function run(options: ReplicaOptions, folder: string, port: number): Promise<Replica> {
  const child = await spawnMongod(options, folder, port);
  let stopping = false;
  const stop = async () => {
    stopping = true;
    await end(child);
  };
  const kill = async () => {
    stopping = true;
    await end(child, 'SIGKILL');
  };
  try {
    await makeReady(options, folder, port, child);
  } catch (error) {
    await stop();
    throw error;
  }
  child.once('exit', (code, signal) => {
    if (!stopping) options.report(`stores: mongod of ${options.name} ended unexpectedly (${code ?? signal})`);
  });
  return { port, stop, kill };
}

async function spawnMongod(
  { mongod, share }: ReplicaOptions,
  folder: string,
  port: number,
  set = true,
): Promise<ChildProcess> {
  const files = filesOf(folder);
  await rename(files.log, files.logBefore).catch(() => undefined);
  const out = openSync(files.out, 'w', 0o600);
  try {
    const child = spawn(mongod.path, mongodArguments(folder, port, share, set), {
      detached: true,
      cwd: folder,
      // mongod exits on an unknown locale. It gets no other variables, because they may contain secrets.
      env: { LC_ALL: 'C', LD_LIBRARY_PATH: process.env['LD_LIBRARY_PATH'] },
      stdio: ['ignore', out, out],
    });
    // A child that could not be spawned has no process id; `hasEnded` checks that.
    child.once('error', () => undefined);
    return child;
  } finally {
    closeSync(out);
  }
}

async function makeReady(
  options: ReplicaOptions,
  folder: string,
  port: number,
  child: ChildProcess,
): Promise<void> {
  const files = filesOf(folder);
  await waitUntilAnswering(options, child, folder, port);
  const wait = waitFor(options, child, folder);
  try {
    await using admin = await openAsAdmin(port, options.secrets.admin, wait);
    await options.prepare(admin);
  } catch (error) {
    if (hasEnded(child)) throw await explainEnd(folder, child);
    if (error instanceof StoresError || options.signal?.aborted === true) throw error;
    throw notStarted(options, folder, error);
  }
  await writeAtomically(files.state, JSON.stringify({ port, version: options.mongod.version }));
}

async function waitUntilAnswering(
  options: ReplicaOptions,
  child: ChildProcess,
  folder: string,
  port: number,
): Promise<void> {
  try {
    await waitFor(options, child, folder)(async () => await answers(port));
  } catch (error) {
    throw error instanceof Stuck ? notStarted(options, folder, error) : error;
  }
}

/** Waits while mongod runs and makes progress. Throws the reason if it ends. */
function waitFor({ name, report, signal }: ReplicaOptions, child: ChildProcess, folder: string): Wait {
  const wait = waitForProgress({ name: `mongod of ${name}`, pid: child.pid, report, signal });
  return async (isReady) =>
    await wait(async () => {
      if (await isReady()) return true;
      if (hasEnded(child)) throw await explainEnd(folder, child);
      return false;
    });
}

function notStarted({ name }: ReplicaOptions, folder: string, cause: unknown): StoresError {
  const { log } = filesOf(folder);
  const advice = `see ${log}; start again when the machine is less busy, or with --fresh if the files are damaged`;
  return new StoresError('NOT_STARTED', `mongod of ${name} did not start: ${reasonOf(cause)}; ${advice}`, {
    cause,
  });
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
  await ended;
  clearTimeout(timer);
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

type State = { readonly port: number; readonly version: string };

/** Reads the state of the last complete start; undefined if the file is missing or damaged. */
async function readState(file: string): Promise<State | undefined> {
  try {
    const { port, version } = JSON.parse((await readText(file)) ?? '{}') as Partial<State>;
    return Number.isInteger(port) && typeof version === 'string' ? { port: port ?? 0, version } : undefined;
  } catch {
    return undefined;
  }
}

/** An older mongod cannot read the files of a newer one. */
function refuseNewer(last: State | undefined, mongod: Mongod, db: string): void {
  const [lastRelease, release] = [releaseOf(last?.version ?? '0.0'), releaseOf(mongod.version)];
  if (lastRelease <= release) return;
  throw new StoresError(
    'HOME_OF_ANOTHER',
    `${db} was last opened by MongoDB ${last?.version}, and ${mongod.path} is ${mongod.version}: ` +
      'set MONGOMS_SYSTEM_BINARY to one that is not older, or JCU_HOME to a new folder',
  );
}

function releaseOf(version: string): number {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major * 1000 + minor;
}
