import { setTimeout as pause } from 'node:timers/promises';
import { MongoClient, MongoNetworkError, MongoServerError } from 'mongodb';
import { replicaSet } from './mongod-arguments.ts';
import { StoresError } from './stores-error.ts';

const notInitialised = 94;
const alreadyInitialised = 23;
const authenticationFailed = 18;
const unauthorized = 13;
const alreadyThere = 51_002;
const mover = 'trial-mover';

/** A server, as its administrator reaches it and as its replica set of one node knows it. */
export type Server = {
  /** Where it is reached: of this machine or namespace, for the first time. */
  readonly local: string;
  /** Its own name in its set, which clients must reach it by. */
  readonly member: string;
  readonly set: string;
  /** The administrator's name. */
  readonly admin: string;
  /** The authority that its certificate is from, where it speaks TLS. */
  readonly caFile?: string;
};

/** Opens a server of the trial as its administrator. */
export async function openAsAdmin(port: number, password: string, readyMs: number): Promise<MongoClient> {
  return await openServerAsAdmin(trialServer(port), password, readyMs);
}

/**
 * Opens a server as its administrator once it takes writes. The first time, the replica set is initiated and the
 * administrator made, through MongoDB's localhost exception, which ends with that; a start that was killed in the
 * middle is taken up where it stopped. Throws HOME_OF_ANOTHER when the password is not this server's.
 */
export async function openServerAsAdmin(
  server: Server,
  password: string,
  readyMs: number,
): Promise<MongoClient> {
  const until = Date.now() + readyMs;
  const known = await login(server, password);
  if (known === undefined) await begin(server, password, until);
  const client = known ?? (await login(server, password));
  if (client === undefined) throw wrongPassword(server);
  try {
    await keepAddress(client, server);
    await waitUntilPrimary(client, until);
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

/**
 * Tells a server that is started without its set where the set is from now on. Online it would first ask whoever has
 * its old port whether that is itself, and wait half a minute for one that takes connections and says nothing.
 */
export async function moveAddress(port: number, password: string): Promise<void> {
  const server = trialServer(port);
  await using client = await login(server, password);
  if (client === undefined) throw wrongPassword(server);
  const db = client.db('admin');
  // The right to write there is taken for this once.
  const privileges = [
    { resource: { db: 'local', collection: 'system.replset' }, actions: ['find', 'update'] },
  ];
  await db.command({ createRole: mover, privileges, roles: [] }).catch(tolerate(alreadyThere));
  await db.command({ grantRolesToUser: server.admin, roles: [mover] });
  const sets = client.db('local').collection<{ readonly _id: string }>('system.replset');
  await sets.updateOne({ _id: server.set }, { $set: { 'members.0.host': server.member } });
  await db.command({ dropRole: mover });
}

async function login(server: Server, password: string): Promise<MongoClient | undefined> {
  const client = new MongoClient(addressOf(server), {
    ...limits,
    auth: { username: server.admin, password },
    authSource: 'admin',
    authMechanism: 'SCRAM-SHA-256',
  });
  try {
    return await client.connect();
  } catch (error) {
    await client.close();
    if (error instanceof MongoServerError && error.code === authenticationFailed) return undefined;
    throw error;
  }
}

async function begin(server: Server, password: string, until: number): Promise<void> {
  await using client = await new MongoClient(addressOf(server), limits).connect();
  const db = client.db('admin');
  try {
    await db.command({ replSetInitiate: configOf(server) }).catch(tolerate(alreadyInitialised));
    await waitUntilPrimary(client, until);
    // It changes users and the replica set; it reads and writes no store.
    const roles = ['userAdminAnyDatabase', 'clusterManager'];
    await db.command({ createUser: server.admin, pwd: password, roles, mechanisms: ['SCRAM-SHA-256'] });
  } catch (error) {
    if (error instanceof MongoServerError && error.code === unauthorized) throw wrongPassword(server);
    throw error;
  }
}

/** A node that finds itself under no address of its set serves nobody: it is told where it is now. */
async function keepAddress(client: MongoClient, server: Server): Promise<void> {
  const db = client.db('admin');
  const answer = await db.command({ replSetGetConfig: 1 }).catch(tolerate(notInitialised));
  if (answer === undefined) {
    await db.command({ replSetInitiate: configOf(server) });
    return;
  }
  const config = answer['config'] as {
    readonly version: number;
    readonly members: readonly { readonly host: string }[];
  };
  if (config.members.length === 1 && config.members[0]?.host === server.member) return;
  const moved = {
    ...config,
    version: config.version + 1,
    members: [{ ...config.members[0], host: server.member }],
  };
  await db.command({ replSetReconfig: moved, force: true });
}

async function waitUntilPrimary(client: MongoClient, until: number): Promise<void> {
  while (!(await isPrimary(client))) {
    if (Date.now() > until) throw new Error('the replica set took no writes in time');
    await pause(10);
  }
}

async function isPrimary(client: MongoClient): Promise<boolean> {
  try {
    return (await client.db('admin').command({ hello: 1 }))['isWritablePrimary'] === true;
  } catch (error) {
    // A change of its configuration ends the connections to a node.
    if (error instanceof MongoNetworkError) return false;
    throw error;
  }
}

function tolerate(code: number) {
  return (error: unknown): undefined => {
    if (error instanceof MongoServerError && error.code === code) return undefined;
    throw error;
  };
}

const limits = { directConnection: true, serverSelectionTimeoutMS: 10_000, maxPoolSize: 4 } as const;

function configOf({ set, member }: Server) {
  return { _id: set, members: [{ _id: 0, host: member }] };
}

function addressOf({ local, caFile }: Server): string {
  const tls = caFile === undefined ? '' : `?tls=true&tlsCAFile=${encodeURIComponent(caFile)}`;
  return `mongodb://${local}/${tls}`;
}

function trialServer(port: number): Server {
  const host = `127.0.0.1:${port}`;
  return { local: host, member: host, set: replicaSet, admin: 'trial-admin' };
}

function wrongPassword({ local }: Server): StoresError {
  return new StoresError(
    'HOME_OF_ANOTHER',
    `the server at ${local} does not know the password of its administrator: put back the secrets that belong to ` +
      'its files, or begin anew with another home',
  );
}
