import { MongoClient, MongoNetworkError, MongoServerError, MongoServerSelectionError } from 'mongodb';
import type { Wait } from '../patience.ts';
import { replicaSet } from './mongod-arguments.ts';
import { StoresError } from './stores-error.ts';

const notInitialised = 94;
const alreadyInitialised = 23;
const authenticationFailed = 18;
const unauthorized = 13;
const alreadyThere = 51_002;
const mover = 'trial-mover';

/** A database server: the address for its administrator and its name in its one-node replica set. */
export type Server = {
  /** HOST:PORT for the administrator; on the loopback until the first user exists. */
  readonly local: string;
  /** HOST:PORT in the replica set's configuration, which clients connect to. */
  readonly member: string;
  readonly set: string;
  /** The administrator's name. */
  readonly admin: string;
  /** The authority of its certificate, if it uses TLS. */
  readonly caFile?: string;
};

/** Connects to a server of the trial as its administrator. */
export async function openAsAdmin(port: number, password: string, wait: Wait): Promise<MongoClient> {
  return await openServerAsAdmin(trialServer(port), password, wait);
}

/**
 * Connects to a server as its administrator and waits until it accepts writes, as long as `wait` does. The first time, initiates the replica set
 * and creates the administrator through MongoDB's localhost exception, which ends there. Continues a start that was
 * killed. Throws HOME_OF_ANOTHER if the password is wrong.
 */
export async function openServerAsAdmin(server: Server, password: string, wait: Wait): Promise<MongoClient> {
  let opened: MongoClient | undefined;
  // Each step may be repeated. A busy server misses the driver's time limits.
  await wait(async () => {
    opened = await open(server, password, wait).catch(undefinedIfLate);
    return opened !== undefined;
  });
  if (opened === undefined) throw wrongPassword(server);
  return opened;
}

async function open(server: Server, password: string, wait: Wait): Promise<MongoClient> {
  const known = await login(server, password);
  if (known === undefined) await begin(server, password, wait);
  const client = known ?? (await login(server, password));
  if (client === undefined) throw wrongPassword(server);
  try {
    await updateAddress(client, server);
    await wait(async () => await isPrimary(client));
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

function undefinedIfLate(error: unknown): undefined {
  if (error instanceof MongoNetworkError || error instanceof MongoServerSelectionError) return undefined;
  throw error;
}

/**
 * Writes a new port into the replica set's configuration of a server that was started without its set. A running set would
 * first contact the program on the old port, and wait half a minute if that accepts connections but does not answer.
 */
export async function moveAddress(port: number, password: string): Promise<void> {
  const server = trialServer(port);
  await using client = await login(server, password);
  if (client === undefined) throw wrongPassword(server);
  const db = client.db('admin');
  // The right to write there is granted for this call only.
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

async function begin(server: Server, password: string, wait: Wait): Promise<void> {
  await using client = await new MongoClient(addressOf(server), limits).connect();
  const db = client.db('admin');
  try {
    await db.command({ replSetInitiate: configOf(server) }).catch(tolerate(alreadyInitialised));
    await wait(async () => await isPrimary(client));
    // The administrator changes users and the replica set; it cannot read or write a store.
    const roles = ['userAdminAnyDatabase', 'clusterManager'];
    await db.command({ createUser: server.admin, pwd: password, roles, mechanisms: ['SCRAM-SHA-256'] });
  } catch (error) {
    if (error instanceof MongoServerError && error.code === unauthorized) throw wrongPassword(server);
    throw error;
  }
}

/** A node whose address is not in its set's configuration serves no clients: sets the current address. */
async function updateAddress(client: MongoClient, server: Server): Promise<void> {
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

async function isPrimary(client: MongoClient): Promise<boolean> {
  try {
    return (await client.db('admin').command({ hello: 1 }))['isWritablePrimary'] === true;
  } catch (error) {
    // A new configuration closes the connections to the node.
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
    `the server at ${local} refused the administrator's password: restore the secrets.json that belongs to its files, ` +
      'or set JCU_HOME to a new folder',
  );
}
