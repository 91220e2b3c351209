import { access, constants, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { findMongod, type Mongod } from './find.ts';
import { databaseOf, type StoreName, storeNames } from './names.ts';
import { occupyHome } from './occupy.ts';
import { replicaSet } from './mongod-arguments.ts';
import { type Replica, type ReplicaOptions, startReplica } from './replica.ts';
import { type OpenedSecrets, openSecrets, type ServerName } from './secrets.ts';
import { explainFileError, StoresError } from './stores-error.ts';
import { updateUsers } from './users.ts';

export { storeNames } from './names.ts';
export type { StoreName } from './names.ts';

/** The running stores of the trial: one URI each, whose credentials open no other store. */
export type Stores = AsyncDisposable & {
  readonly uris: Readonly<Record<StoreName, string>>;
  /** The version of the servers, such as `6.0.5`. */
  readonly version: string;
  /** Stops the servers gracefully; the stored data remains in the home. */
  stop(): Promise<void>;
  /** Stops one store, for tests; `startOne` starts it on the same address. Throws NOT_APART if one server holds all. */
  stopOne(name: StoreName): Promise<void>;
  /** Kills one store, as a crash would: writes that are not in the journal are lost. */
  killOne(name: StoreName): Promise<void>;
  startOne(name: StoreName): Promise<void>;
};

export type StoresOptions = {
  /** The folder of data, ports and passwords, kept between starts; for one trial at a time. */
  readonly home: string;
  /** Run one server for each store instead of one for all. This cannot be changed for an existing home. */
  readonly apart?: boolean;
  readonly report?: (line: string) => void;
  /** The folder of downloaded binaries: by default JCU_CACHE, or `jcu-hub` in the user's cache folder. */
  readonly cache?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Aborts the start: the servers that run are stopped, and the start rejects. */
  readonly signal?: AbortSignal;
};

/** A new server writes about 310 MB of files. */
const roomForNewServer = 400_000_000;
const roomForExistingServers = 60_000_000;

/**
 * Starts the embedded stores of a trial on this machine with the data in `home`. Throws a StoresError that says what to
 * do; PRODUCTION if NODE_ENV is `production`, where every part gets the URI of its store.
 */
export async function startStores(options: StoresOptions): Promise<Stores> {
  const { apart = false, report = () => undefined, cache, env = process.env, signal } = options;
  refuseProduction(env);
  const { home, release } = await occupyHome(options.home);
  const running = new Map<ServerName, Replica>();
  let stopped: Promise<void> | undefined;
  const stop = async () => await (stopped ??= stopAll(running, release));
  try {
    const servers: readonly ServerName[] = apart ? storeNames : ['all'];
    await checkHome(home, apart, servers.length);
    const where = { ...(cache !== undefined && { cache }), ...(signal !== undefined && { signal }) };
    const mongod = await findMongod({ env, report, ...where });
    signal?.throwIfAborted();
    warnIfOutdated(mongod, report);
    const secrets = await openSecrets(home, servers);
    const start = async (name: ServerName) => {
      running.set(
        name,
        await startServer(name, { home, mongod, secrets, share: servers.length, report, signal }),
      );
    };
    await allOrFirstError(servers.map(start));
    signal?.throwIfAborted();
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
    'the embedded stores are for trials on one machine: in production, give every part the URI of its store (JCU_STORE_URI)',
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
      `${home} has its stores ${is}, not ${asked}: start with --stores ${is}, start with --fresh, or set JCU_HOME to a new folder`,
    );
  }
  const room = await statfs(home);
  if (room.bavail * room.bsize > (names.length > 0 ? roomForExistingServers : roomForNewServer * servers))
    return;
  throw explainFileError(Object.assign(new Error('too little room'), { code: 'ENOSPC' }), home);
}

function warnIfOutdated({ version, path }: Mongod, report: (line: string) => void): void {
  if (Number.parseInt(version, 10) > 6) return;
  report(
    `stores: MongoDB ${version} (${path}) is past its end of life: use it for trials on one machine only`,
  );
}

type Server = Omit<ReplicaOptions, 'name' | 'secrets' | 'prepare'> & { readonly secrets: OpenedSecrets };

async function startServer(name: ServerName, server: Server): Promise<Replica> {
  const { password } = server.secrets;
  return await startReplica({
    ...server,
    name,
    secrets: server.secrets.server(name),
    prepare: async (admin) => await updateUsers(admin, name === 'all' ? storeNames : [name], password),
  });
}

/** Waits for all starts, so that none continues after a failure. */
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
  const requireApart = () => {
    if (!apart)
      throw new StoresError('NOT_APART', 'one server holds all stores: start them with `apart: true`');
  };
  return {
    stopOne: async (name) => {
      requireApart();
      await running.get(name)?.stop();
      running.delete(name);
    },
    killOne: async (name) => {
      requireApart();
      await running.get(name)?.kill();
      running.delete(name);
    },
    startOne: async (name) => {
      requireApart();
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
