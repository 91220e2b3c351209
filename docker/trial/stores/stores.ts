import { access, constants, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { findMongod, type Mongod } from './find.ts';
import { databaseOf, type StoreName, storeNames } from './names.ts';
import { occupyHome } from './occupy.ts';
import { replicaSet } from './mongod-arguments.ts';
import { type Replica, type ReplicaOptions, startReplica } from './replica.ts';
import { type OpenedSecrets, openSecrets, type ServerName } from './secrets.ts';
import { explainFileError, StoresError } from './stores-error.ts';
import { keepUsers } from './users.ts';

export { storeNames } from './names.ts';
export type { StoreName } from './names.ts';

/** The trial's stores while they run: one URI each, with credentials that open no other. */
export type Stores = AsyncDisposable & {
  readonly uris: Readonly<Record<StoreName, string>>;
  /** What the servers say that they are, as `6.0.5`. */
  readonly version: string;
  /** Ends the servers in order; what was stored stays in the home. */
  stop(): Promise<void>;
  /** Takes one store away, for tests, and gives it back on the same address. Throws NOT_APART unless apart. */
  stopOne(name: StoreName): Promise<void>;
  /** The same as a crash would: what was not in the journal is lost. */
  killOne(name: StoreName): Promise<void>;
  startOne(name: StoreName): Promise<void>;
};

export type StoresOptions = {
  /** The folder that keeps data, ports and passwords between starts; for one trial at a time. */
  readonly home: string;
  /** One server for each store instead of one for all. A home is the one or the other for good. */
  readonly apart?: boolean;
  readonly report?: (line: string) => void;
  /** Where binaries are kept between clones: by default JCU_CACHE, or `jcu-hub` in the user's cache folder. */
  readonly cache?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Aborted where the start is to be given up: what has begun is stopped, and the start is rejected. */
  readonly told?: AbortSignal;
};

/** A server begins with about 310 MB of files; less room than this, and it would end in the middle. */
const roomToBegin = 400_000_000;
const roomToGoOn = 60_000_000;

/**
 * Starts the embedded stores of a trial on this machine, with what was stored in `home` before. Throws a StoresError
 * that says what to do; PRODUCTION when NODE_ENV is `production`, where every store has a URI of its own.
 */
export async function startStores(options: StoresOptions): Promise<Stores> {
  const { apart = false, report = () => undefined, cache, env = process.env, told } = options;
  refuseProduction(env);
  const { home, release } = await occupyHome(options.home);
  const running = new Map<ServerName, Replica>();
  let stopped: Promise<void> | undefined;
  const stop = async () => await (stopped ??= stopAll(running, release));
  try {
    const servers: readonly ServerName[] = apart ? storeNames : ['all'];
    await checkHome(home, apart, servers.length);
    const where = { ...(cache !== undefined && { cache }), ...(told !== undefined && { told }) };
    const mongod = await findMongod({ env, report, ...where });
    told?.throwIfAborted();
    warnOfAge(mongod, report);
    const secrets = await openSecrets(home, servers);
    const start = async (name: ServerName) => {
      running.set(name, await startServer(name, { home, mongod, secrets, share: servers.length, report }));
    };
    await allOrFirstError(servers.map(start));
    told?.throwIfAborted();
    return {
      uris: urisOf(running, secrets),
      version: mongod.version,
      stop,
      ...oneByOne(apart, running, start),
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw explainFileError(error, home);
  }
}

function refuseProduction(env: NonNullable<StoresOptions['env']>): void {
  if (env['NODE_ENV'] !== 'production') return;
  throw new StoresError(
    'PRODUCTION',
    'the embedded stores are for trials on one machine: in production give every part the URI of its own store (JCU_STORE_URI)',
  );
}

async function checkHome(home: string, apart: boolean, servers: number): Promise<void> {
  await access(home, constants.R_OK | constants.W_OK | constants.X_OK);
  const found = await Promise.all(
    ['all', ...storeNames].map(async (name) => ((await exists(join(home, name, 'db'))) ? [name] : [])),
  );
  const names = found.flat();
  if (names.some((name) => (name === 'all') === apart)) {
    const [is, asked] = apart ? ['together', 'apart'] : ['apart', 'together'];
    throw new StoresError(
      'HOME_OF_ANOTHER',
      `${home} keeps its stores ${is}, not ${asked}: start it as before, or begin anew with another home`,
    );
  }
  const room = await statfs(home);
  if (room.bavail * room.bsize > (names.length > 0 ? roomToGoOn : roomToBegin * servers)) return;
  throw explainFileError(Object.assign(new Error('too little room'), { code: 'ENOSPC' }), home);
}

function warnOfAge({ version, path }: Mongod, report: (line: string) => void): void {
  if (Number.parseInt(version, 10) > 6) return;
  report(`stores: MongoDB ${version} (${path}) is past its end of life: for trials on one machine only`);
}

type Server = Omit<ReplicaOptions, 'name' | 'secrets' | 'prepare'> & { readonly secrets: OpenedSecrets };

async function startServer(name: ServerName, server: Server): Promise<Replica> {
  const { password } = server.secrets;
  return await startReplica({
    ...server,
    name,
    secrets: server.secrets.server(name),
    prepare: async (admin) => await keepUsers(admin, name === 'all' ? storeNames : [name], password),
  });
}

/** Waits for all of them, so that a failure leaves none to start behind our back. */
async function allOrFirstError(starts: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(starts)).find((start) => start.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function urisOf(running: ReadonlyMap<ServerName, Replica>, secrets: OpenedSecrets): Stores['uris'] {
  const uris = storeNames.map((name) => {
    const port = (running.get(name) ?? running.get('all'))?.port;
    const database = databaseOf(name);
    const query = `authSource=${database}&authMechanism=SCRAM-SHA-256&replicaSet=${replicaSet}`;
    return [name, `mongodb://${database}:${secrets.password(name)}@127.0.0.1:${port}/${database}?${query}`];
  });
  return Object.fromEntries(uris) as Stores['uris'];
}

function oneByOne(
  apart: boolean,
  running: Map<ServerName, Replica>,
  start: (name: StoreName) => Promise<void>,
): Pick<Stores, 'stopOne' | 'killOne' | 'startOne'> {
  const refuseTogether = () => {
    if (!apart) throw new StoresError('NOT_APART', 'one server holds all stores: start them with apart');
  };
  return {
    stopOne: async (name) => {
      refuseTogether();
      await running.get(name)?.stop();
      running.delete(name);
    },
    killOne: async (name) => {
      refuseTogether();
      await running.get(name)?.kill();
      running.delete(name);
    },
    startOne: async (name) => {
      refuseTogether();
      if (!running.has(name)) await start(name);
    },
  };
}

async function stopAll(running: Map<ServerName, Replica>, release: () => Promise<void>): Promise<void> {
  await Promise.all([...running.values()].map(async (replica) => await replica.stop()));
  await release();
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
