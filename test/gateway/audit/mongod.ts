import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { MongoClient, type MongoClientOptions } from 'mongodb';
import { findMongod } from '../../../docker/trial/stores/find.ts';

const root = { username: 'root', password: 'exercise' } as const;

/** A `mongod` for one test file: a replica set of one node with access control that tests can kill and freeze. */
export class Mongod implements AsyncDisposable {
  readonly port: number;
  readonly #binary: string;
  readonly #command: readonly string[];
  readonly #home: string;
  #process: ChildProcess | null = null;

  constructor(binary: string, port: number, home: string) {
    this.#binary = binary;
    this.port = port;
    this.#home = home;
    const where = ['--dbpath', home, '--port', `${port}`, '--bind_ip', '127.0.0.1', '--replSet', 'trail'];
    const what = ['--keyFile', join(home, 'key'), '--logpath', join(home, 'log')];
    this.#command = [...where, ...what, '--wiredTigerCacheSizeGB', '0.25'];
  }

  /** Starts with an empty store and creates the root user. */
  async create(): Promise<void> {
    await writeFile(join(this.#home, 'key'), 'exercise', { mode: 0o600 });
    this.#spawn();
    await using client = await new MongoClient(uriOf(this.port), { directConnection: true }).connect();
    await client.db('admin').command({ replSetInitiate: {} });
    await untilPrimary(client);
    await client.db('admin').command({ createUser: root.username, pwd: root.password, roles: ['root'] });
  }

  /** Restarts the process and waits until it accepts writes. */
  async start(): Promise<void> {
    this.#spawn();
    await using client = await this.connect({ directConnection: true });
    await untilPrimary(client);
  }

  #spawn(): void {
    this.#process = spawn(this.#binary, this.#command, {
      stdio: 'ignore',
    });
  }

  async kill(): Promise<void> {
    const running = this.#process;
    if (running === null) return;
    this.#process = null;
    running.kill('SIGKILL');
    await once(running, 'exit');
  }

  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Returns a client; by default as root, and directly on the port of the process. */
  async connect(options: MongoClientOptions, port = this.port): Promise<MongoClient> {
    return await new MongoClient(uriOf(port), { auth: root, authSource: 'admin', ...options }).connect();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#home, { recursive: true, force: true });
  }
}

function uriOf(port: number): string {
  return `mongodb://127.0.0.1:${port}/`;
}

async function untilPrimary(client: MongoClient): Promise<void> {
  while ((await client.db('admin').command({ hello: 1 }))['isWritablePrimary'] !== true) await pause(20);
}

/** Starts a `mongod` on a free port in a temporary folder, which is removed with it. */
export async function startMongod(): Promise<Mongod> {
  const { path } = await findMongod({ env: process.env, report: () => {} });
  const mongod = new Mongod(path, await freePort(), await mkdtemp(join(tmpdir(), 'jcu-trail-')));
  await mongod.create();
  return mongod;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
