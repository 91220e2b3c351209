import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { databaseOf, type StoreName, storeNames } from '../../../../docker/trial/stores/names.ts';
import { mongodArguments } from '../../../../docker/trial/stores/mongod-arguments.ts';
import { startStores, type Stores } from '../../../../docker/trial/stores/stores.ts';
import { connect, makeFolder } from './place.ts';

let place: Awaited<ReturnType<typeof makeFolder>>;
let stores: Stores;
const said: string[] = [];

beforeAll(async () => {
  place = await makeFolder();
  stores = await startStores({ home: place.folder, report: (line) => said.push(line) });
});

afterAll(async () => {
  await stores.stop();
  await place[Symbol.asyncDispose]();
});

const unauthorized = { codeName: 'Unauthorized' };
const pairs = storeNames.flatMap((own) =>
  storeNames.filter((other) => other !== own).map((other) => [own, other] as const),
);

test.each(pairs)('the credentials of %s cannot read, write or list the data of %s', async (own, other) => {
  await using client = await connect(stores.uris[own]);
  const foreign = client.db(databaseOf(other));
  for (const name of ['records', 'organisations', 'trail', 'system.users']) {
    await expect(foreign.collection(name).findOne()).rejects.toMatchObject(unauthorized);
    await expect(foreign.collection(name).insertOne({})).rejects.toMatchObject(unauthorized);
  }
  await expect(foreign.listCollections().toArray()).rejects.toMatchObject(unauthorized);
  await expect(foreign.stats()).rejects.toMatchObject(unauthorized);
  await expect(foreign.dropDatabase()).rejects.toMatchObject(unauthorized);
  await expect(foreign.collection('records').watch().next()).rejects.toMatchObject(unauthorized);
  const joined = [
    { $lookup: { from: { db: foreign.databaseName, coll: 'records' }, as: 'x', pipeline: [] } },
  ];
  const ownRecords = client.db().collection(own === 'hub' ? 'locks' : 'records');
  await expect(ownRecords.aggregate(joined).toArray()).rejects.toThrow('from');
  await expect(
    ownRecords.aggregate([{ $out: { db: foreign.databaseName, coll: 'records' } }]).toArray(),
  ).rejects.toMatchObject(unauthorized);
});

test.each(pairs)('the password of %s cannot log in at %s', async (own, other) => {
  const crossed = new URL(stores.uris[other]);
  crossed.password = new URL(stores.uris[own]).password;
  await expect(connect(crossed.href)).rejects.toMatchObject({ codeName: 'AuthenticationFailed' });
});

test.each(storeNames)(
  '%s sees its own database only, and a client without a password sees none',
  async (own) => {
    await using client = await connect(stores.uris[own]);
    await client.db().collection('locks').insertOne({});
    const { databases } = await client.db().admin().listDatabases({ nameOnly: true });
    expect(databases.map(({ name }) => name)).toEqual([databaseOf(own)]);
    await using nobody = await connect(`mongodb://${new URL(stores.uris[own]).host}/?directConnection=true`);
    await expect(nobody.db(databaseOf(own)).collection('locks').findOne()).rejects.toMatchObject(
      unauthorized,
    );
  },
);

test("the hub's user can append to the audit log and read it, but not change or remove an entry", async () => {
  await using client = await connect(stores.uris.hub);
  const trail = client.db().collection<{ readonly _id: number; readonly bytes?: string }>('trail');
  await trail.createIndex({ bytes: 1 }, { unique: true });
  await trail.insertMany([
    { _id: 1, bytes: 'a' },
    { _id: 2, bytes: 'b' },
  ]);
  const attempts = [
    trail.updateOne({ _id: 1 }, { $set: { bytes: 'c' } }),
    trail.replaceOne({ _id: 3 }, { bytes: 'c' }, { upsert: true }),
    trail.findOneAndDelete({ _id: 1 }),
    trail.deleteMany({}),
    trail.drop(),
    trail.dropIndex('bytes_1'),
    trail.rename('locks', { dropTarget: true }),
    client.db().collection('locks').rename('trail', { dropTarget: true }),
    client
      .db()
      .collection('locks')
      .aggregate([{ $out: 'trail' }])
      .toArray(),
    client
      .db()
      .collection('locks')
      .aggregate([{ $merge: { into: 'trail' } }])
      .toArray(),
    client.db().command({ collMod: 'trail', validator: {} }),
    client.db().command({ convertToCapped: 'trail', size: 4096 }),
    client.db().dropDatabase(),
    client.db().command({ updateRole: 'hub', roles: ['dbOwner'] }),
    client.db().command({ createUser: 'other', pwd: 'exercise', roles: ['dbOwner'] }),
  ];
  for (const attempt of attempts) await expect(attempt).rejects.toMatchObject(unauthorized);
  expect(await trail.find().toArray()).toHaveLength(2);
  // An index that lets entries expire may be made, and nothing acts on it.
  expect(mongodArguments('home', 1, 1)).toContain('ttlMonitorEnabled=false');
});

test.each(['policies', 'supergraphs'])("the hub's user can add to %s, but not change it", async (name) => {
  await using client = await connect(stores.uris.hub);
  const kept = client.db().collection<{ readonly _id: number }>(name);
  await kept.insertOne({ _id: 1 });
  await expect(kept.updateOne({ _id: 1 }, { $set: { digest: 'x' } })).rejects.toMatchObject(unauthorized);
  await expect(kept.deleteOne({ _id: 1 })).rejects.toMatchObject(unauthorized);
});

test("the hub's user can change the registry's collections, but not create others", async () => {
  await using client = await connect(stores.uris.hub);
  for (const name of [
    'organisations',
    'memberships',
    'sharingGroups',
    'agreements',
    'onwardShares',
    'grants',
    'offices',
    'aliases',
    'revocations',
  ]) {
    const entries = client.db().collection<{ readonly _id: string }>(name);
    await entries.insertOne({ _id: 'exercise' });
    await entries.updateOne({ _id: 'exercise' }, { $set: { seen: true } });
    expect((await entries.deleteOne({ _id: 'exercise' })).deletedCount).toBe(1);
  }
  await expect(client.db().collection('records').insertOne({})).rejects.toMatchObject(unauthorized);
});

test.each<StoreName>(['enisa', 'hub'])('a transaction and a change stream work at %s', async (name) => {
  await using client = await connect(stores.uris[name]);
  const records = client.db().collection<{ readonly _id: number }>('agreements');
  const changes = records.watch();
  await changes.tryNext();
  await client.withSession(async (session) => {
    await session.withTransaction(async () => {
      await records.insertMany([{ _id: 1 }, { _id: 2 }], { session });
    });
    session.startTransaction();
    await records.insertOne({ _id: 3 }, { session });
    await session.abortTransaction();
  });
  const seen = [await changes.next(), await changes.next()];
  expect(seen).toMatchObject([{ documentKey: { _id: 1 } }, { documentKey: { _id: 2 } }]);
  expect(await records.countDocuments()).toBe(2);
  await changes.close();
});

test('warns about an old server, and stores the passwords readable by their owner only', async () => {
  expect(said.some((line) => line.includes('is past its end of life'))).toBe(stores.version.startsWith('6.'));
  expect((await stat(join(place.folder, 'secrets.json'))).mode & 0o777).toBe(0o600);
  await expect(stores.stopOne('enisa')).rejects.toMatchObject({ code: 'NOT_APART' });
});
