import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Binary, type Db, type MongoClient } from 'mongodb';
import { erasePersonal, trailClientOptions } from '../../../gateway/audit/store.ts';
import { openTrail } from '../../../gateway/audit/trail.ts';
import { type AccessLog, type LogPage, openAccessLog, type PageAsked } from '../../../gateway/audit/log.ts';
import { disclosure, facts } from './facts.ts';
import { type Mongod, startMongod } from './mongod.ts';
import { key } from './signing.ts';

/** A busy machine is no outage: no promise here is about the time limit. */
const patienceMs = 60_000;

const deployment = 'exercise-hub';
const picture = facts().reader.picture;
let mongod: Mongod;
let client: MongoClient;
let db: Db;
let log: AccessLog;

/** Correlation ids as the hub makes them. */
const c = (n: number) => `6f0f6a3e-7d0c-4f7e-9a43-${String(n).padStart(12, '0')}`;
const given = (community: string) => [disclosure({ community, id: `Advisory:${community}` })];

beforeAll(async () => {
  mongod = await startMongod();
  client = await mongod.connect(trailClientOptions());
  db = client.db('hub-log');
  const trail = await openTrail({ db, deployment, patienceMs, key });
  for (let n = 1; n <= 7; n += 1) {
    const reader = n % 3 === 0 ? { ...facts().reader, picture: 'real' } : facts().reader;
    await trail.append(
      facts({ correlationId: c(n), reader, disclosed: given(n % 2 === 0 ? 'enisa' : 'europol') }),
    );
  }
  await trail.close();
  log = openAccessLog(db, deployment);
});

afterAll(async () => {
  await client.close();
  await mongod[Symbol.asyncDispose]();
});

test('finds a request with its reader by correlation id, in its own picture only', async () => {
  expect(await log.find(c(1), picture)).toMatchObject({
    entry: { correlationId: c(1), seq: 1 },
    reader: { subject: 'exercise-analyst-7' },
  });
  expect(await log.find(c(1), 'real')).toBeNull();
  expect(await log.find(c(98), picture)).toBeNull();
  expect(await openAccessLog(db, 'another-hub').find(c(1), picture)).toBeNull();
});

test('finds a request by an index', async () => {
  const plan = await db
    .collection('trail')
    .find({ deployment, correlationId: c(1) })
    .explain('executionStats');
  expect(plan['executionStats']).toMatchObject({ totalDocsExamined: 1 });
});

async function pagesOf(asked: Partial<PageAsked>): Promise<readonly number[]> {
  const seen: number[] = [];
  let after: string | null = null;
  do {
    const page: LogPage = await log.page({ first: 2, after, picture, ...asked });
    expect(page.entries.length).toBeLessThanOrEqual(2);
    seen.push(...page.entries.map(({ seq }) => seq));
    after = page.next;
  } while (after !== null);
  return seen;
}

test('pages from newest to oldest, each entry once, within one picture', async () => {
  expect(await pagesOf({})).toEqual([7, 5, 4, 2, 1]);
  expect(await pagesOf({ picture: 'real' })).toEqual([6, 3]);
});

test('pages through the entries of one community by an index', async () => {
  expect(await pagesOf({ community: 'enisa' })).toEqual([4, 2]);
  expect(await pagesOf({ community: 'europol' })).toEqual([7, 5, 1]);
  expect(await pagesOf({ community: 'cert-eu' })).toEqual([]);
  const query = { deployment, picture, communities: 'enisa', seq: { $lt: 7 } };
  expect(await examined(query)).toMatchObject({ totalDocsExamined: 2, totalKeysExamined: 2 });
});

async function examined(query: Readonly<Record<string, unknown>>) {
  const plan = await db.collection('trail').find(query).sort({ seq: -1 }).explain('executionStats');
  return plan['executionStats'] as unknown;
}

test('examines no entries of another picture', async () => {
  const query = { deployment, picture: 'real', seq: { $lt: 7 } };
  expect(await examined(query)).toMatchObject({ totalDocsExamined: 2, totalKeysExamined: 2 });
  expect((await log.page({ first: 2, after: null, picture: 'real' })).next).toBeNull();
});

test('finds the access of a mutation, or its intent if there is no access', async () => {
  const trail = await openTrail({ db, deployment: 'changing-hub', patienceMs, key });
  const changing = openAccessLog(db, 'changing-hub');
  await trail.append(facts({ correlationId: c(50), kind: 'intent' }));
  expect(await changing.find(c(50), picture)).toMatchObject({ entry: { kind: 'intent' } });
  await trail.append(facts({ correlationId: c(50) }));
  await trail.close();
  expect(await changing.find(c(50), picture)).toMatchObject({ entry: { kind: 'access' } });
});

test('does not find an access whose parts are still being written, and does not report them as erased', async () => {
  const trail = await openTrail({ db, deployment: 'writing-hub', patienceMs, key });
  const writing = openAccessLog(db, 'writing-hub');
  const ids = await Promise.all(
    [facts({ correlationId: c(60), at: new Date() }), facts({ correlationId: c(61), at: new Date(0) })].map(
      async (one) => (await trail.append(one)).id,
    ),
  );
  await trail.close();
  expect(await writing.find(c(60), picture)).toMatchObject({ reader: { subject: 'exercise-analyst-7' } });
  await db.collection<{ _id: string }>('trailPersonal').deleteMany({ _id: { $in: ids } });
  expect(await writing.find(c(60), picture)).toBeNull();
  expect(await writing.find(c(61), picture)).toMatchObject({ reader: null });
});

test('finds the intent of a mutation while the parts of its access are still being written', async () => {
  const trail = await openTrail({ db, deployment: 'half-hub', patienceMs, key });
  const now = { correlationId: c(62), at: new Date() };
  await trail.append(facts({ ...now, kind: 'intent' }));
  const access = await trail.append(facts(now));
  await trail.close();
  await db.collection<{ _id: string }>('trailPersonal').deleteOne({ _id: access.id });
  expect(await openAccessLog(db, 'half-hub').find(c(62), picture)).toMatchObject({
    entry: { kind: 'intent' },
  });
});

test.each(['', 'trail:7', c(1), `${c(1)}0`, '{"$gt":""}', 'x'.repeat(100_000)])(
  'a cursor that is of no entry is refused: %.40s',
  async (after) => {
    await expect(log.page({ first: 2, after, picture })).rejects.toMatchObject({ code: 'BAD_CURSOR' });
  },
);

test('rejects a cursor of another deployment', async () => {
  const { next } = await log.page({ first: 1, after: null, picture });
  expect(next).not.toBeNull();
  const elsewhere = openAccessLog(db, 'another-hub').page({ first: 1, after: next, picture });
  await expect(elsewhere).rejects.toMatchObject({ code: 'BAD_CURSOR' });
});

test.each(['', 'none', '*', '{"$gt":""}', `${c(1)}\n`, c(1).toUpperCase(), '\u0000', 'x'.repeat(100_000)])(
  'finds no request and reads no store for a malformed correlation id: %.40s',
  async (id) => {
    const unasked = new Proxy({} as Db, {
      get: () => {
        throw new Error('the store was asked');
      },
    });
    expect(await openAccessLog(unasked, deployment).find(id, picture)).toBeNull();
  },
);

test('returns no reader if the personal part was erased or does not match its commitment', async () => {
  const id = async (correlationId: string) => (await log.find(correlationId, picture))?.entry.id ?? '';
  await erasePersonal(db, await id(c(2)));
  expect(await log.find(c(2), picture)).toMatchObject({ entry: { correlationId: c(2) }, reader: null });
  const forged = { $set: { 'reader.bytes': new Binary(Buffer.from('{"subject":"somebody-else"}')) } };
  await db.collection<{ _id: string }>('trailPersonal').updateOne({ _id: await id(c(4)) }, forged);
  expect(await log.find(c(4), picture)).toMatchObject({ reader: null });
});

test('ignores stored fields that contradict the bytes of an entry', async () => {
  await db.collection('trail').updateOne({ correlationId: c(5) }, { $set: { correlationId: c(99) } });
  expect(await log.find(c(99), picture)).toBeNull();
});

test('checks the community of an entry by its bytes', async () => {
  await db.collection('trail').updateOne({ seq: 7 }, { $set: { communities: ['enisa'] } });
  expect(await pagesOf({ community: 'enisa' })).toEqual([4, 2]);
});

test('checks the picture of an entry by its bytes', async () => {
  await db.collection('trail').updateOne({ deployment, seq: 6 }, { $set: { picture } });
  expect(await pagesOf({})).not.toContain(6);
});
