import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, findMongod, type Mongod } from './find.ts';
import { databaseOf, type StoreName, storeNames } from './names.ts';
import { type Replica, startReplica } from './replica.ts';
import { type StoreSecrets, storeSecrets } from './secrets.ts';
import { bringUsersUpToDate } from './users.ts';

/** The trial's stores while they run: one URI each, with credentials that open no other. */
export type Stores = AsyncDisposable & {
  readonly uris: Readonly<Record<StoreName, string>>;
  readonly version: string;
  stop(): Promise<void>;
  /** Takes one store away and gives it back; only where each has a server of its own. */
  stopOne(name: StoreName): Promise<void>;
  startOne(name: StoreName): Promise<void>;
};

export type StoresOptions = {
  /** The folder that keeps data, ports and secrets between starts. */
  readonly home: string;
  /** One server for each store instead of one for all. */
  readonly apart?: boolean;
  readonly report?: (line: string) => void;
};

/**
 * Starts the embedded stores of a trial on this machine: data, port and passwords stay in `home`. Refuses in
 * production, where every store has a URI of its own.
 */
export async function startStores(options: StoresOptions): Promise<Stores> {
  if (process.env['NODE_ENV'] === 'production') {
    throw new Error('the embedded stores are for trials: in production give JCU_STORE_URI for each store');
  }
  const report = options.report ?? (() => undefined);
  makeWritable(options.home);
  const mongod = await findMongod({ env: process.env, cache: cacheFolder(process.env), report });
  if (mongod.version.startsWith('6.')) {
    report(`stores: MongoDB ${mongod.version} is past its end of life: for a trial on one machine only`);
  }
  const secrets = storeSecrets(options.home);
  return options.apart === true
    ? await startApart(mongod, options.home, secrets)
    : await startTogether(mongod, options.home, secrets);
}

async function startTogether(mongod: Mongod, home: string, secrets: StoreSecrets): Promise<Stores> {
  const replica = await startReplica(mongod, join(home, 'all'), join(home, 'keyfile'), secrets.admin);
  await bringUsersUpToDate(replica.adminUri, secrets.passwords);
  const uris = storeNames.map((name) => [name, uriOf(name, replica.port, secrets)]);
  const alone = async () => await Promise.reject(new Error('one server holds all stores: start them apart'));
  return {
    uris: Object.fromEntries(uris) as Record<StoreName, string>,
    version: mongod.version,
    stop: replica.stop,
    stopOne: alone,
    startOne: alone,
    [Symbol.asyncDispose]: replica.stop,
  };
}

async function startApart(mongod: Mongod, home: string, secrets: StoreSecrets): Promise<Stores> {
  const running = new Map<StoreName, Replica>();
  const startOne = async (name: StoreName) => {
    const replica = await startReplica(mongod, join(home, name), join(home, 'keyfile'), secrets.admin);
    await bringUsersUpToDate(replica.adminUri, { [name]: secrets.passwords[name] });
    running.set(name, replica);
  };
  await Promise.all(storeNames.map(startOne));
  const uris = storeNames.map((name) => [name, uriOf(name, running.get(name)?.port ?? 0, secrets)]);
  const stopOne = async (name: StoreName) => {
    await running.get(name)?.stop();
    running.delete(name);
  };
  const stop = async () => {
    await Promise.all([...running.keys()].map(stopOne));
  };
  return {
    uris: Object.fromEntries(uris) as Record<StoreName, string>,
    version: mongod.version,
    stop,
    stopOne,
    startOne,
    [Symbol.asyncDispose]: stop,
  };
}

function uriOf(name: StoreName, port: number, secrets: StoreSecrets): string {
  const database = databaseOf(name);
  const credentials = `${database}:${encodeURIComponent(secrets.passwords[name])}`;
  return `mongodb://${credentials}@127.0.0.1:${port}/${database}?authSource=${database}&replicaSet=trial`;
}

function makeWritable(home: string): void {
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    accessSync(home, constants.W_OK);
  } catch (error) {
    throw new Error(`${home} cannot be written: make it writable, or choose another folder (JCU_HOME)`, {
      cause: error,
    });
  }
}
