import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { Binary, type Db, type MongoClient } from 'mongodb';
import type { AuditFacts } from '../../../gateway/audit/entry.ts';
import { verifyPersonal } from '../../../gateway/audit/personal.ts';
import {
  countStrays,
  erasePersonal,
  readEntries,
  readPersonal,
  trailClientOptions,
} from '../../../gateway/audit/store.ts';
import { openTrail, type Trail } from '../../../gateway/audit/trail.ts';
import { openAccessLog } from '../../../gateway/audit/log.ts';
import { parseAccess, parseEntry } from '../../../gateway/audit/parse-entry.ts';
import { type StoredEntry, verifyChain } from '../../../gateway/audit/verify.ts';
import { facts } from './facts.ts';
import { type Mongod, startMongod } from './mongod.ts';
import { storedEntries } from './stored.ts';
import { key, keys } from './signing.ts';

/** A busy machine is no outage: no promise here is about the time limit. */
const patienceMs = 60_000;

let mongod: Mongod;
let client: MongoClient;

beforeAll(async () => {
  mongod = await startMongod();
  client = await mongod.connect(trailClientOptions());
});

afterAll(async () => {
  await client.close();
  await mongod[Symbol.asyncDispose]();
});

let stores = 0;
function freshDb(): Db {
  stores += 1;
  return client.db(`hub-${stores}`);
}

const deployment = 'exercise-hub';

function numbered(n: number): AuditFacts {
  return facts({ correlationId: `c-${n}` });
}

async function stored(db: Db): Promise<readonly StoredEntry[]> {
  return await storedEntries(db, deployment);
}

function correlations(entries: readonly StoredEntry[]): readonly string[] {
  return entries.map(({ bytes }) => parseAccess(bytes)?.correlationId ?? '');
}

async function appendMany(trail: Trail, from: number, count: number): Promise<void> {
  const each = Array.from({ length: count }, async (_, n) => await trail.append(numbered(from + n)));
  await Promise.all(each);
}

test('resolves with the position at which entry and parts are stored', async () => {
  const db = freshDb();
  const trail = await openTrail({ db, deployment, patienceMs, key });
  const first = await trail.append(facts());
  const second = await trail.append(facts());
  expect([first.seq, second.seq]).toEqual([1, 2]);
  const entries = await stored(db);
  expect(entries.map(({ seq, hash, id }) => ({ seq, hash, id }))).toEqual([first, second]);
  const body = parseAccess(entries[0]?.bytes ?? Buffer.of());
  const parts = await readPersonal(db, first.id);
  if (body === null || parts === null || parts.reader === null || parts.operation === null)
    throw new Error('expected both');
  expect(verifyPersonal(body, 'reader', parts.reader)).toBe(true);
  expect(verifyPersonal(body, 'operation', parts.operation)).toBe(true);
  await trail.close();
});

test('continues behind the last entry after a restart, and reads from any position', async () => {
  const db = freshDb();
  for (const n of [1, 2, 3]) {
    const trail = await openTrail({ db, deployment, patienceMs, key });
    expect((await trail.append(facts())).seq).toBe(n);
    await trail.close();
  }
  expect(await verifyChain(readEntries(db, deployment), { deployment, keys })).toMatchObject({
    ok: true,
    entries: 3,
  });
  expect((await storedEntries(db, deployment, 3)).map(({ seq }) => seq)).toEqual([3]);
});

test('builds one chain without gaps from 500 concurrent appends of two hubs', async () => {
  const db = freshDb();
  const hubs = await Promise.all([
    openTrail({ db, deployment, patienceMs, key }),
    openTrail({ db, deployment, patienceMs, key }),
  ]);
  await Promise.all(hubs.map(async (hub, n) => await appendMany(hub, n * 250, 250)));
  const entries = await stored(db);
  expect(await verifyChain(entries, { deployment, keys })).toMatchObject({ ok: true, entries: 500 });
  expect(new Set(correlations(entries)).size).toBe(500);
  await Promise.all(hubs.map(async (hub) => await hub.close()));
});

test('loses and duplicates no entry when two hubs append in turns', async () => {
  const db = freshDb();
  const hubs = await Promise.all([
    openTrail({ db, deployment, patienceMs, key }),
    openTrail({ db, deployment, patienceMs, key }),
  ]);
  await Promise.all(
    hubs.map(async (hub, n) => {
      for (let step = 0; step < 40; step += 1) await appendMany(hub, n * 1000 + step * 3, 3);
    }),
  );
  const entries = await stored(db);
  expect(await verifyChain(entries, { deployment, keys })).toMatchObject({ ok: true, entries: 240 });
  expect(new Set(correlations(entries)).size).toBe(240);
  await Promise.all(hubs.map(async (hub) => await hub.close()));
});

test('keeps a separate chain for each deployment in one store', async () => {
  const db = freshDb();
  const one = await openTrail({ db, deployment, patienceMs, key });
  const other = await openTrail({ db, deployment: 'exercise-other', patienceMs, key });
  await Promise.all([appendMany(one, 0, 20), appendMany(other, 0, 30)]);
  const verdicts = [deployment, 'exercise-other'].map(
    async (name) => await verifyChain(readEntries(db, name), { deployment: name, keys }),
  );
  expect(await Promise.all(verdicts)).toMatchObject([{ entries: 20 }, { entries: 30 }]);
  await Promise.all([one.close(), other.close()]);
});

test('keeps the chain verifiable after personal parts are erased separately', async () => {
  const db = freshDb();
  const trail = await openTrail({ db, deployment, patienceMs, key });
  const { id } = await trail.append(facts());
  await trail.append(facts());
  await erasePersonal(db, id, ['operation']);
  expect(await readPersonal(db, id)).toMatchObject({ reader: { salt: expect.anything() }, operation: null });
  await erasePersonal(db, id);
  expect(await readPersonal(db, id)).toEqual({ reader: null, operation: null });
  expect(await verifyChain(readEntries(db, deployment), { deployment, keys })).toMatchObject({
    ok: true,
    entries: 2,
  });
  await trail.close();
});

test('rejects an entry that cannot be recorded without blocking others', async () => {
  const db = freshDb();
  const trail = await openTrail({ db, deployment, patienceMs, key });
  const huge = 'x'.repeat(9_000_000);
  const outcomes = await Promise.allSettled([
    trail.append(facts({ operation: { ...facts().operation, variables: { huge } } })),
    trail.append(facts({ operation: { ...facts().operation, variables: { n: Number.NaN } } })),
    trail.append(numbered(1)),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  expect(outcomes[0]).toMatchObject({ reason: { code: 'OPERATION_TOO_LARGE' } });
  await trail.close();
});

test('rejects at once when the queue is full', async () => {
  const db = freshDb();
  const trail = await openTrail({ db, deployment, patienceMs, key });
  const many = Array.from({ length: 5100 }, async (_, n) => await trail.append(numbered(n)));
  const outcomes = await Promise.allSettled(many);
  const refused = outcomes.filter(({ status }) => status === 'rejected');
  expect(refused.length).toBeGreaterThanOrEqual(100);
  expect(refused[0]).toMatchObject({ reason: { code: 'TRAIL_UNAVAILABLE' } });
  const entries = outcomes.length - refused.length;
  const verdict = await verifyChain(readEntries(db, deployment), { deployment, keys });
  expect(verdict.ok && verdict.entries).toBeGreaterThanOrEqual(entries);
  await trail.close();
});

test('writes the queue on close, and accepts nothing afterwards', async () => {
  const db = freshDb();
  const trail = await openTrail({ db, deployment, patienceMs, key });
  for (let n = 0; n < 100; n += 1) trail.appendLater(numbered(n));
  await trail.close();
  expect(await stored(db)).toHaveLength(100);
  expect(() => trail.appendLater(facts())).toThrow(expect.objectContaining({ code: 'TRAIL_UNAVAILABLE' }));
  await expect(trail.append(facts())).rejects.toMatchObject({ code: 'TRAIL_UNAVAILABLE' });
});

test('writes entries that nobody waits for together, and does not keep an awaited one waiting for them', async () => {
  const db = freshDb();
  let writes = 0;
  const trail = await openTrail({ db, deployment, patienceMs, key, moved: () => void (writes += 1) });
  for (let n = 0; n < 20; n += 1) {
    trail.appendLater(numbered(n));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const awaited = await trail.append(numbered(20));
  expect(awaited.seq).toBe(21);
  expect(writes).toBeLessThan(5);
  trail.appendLater(numbered(21));
  // Nothing else is appended: it is written all the same.
  for (let waited = 0; (await stored(db)).length < 22 && waited < 500; waited += 1) await pause(10);
  await trail.close();
  const entries = await stored(db);
  expect(correlations(entries)).toEqual(Array.from({ length: 22 }, (_, n) => `c-${n}`));
  expect(await verifyChain(entries, { deployment, keys })).toMatchObject({ ok: true, entries: 22 });
});

test('writes 200 concurrent appends as one chain in a few writes', async () => {
  const db = freshDb();
  let writes = 0;
  const trail = await openTrail({ db, deployment, patienceMs, key, moved: () => void (writes += 1) });
  await appendMany(trail, 0, 200);
  await trail.close();
  expect(writes).toBeLessThan(10);
  const verdict = await verifyChain(readEntries(db, deployment), { deployment, keys });
  expect(verdict).toMatchObject({ ok: true, entries: 200 });
});

test('needs only find, insert and createIndex on the entries', async () => {
  const db = freshDb();
  const resource = (collection: string): object => ({ db: db.databaseName, collection });
  await client.db('admin').command({
    createRole: 'trailWriter',
    roles: [],
    privileges: [
      { resource: resource('trail'), actions: ['find', 'insert', 'createIndex', 'listIndexes'] },
      { resource: resource('trailPersonal'), actions: ['find', 'insert'] },
    ],
  });
  await client.db('admin').command({ createUser: 'trail', pwd: 'exercise', roles: ['trailWriter'] });
  const auth = { username: 'trail', password: 'exercise' };
  const limited = await mongod.connect({ ...trailClientOptions(), auth, authSource: 'admin' });
  const trail = await openTrail({ db: limited.db(db.databaseName), deployment, patienceMs, key });
  await appendMany(trail, 0, 10);
  await trail.close();
  const entries = limited.db(db.databaseName).collection('trail');
  await expect(entries.deleteMany({})).rejects.toMatchObject({ codeName: 'Unauthorized' });
  await expect(entries.updateMany({}, { $set: { seq: 1 } })).rejects.toMatchObject({
    codeName: 'Unauthorized',
  });
  await limited.close();
  expect(await stored(db)).toHaveLength(10);
});

test('writes failed requests into the chain, signed, where no query of readers finds them', async () => {
  const db = freshDb();
  const heads: number[] = [];
  const trail = await openTrail({
    db,
    deployment,
    patienceMs,
    key,
    moved: ({ seq }) => void heads.push(seq),
  });
  await trail.append(facts());
  const attempts = [{ code: 'UNAUTHENTICATED', organisation: null, count: 7 }];
  trail.appendAttempts({ from: new Date(0), until: new Date(60_000), attempts, more: 0 });
  await trail.close();
  const entries = await stored(db);
  expect(parseEntry(entries[1]?.bytes ?? Buffer.of())).toMatchObject({ kind: 'attempts', attempts, seq: 2 });
  expect(await verifyChain(entries, { deployment, keys })).toMatchObject({ ok: true, entries: 2, erased: 0 });
  expect(await db.collection('trailPersonal').countDocuments()).toBe(1);
  const { picture } = facts().reader;
  const page = await openAccessLog(db, deployment).page({ first: 10, after: null, picture });
  expect(page.entries.map(({ seq }) => seq)).toEqual([1]);
  expect(heads.at(-1)).toBe(2);
});

test.each<[string, object]>([
  ['bytes that are a text', { bytes: 'x' }],
  ['a signature that is a text', { signature: 'x' }],
  ['no signature', { signature: null }],
  ['a deployment that is a list', { deployment: [deployment], communities: 'cert-eu' }],
  ['a hash that is a number', { hash: 7 }],
])('detects a stored entry with %s', async (_case, change) => {
  const db = freshDb();
  const trail = await openTrail({ db, deployment, patienceMs, key });
  await appendMany(trail, 0, 3);
  await trail.close();
  await db.collection('trail').updateOne({ seq: 3 }, { $set: change });
  expect(await verifyChain(readEntries(db, deployment), { deployment, keys })).toEqual({
    ok: false,
    seq: 3,
    reason: 'a stored field has the wrong type',
  });
});

test('detects an edited personal part in the store, also one of another type', async () => {
  const db = freshDb();
  const trail = await openTrail({ db, deployment, patienceMs, key });
  const { id } = await trail.append(facts());
  await trail.close();
  const personal = db.collection<{ _id: string }>('trailPersonal');
  for (const [reader, reason] of [
    [
      { salt: new Binary(Buffer.alloc(32)), bytes: new Binary(Buffer.from('{}')) },
      'a personal part does not match the entry',
    ],
    ['erased', 'a stored field has the wrong type'],
    [null, 'a stored field has the wrong type'],
  ] as const) {
    await personal.updateOne({ _id: id }, { $set: { reader } });
    expect(await verifyChain(readEntries(db, deployment), { deployment, keys })).toEqual({
      ok: false,
      seq: 1,
      reason,
    });
  }
});

test('counts the stored entries that no chain has because of a type', async () => {
  const db = freshDb();
  const trail = await openTrail({ db, deployment, patienceMs, key });
  await appendMany(trail, 0, 3);
  await trail.close();
  expect(await countStrays(db)).toBe(0);
  // The last entry with a position that is a text is in no chain: the chain alone looks intact.
  await db.collection('trail').updateOne({ seq: 3 }, { $set: { seq: '3' } });
  expect(await verifyChain(readEntries(db, deployment), { deployment, keys })).toMatchObject({
    ok: true,
    entries: 2,
  });
  expect(await countStrays(db)).toBe(1);
  await db.collection('trail').updateOne({ seq: 2 }, { $set: { deployment: ['other'], communities: '' } });
  expect(await countStrays(db)).toBe(2);
});
