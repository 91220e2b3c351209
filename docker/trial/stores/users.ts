import { MongoClient, type Db } from 'mongodb';
import { databaseOf, type StoreName } from './names.ts';

/** The hub's collections that its user may change; `trail` is none of them. */
const changeable = [
  'memberships',
  'organisations',
  'sharingGroups',
  'agreements',
  'onwardShares',
  'aliases',
  'aliasVersions',
  'trailPersonal',
  'locks',
  'idempotencyKeys',
];

const indexing = ['createIndex', 'listIndexes', 'createCollection', 'collStats', 'listCollections'];

/**
 * Brings the users of one server up to date: for each store one user, with its own password, on its own database
 * only. The hub's may append to its trail and read it, and never change or remove an entry.
 */
export async function bringUsersUpToDate(
  adminUri: string,
  passwords: Readonly<Partial<Record<StoreName, string>>>,
): Promise<void> {
  const client = new MongoClient(adminUri, { serverSelectionTimeoutMS: 5000 });
  try {
    for (const [name, password] of Object.entries(passwords)) {
      const db = client.db(databaseOf(name as StoreName));
      const roles = name === 'hub' ? [await hubRole(db)] : [{ role: 'readWrite', db: db.databaseName }];
      await createOrUpdate(db, 'User', db.databaseName, { pwd: password, roles });
    }
  } finally {
    await client.close();
  }
}

async function hubRole(db: Db): Promise<{ role: string; db: string }> {
  const privileges = [
    { resource: { db: db.databaseName, collection: 'trail' }, actions: ['find', 'insert', ...indexing] },
    ...changeable.map((collection) => ({
      resource: { db: db.databaseName, collection },
      actions: ['find', 'insert', 'update', 'remove', ...indexing],
    })),
  ];
  await createOrUpdate(db, 'Role', 'jcuHub', { privileges, roles: [] });
  return { role: 'jcuHub', db: db.databaseName };
}

async function createOrUpdate(db: Db, what: 'User' | 'Role', name: string, body: object): Promise<void> {
  try {
    await db.command({ [`create${what}`]: name, ...body });
  } catch (error) {
    // 51003 and 51002: the user or the role is there already.
    const code = (error as { code?: unknown }).code;
    if (code !== 51_003 && code !== 51_002) throw error;
    await db.command({ [`update${what}`]: name, ...body });
  }
}
