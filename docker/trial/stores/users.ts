import { type Db, type MongoClient, MongoServerError } from 'mongodb';
import { databaseOf, type StoreName } from './names.ts';

/** The hub's collections that its user may change and empty; `trail` is none of them. */
const changeable = [
  'organisations',
  'memberships',
  'sharingGroups',
  'agreements',
  'onwardShares',
  'grants',
  'aliases',
  'aliasVersions',
  'trailPersonal',
  'locks',
  'idempotencyKeys',
] as const;

const appending = ['find', 'insert', 'createIndex', 'listIndexes'] as const;
/**
 * Budgets are counted. What is full again a store removes by itself, where it acts on TTL indexes; the trial's and the
 * deployment's do not, since one on the trail would remove entries: there a small document for each reader stays.
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
 * Brings the users of some stores up to date: each opens its own database and no other, with a password of its own.
 * The hub's may read its trail and append to it, and never change or remove an entry.
 */
export async function keepUsers(
  admin: MongoClient,
  names: readonly StoreName[],
  passwordOf: (name: StoreName) => string,
): Promise<void> {
  const kept = names.map(async (name) => {
    const db = admin.db(databaseOf(name));
    const role = name === 'hub' ? await keepHubRole(db) : 'readWrite';
    await keep(db, 'user', db.databaseName, {
      pwd: passwordOf(name),
      roles: [{ role, db: db.databaseName }],
      mechanisms: ['SCRAM-SHA-256'],
    });
  });
  await Promise.all(kept);
}

async function keepHubRole(db: Db): Promise<string> {
  const on = (collection: string, actions: readonly string[]) => ({
    resource: { db: db.databaseName, collection },
    actions,
  });
  const privileges = [
    on('trail', appending),
    on('budgets', counting),
    on('policies', appending),
    ...changeable.map((collection) => on(collection, changing)),
    // The names of its own collections, which the driver asks for.
    on('', ['listCollections']),
  ];
  await keep(db, 'role', hubRole, { privileges, roles: [] });
  return hubRole;
}

async function keep(db: Db, what: 'user' | 'role', name: string, body: object): Promise<void> {
  const [update, create] = what === 'user' ? ['updateUser', 'createUser'] : ['updateRole', 'createRole'];
  try {
    await db.command({ [update]: name, ...body });
  } catch (error) {
    if (!(error instanceof MongoServerError) || error.code !== missing[what]) throw error;
    await db.command({ [create]: name, ...body });
  }
}
