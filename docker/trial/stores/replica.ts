import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { MongoClient } from 'mongodb';
import { moveAddress, openAsAdmin } from './admin.ts';
import { explainEnd, PortTaken } from './end.ts';
import { readText, writeWhole } from './files.ts';
import type { Mongod } from './find.ts';
import { filesOf, mongodArguments } from './mongod-arguments.ts';
import { answers, freePort } from './ports.ts';
import type { ServerName, ServerSecrets } from './secrets.ts';
import { reasonOf, StoresError } from './stores-error.ts';

/** A server that runs: a replica set of one node, on 127.0.0.1, with access control. */
export type Replica = {
  readonly port: number;
  /** Ends it in order and waits until it has; a second call waits for the first. */
  stop(): Promise<void>;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
};

export type ReplicaOptions = {
  readonly mongod: Mongod;
  /** The folder that all servers of a home lie in. */
  readonly home: string;
  readonly name: ServerName;
  readonly secrets: ServerSecrets;
  /** How many servers share the machine. */
  readonly share: number;
  readonly report: (line: string) => void;
  /** Brings users and roles up to date, before anybody is told of the server. */
  readonly prepare: (admin: MongoClient) => Promise<void>;
};

const readyMs = 60_000;
const stopMs = 30_000;
const attempts = 3;

/**
 * Starts mongod on its folder in the home, on the port that it had before; on another one, which the replica set is
 * told, if that is taken. It runs in a process group of its own, so that a Ctrl-C ends it in its turn and not in the
 * middle. Throws a StoresError that says what to do.
 */
export async function startReplica(options: ReplicaOptions): Promise<Replica> {
  const folder = join(options.home, options.name);
  const files = filesOf(folder);
  await mkdir(files.db, { recursive: true, mode: 0o700 });
  const kept = await readState(files.state);
  refuseNewer(kept, options.mongod, files.db);
  await rm(files.key, { force: true });
  await writeFile(files.key, options.secrets.key, { mode: 0o600, flag: 'wx' });
  for (let attempt = 1; ; attempt += 1) {
    try {
      const port = await freePort(kept?.port);
      if (kept !== undefined && kept.port !== port) await move(options, folder, kept.port, port);
      return await run(options, folder, port);
    } catch (error) {
      // Between the look and the start another program may have taken the port.
      if (!(error instanceof PortTaken) || attempt === attempts) throw error;
    }
  }
}

async function move(options: ReplicaOptions, folder: string, from: number, to: number): Promise<void> {
  options.report(`stores: port ${from} is taken, ${options.name} is on ${to} from now on`);
  const child = await spawnMongod(options, folder, to, false);
  try {
    await waitUntilAnswering(child, folder, to);
    await moveAddress(to, options.secrets.admin);
  } finally {
    await end(child);
  }
}

async function run(options: ReplicaOptions, folder: string, port: number): Promise<Replica> {
  const child = await spawnMongod(options, folder, port);
  const stopping = { asked: false };
  const stop = async () => {
    stopping.asked = true;
    await end(child);
  };
  const kill = async () => {
    stopping.asked = true;
    await end(child, 'SIGKILL');
  };
  try {
    await makeReady(options, folder, port, child);
  } catch (error) {
    await stop();
    throw error;
  }
  child.once('exit', (code, signal) => {
    if (!stopping.asked)
      options.report(`stores: mongod of ${options.name} ended by itself (${code ?? signal})`);
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
      // An unknown locale would end it at once, and no secret of this process is its business.
      env: { LC_ALL: 'C', LD_LIBRARY_PATH: process.env['LD_LIBRARY_PATH'] },
      stdio: ['ignore', out, out],
    });
    // It has no id then, which is looked at where its end is.
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
  await waitUntilAnswering(child, folder, port);
  try {
    await using admin = await openAsAdmin(port, options.secrets.admin, readyMs);
    await options.prepare(admin);
  } catch (error) {
    if (hasEnded(child)) throw await explainEnd(folder, child);
    if (error instanceof StoresError) throw error;
    throw new StoresError('NOT_STARTED', `${options.name}: ${reasonOf(error)} (its log: ${files.log})`, {
      cause: error,
    });
  }
  await writeWhole(files.state, JSON.stringify({ port, version: options.mongod.version }));
}

async function waitUntilAnswering(child: ChildProcess, folder: string, port: number): Promise<void> {
  const until = Date.now() + readyMs;
  while (!(await answers(port))) {
    if (hasEnded(child)) throw await explainEnd(folder, child);
    if (Date.now() > until) {
      const { log } = filesOf(folder);
      throw new StoresError(
        'NOT_STARTED',
        `mongod did not listen within ${readyMs / 1000} s (its log: ${log})`,
      );
    }
    await pause(10);
  }
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  const late = setTimeout(() => child.kill('SIGKILL'), stopMs);
  await ended;
  clearTimeout(late);
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

type State = { readonly port: number; readonly version: string };

/** What was kept of the last start that came to its end; a file that says nothing is as good as none. */
async function readState(file: string): Promise<State | undefined> {
  try {
    const { port, version } = JSON.parse((await readText(file)) ?? '{}') as Partial<State>;
    return Number.isInteger(port) && typeof version === 'string' ? { port: port ?? 0, version } : undefined;
  } catch {
    return undefined;
  }
}

/** An older mongod does not understand what a newer one has written. */
function refuseNewer(kept: State | undefined, mongod: Mongod, db: string): void {
  const [made, now] = [releaseOf(kept?.version ?? '0.0'), releaseOf(mongod.version)];
  if (made <= now) return;
  throw new StoresError(
    'HOME_OF_ANOTHER',
    `${db} was last opened by MongoDB ${kept?.version}, and ${mongod.path} is ${mongod.version}: ` +
      'set MONGOMS_SYSTEM_BINARY to one that is not older, or begin anew with another home',
  );
}

function releaseOf(version: string): number {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major * 1000 + minor;
}
