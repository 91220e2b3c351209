import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import type { Mongod } from './find.ts';

/** A one-node replica set that runs: what it is reached by, and how it stops. */
export type Replica = { readonly port: number; readonly adminUri: string; stop(): Promise<void> };

const readyMs = 30_000;

/**
 * Starts mongod on a folder as a replica set of one, with access control, on loopback and on the port that it had
 * before. It runs in a process group of its own, so that a Ctrl-C ends it in its turn and not in the middle.
 */
export async function startReplica(
  mongod: Mongod,
  folder: string,
  keyFile: string,
  adminPassword: string,
): Promise<Replica> {
  mkdirSync(join(folder, 'db'), { recursive: true });
  await endLeftOver(folder);
  const port = await keepPort(folder);
  const child = spawnMongod(mongod, folder, keyFile, port);
  const ended = watchEnd(child, folder);
  const adminUri = `mongodb://admin:${adminPassword}@127.0.0.1:${port}/?authSource=admin&directConnection=true`;
  await Promise.race([makeReady(port, adminPassword, adminUri), ended]);
  return {
    port,
    adminUri,
    stop: async () => {
      child.removeAllListeners('exit');
      const gone = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await gone;
      }
      rmSync(join(folder, 'pid'), { force: true });
    },
  };
}

function spawnMongod(mongod: Mongod, folder: string, keyFile: string, port: number): ChildProcess {
  const args = [
    ...[
      '--dbpath',
      join(folder, 'db'),
      '--port',
      String(port),
      '--bind_ip',
      '127.0.0.1',
      '--replSet',
      'trial',
    ],
    ...['--keyFile', keyFile, '--logpath', join(folder, 'mongod.log'), '--logappend', '--quiet'],
    ...['--wiredTigerCacheSizeGB', '1', '--nounixsocket', '--oplogSize', '256'],
  ];
  const child = spawn(mongod.path, args, { detached: true, stdio: 'ignore' });
  if (child.pid !== undefined) writeFileSync(join(folder, 'pid'), String(child.pid));
  return child;
}

/** Rejects if mongod ends by itself, with the last of its own words. */
async function watchEnd(child: ChildProcess, folder: string): Promise<never> {
  return await new Promise((_resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      const log = join(folder, 'mongod.log');
      const last = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').slice(-3).join('\n') : '';
      reject(new Error(`mongod ended with ${code} (${log}):\n${last}`));
    });
  });
}

/** Initiates the set on its first start and makes its administrator through the localhost exception. */
async function makeReady(port: number, adminPassword: string, adminUri: string): Promise<void> {
  const until = Date.now() + readyMs;
  for (;;) {
    try {
      await withClient(adminUri, waitForPrimary);
      return;
    } catch (error) {
      if (Date.now() > until)
        throw new Error(`mongod on port ${port} was not ready in time`, { cause: error });
      await initiate(port, adminPassword).catch(() => undefined);
      await pause(50);
    }
  }
}

async function initiate(port: number, adminPassword: string): Promise<void> {
  await withClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, async (client) => {
    const admin = client.db('admin');
    const config = { _id: 'trial', members: [{ _id: 0, host: `127.0.0.1:${port}` }] };
    await admin.command({ replSetInitiate: config }).catch(() => undefined);
    await waitForPrimary(client);
    await admin.command({ createUser: 'admin', pwd: adminPassword, roles: ['root'] });
  });
}

async function waitForPrimary(client: MongoClient): Promise<void> {
  for (;;) {
    const hello = await client.db('admin').command({ hello: 1 });
    if (hello['isWritablePrimary'] === true) {
      await client
        .db('admin')
        .command({ usersInfo: 1 })
        .catch((error: unknown) => failUnlessLocal(error, client));
      return;
    }
    if (hello['setName'] === undefined && hello['info'] !== undefined) throw new Error('not initiated yet');
    await pause(20);
  }
}

/** The localhost exception may not list users, and that is no failure. */
function failUnlessLocal(error: unknown, client: MongoClient): void {
  if (client.options.credentials !== undefined) throw error;
}

async function withClient(uri: string, use: (client: MongoClient) => Promise<void>): Promise<void> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 2000, connectTimeoutMS: 2000 });
  try {
    await use(await client.connect());
  } finally {
    await client.close();
  }
}

/** The port of the folder's first start, or a free one: the replica set knows itself by it. */
async function keepPort(folder: string): Promise<number> {
  const file = join(folder, 'port');
  if (existsSync(file)) {
    const port = Number(readFileSync(file, 'utf8'));
    if (await isFree(port)) return port;
    throw new Error(
      `port ${port} of the store in ${folder} is in use: stop what listens there, or start anew (--fresh)`,
    );
  }
  const port = await freePort();
  writeFileSync(file, String(port));
  return port;
}

/** A start that was killed leaves its mongod running: it is ended by its recorded id, if it is still that one. */
async function endLeftOver(folder: string): Promise<void> {
  const file = join(folder, 'pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8'));
  if (!isOurs(pid, folder)) return;
  process.kill(pid, 'SIGTERM');
  const until = Date.now() + readyMs;
  while (isOurs(pid, folder) && Date.now() < until) await pause(50);
}

function isOurs(pid: number, folder: string): boolean {
  const commandLine = `/proc/${pid}/cmdline`;
  return (
    existsSync(commandLine) && readFileSync(commandLine, 'utf8').split('\0').includes(join(folder, 'db'))
  );
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
