import { type Db, type MongoClient, MongoServerError } from 'mongodb';
import { databaseOf, type StoreName } from './names.ts';

/** The hub's collections in which its user may change and remove documents. `trail` is not one of them. */
const changeable = [
  'organisations',
  'memberships',
  'sharingGroups',
  'agreements',
  'onwardShares',
  'grants',
  'offices',
  'revocations',
  'webhooks',
  'webhookDeliveries',
  'webhookPlaces',
  'webhooksDisabled',
  'aliases',
  'aliasVersions',
  'trailPersonal',
  'locks',
  'idempotencyKeys',
] as const;

const appending = ['find', 'insert', 'createIndex', 'listIndexes'] as const;
/**
 * Budgets are counters. Stores that act on TTL indexes remove those that are full again. The stores of the trial and of a
 * deployment do not, because a TTL index on the audit log would remove entries: one small document for each reader stays.
 */
const counting = ['find', 'insert', 'update', 'createIndex'] as const;
const changing = [
  ...appending,
  'update',
  'remove',
  'createCollection',
  'dropIndex',
  'collStats',
  'changeStream',
];

const hubRole = 'hub';
const missing = { user: 11, role: 31 } as const;

/**
 * Creates or updates the users of some stores. Each has its own password and opens its own database only. The hub's user
 * may read the audit log and append to it, but not change or remove an entry.
 */
export async function updateUsers(
  admin: MongoClient,
  names: readonly StoreName[],
  passwordOf: (name: StoreName) => string,
): Promise<void> {
  const updates = names.map(async (name) => {
    const db = admin.db(databaseOf(name));
    const role = name === 'hub' ? await updateHubRole(db) : 'readWrite';
    await upsert(db, 'user', db.databaseName, {
      pwd: passwordOf(name),
      roles: [{ role, db: db.databaseName }],
      mechanisms: ['SCRAM-SHA-256'],
    });
  });
  await Promise.all(updates);
}

async function updateHubRole(db: Db): Promise<string> {
  const on = (collection: string, actions: readonly string[]) => ({
    resource: { db: db.databaseName, collection },
    actions,
  });
  const privileges = [
    on('trail', appending),
    on('budgets', counting),
    on('policies', appending),
    on('supergraphs', appending),
    ...changeable.map((collection) => on(collection, changing)),
    // The driver lists the collections of its database.
    on('', ['listCollections']),
  ];
  await upsert(db, 'role', hubRole, { privileges, roles: [] });
  return hubRole;
}

async function upsert(db: Db, what: 'user' | 'role', name: string, body: object): Promise<void> {
  const [update, create] = what === 'user' ? ['updateUser', 'createUser'] : ['updateRole', 'createRole'];
  try {
    await db.command({ [update]: name, ...body });
  } catch (error) {
    if (!(error instanceof MongoServerError) || error.code !== missing[what]) throw error;
    await db.command({ [create]: name, ...body });
  }
}
