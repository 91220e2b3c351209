import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Portion, StoredRecord } from '../../../../schema/record/envelope.ts';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import { kinds } from '../../../../subgraphs/cert-eu/records.ts';
import { Loaders } from '../../../../subgraphs/serve/read/loaders.ts';
import { isRefillDue, refill } from '../../../../subgraphs/serve/relabel/refill.ts';
import { relabel } from '../../../../subgraphs/serve/relabel/relabel.ts';
import { derivation, isDerived } from '../../../../subgraphs/serve/store/derive.ts';
import { followKeyState } from '../../../../subgraphs/serve/store/key-assigner.ts';
import { beginKeyState, readKeyState, setDerived } from '../../../../subgraphs/serve/store/key-state.ts';
import { toLinks } from '../../../../subgraphs/serve/store/links.ts';
import type { CommunityStore } from '../../../../subgraphs/serve/store/store.ts';
import type { Policy } from '../../../../schema/policy/decide/policy.ts';
import { openOwnStore, type OwnStore } from '../../../helpers/own-store.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../../helpers/records.ts';
import { versionsOf, versionWithout } from '../../../helpers/versions.ts';

const now = new Date('2026-11-24T12:00:00Z');
const date = new Date('2026-06-01T10:00:00Z');
const received = new Date('2026-11-01T00:00:00Z');
const hiddenKey = 'Vulnerability:CVE-2099-10001';
const first = versionWithout(1);
const second = versionWithout(2);
const versions = versionsOf(first, second);
const csirt = readerOf({ organisation: 'csirt-at' });
let own: OwnStore;
let store: CommunityStore;

beforeAll(async () => {
  own = await openOwnStore('cert-eu', kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());
beforeEach(async () => {
  for (const { collection } of [store.links, ...store.records.values()]) await collection.deleteMany({});
  for (const name of ['labelling', 'leases', 'processes'])
    await store.connection.collection(name).deleteMany({});
});

function advisories() {
  const model = store.records.get('Advisory');
  if (model === undefined) throw new Error('expected a model of advisories');
  return model;
}

/** A portion for one named organisation. */
function portionOf(path: string): Portion {
  const audience = audienceOf({ reach: 'NAMED', organisations: ['csirt-at'] });
  return { path, marking: markingOf({ tlp: 'AMBER' }), audience };
}

/** Stores two records as a program without derived values wrote them: one open, one with three portions. */
async function storeOld(): Promise<void> {
  const all = [[], ['serial', 'publishedAt', 'vulnerabilities'].map(portionOf)];
  const records = all.map((portions, at): StoredRecord => {
    const byHand = portions.length > 0 ? { readingByHand: true as const } : {};
    const envelope = envelopeOf({ localId: String(at), portions, receivedAt: received, ...byHand });
    const { admits, early } = first.admittedKeys(envelope, 'Advisory');
    return {
      _id: `Advisory:${at}`,
      schemaVersion: 1,
      feed: 'test',
      envelope,
      content: {
        serial: `2099-${at}`,
        publishedAt: { utc: date, precision: 'SECOND', declaredZone: null },
        vulnerabilities: ['CVE-2099-10001'],
      },
      sortAt: date,
      openFrom: new Date(0),
      admits,
      admitsEarly: early,
      policy: first.version,
      contentHash: String(at),
    };
  });
  await advisories().collection.insertMany(records as never);
  const links = records.flatMap((record) => toLinks(record, 'Advisory', [hiddenKey]));
  await store.links.collection.insertMany(links as never);
  await beginKeyState(store, 1);
}

async function serialsFound(reader: Reader, serial: string, by: Policy = first): Promise<number> {
  const readerAccess = by.accessOf(reader, now);
  const loaders = new Loaders({ store, kinds, policy: by, readerAccess, cursorKey: Buffer.alloc(32, 7) });
  return (await loaders.list('Advisory', { filter: { serial } })).nodes.length;
}

async function isFilled(): Promise<boolean> {
  const state = await readKeyState(store);
  return state !== null && isDerived(state);
}

test('derives the values of records that a program without them wrote, and hides what their portions hide', async () => {
  await storeOld();
  expect([await isFilled(), await isRefillDue(store)]).toEqual([false, true]);
  expect(await refill(store, followKeyState(store, versions, 1), { rest: 0 })).toBe(2);
  expect([await isFilled(), await isRefillDue(store)]).toEqual([true, false]);
  expect(await refill(store, followKeyState(store, versions, 1), { rest: 0 })).toBe(0);

  const stored = await advisories().find().sort({ _id: 1 }).lean<StoredRecord[]>();
  expect(stored.map(({ filters }) => filters)).toEqual([{ serial: '2099-0' }, {}]);
  expect(stored.map(({ sortAt }) => sortAt)).toEqual([date, received]);
  const links = await store.links.find().lean();
  // The first record's own field names the vulnerability, the second one's portion.
  expect(links.map(({ record }) => record)).toEqual(['Advisory:0']);
  expect(await serialsFound(readerOf(), '2099-0')).toBe(1);
  expect(await serialsFound(readerOf(), '2099-1')).toBe(0);
  expect(await serialsFound(csirt, '2099-1')).toBe(1);
});

test('waits while a program without derived values uses the store, and marks a filled store as not filled', async () => {
  await storeOld();
  await setDerived(store, derivation);
  const processes = store.connection.collection<{ _id: string; seenAt: Date }>('processes');
  await processes.insertOne({ _id: 'old', seenAt: new Date() });
  expect(await isRefillDue(store)).toBe(false);
  expect(await isFilled()).toBe(false);
  await processes.deleteMany({});
  expect(await isRefillDue(store)).toBe(true);
});

test('finds hidden values under a new policy version, and removes the terms of the old one', async () => {
  await storeOld();
  await refill(store, followKeyState(store, versions, 1), { rest: 0 });
  await relabel(store, second, { rest: 0, graceMs: 0 });
  for (const [reader, count] of [
    [csirt, 1],
    [readerOf(), 0],
  ] as const)
    expect(await serialsFound(reader, '2099-1', second)).toBe(count);
  const stored = await advisories().findOne({ _id: 'Advisory:1' }).lean<StoredRecord>();
  expect(stored?.terms?.length).toBeGreaterThan(0);
  expect(stored?.terms?.filter((term) => !term.startsWith('2|'))).toEqual([]);
  expect(await serialsFound(readerOf(), '2099-0', second)).toBe(1);
});
