import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Db, MongoClient } from 'mongodb';
import type { AuditFacts } from '../../../gateway/audit/entry.ts';
import { openReceivers } from '../../../gateway/audit/receivers.ts';
import { trailClientOptions } from '../../../gateway/audit/store.ts';
import { openTrail } from '../../../gateway/audit/trail.ts';
import { disclosure, facts } from './facts.ts';
import { type Mongod, startMongod } from './mongod.ts';
import { key } from './signing.ts';

/** A busy machine is no outage: no promise here is about the time limit. */
const patienceMs = 60_000;

const deployment = 'exercise-hub';
const picture = facts().reader.picture;
const record = 'Advisory:q3Jr0cXoT1y2bV8kLw5zSg';
const now = Date.parse('2026-11-24T12:00:00Z');
const asked = {
  record,
  community: 'cert-eu',
  picture,
  by: 'cert-eu',
  deadline: now + 10_000,
  signal: new AbortController().signal,
};
/** A clock that stands still. */
const still = { now: () => now };
let mongod: Mongod;
let client: MongoClient;
let db: Db;

function readBy(organisation: string, over: Partial<AuditFacts> = {}, inPicture = picture): AuditFacts {
  return facts({ reader: { ...facts().reader, organisation, picture: inPicture }, ...over });
}

beforeAll(async () => {
  mongod = await startMongod();
  client = await mongod.connect(trailClientOptions());
  db = client.db('hub-receivers');
  const trail = await openTrail({ db, deployment, patienceMs, key });
  const other = disclosure({ id: 'Advisory:other' });
  for (const one of [
    readBy('csirt-fr', { disclosed: [other, disclosure()] }),
    readBy('csirt-de'),
    readBy('csirt-de'),
    readBy('csirt-ee', { disclosed: [other] }),
    readBy('csirt-pl', {}, 'real'),
    readBy('csirt-nl', { kind: 'intent', disclosed: [disclosure()] }),
    readBy('csirt-be', { disclosed: [disclosure({ count: 4 })] }),
    readBy('csirt-lt', { disclosed: [disclosure({ gone: true })] }),
    readBy('csirt-lv', { disclosed: [disclosure({ community: 'enisa' })] }),
    readBy('csirt-fi', { operation: { ...facts().operation, name: record }, disclosed: [other] }),
  ])
    await trail.append(one);
  await trail.close();
});

afterAll(async () => {
  await client.close();
  await mongod[Symbol.asyncDispose]();
});

test('finds each organisation once to which the record itself was disclosed, in its picture only', async () => {
  const find = openReceivers(db, deployment, still);
  expect(await find(asked)).toEqual(['csirt-de', 'csirt-fr']);
  expect(await find({ ...asked, picture: 'real' })).toEqual(['csirt-pl']);
  expect(await find({ ...asked, record: 'Advisory:none' })).toEqual([]);
  expect(await find({ ...asked, community: 'enisa' })).toEqual(['csirt-lv']);
  expect(await openReceivers(db, 'another-hub', still)(asked)).toEqual([]);
});

test('names nobody if the log has more entries than are read', async () => {
  const size = await db.collection('trail').countDocuments({ picture, communities: 'cert-eu' });
  expect(await openReceivers(db, deployment, { ...still, maxEntries: size })(asked)).toEqual([
    'csirt-de',
    'csirt-fr',
  ]);
  expect(await openReceivers(db, deployment, { ...still, maxEntries: size - 1 })(asked)).toBeNull();
});

test('rejects with TRAIL_UNAVAILABLE if the log cannot be read', async () => {
  const gone = await mongod.connect(trailClientOptions());
  await gone.close();
  await expect(openReceivers(gone.db('hub-receivers'), deployment, still)(asked)).rejects.toMatchObject({
    code: 'TRAIL_UNAVAILABLE',
  });
});

test('names nobody if the log cannot be read to its end in time', async () => {
  // A second passes between two entries.
  let at = now;
  const find = openReceivers(db, deployment, { now: () => (at += 1000) });
  expect(await find(asked)).toBeNull();
});

test('rejects with OVERLOADED if too many searches run and wait, and not as if the log were down', async () => {
  const find = openReceivers(db, deployment, still);
  // Of one organisation, two run and eight wait.
  const searches = Array.from({ length: 11 }, async () => await find(asked));
  const last = (await Promise.allSettled(searches)).at(-1);
  expect(last).toMatchObject({ status: 'rejected', reason: { code: 'OVERLOADED' } });
});

test('begins no search that would end after the deadline of the request', async () => {
  const find = openReceivers(db, deployment, still);
  expect(await find({ ...asked, deadline: now + 5000 })).toEqual(['csirt-de', 'csirt-fr']);
  await expect(find({ ...asked, deadline: now + 4999 })).rejects.toMatchObject({ code: 'OVERLOADED' });
});
