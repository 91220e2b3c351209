import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { StoredRecord } from '../../../../schema/record/envelope.ts';
import { community } from '../../../../subgraphs/cert-eu/community.ts';
import { community as eeas } from '../../../../subgraphs/eeas/community.ts';
import { Changes } from '../../../../subgraphs/serve/changes/changes.ts';
import { recordsOf } from '../../../../subgraphs/serve/store/collections.ts';
import { assignKeysBy } from '../../../../subgraphs/serve/store/key-assigner.ts';
import { InStore } from '../../../helpers/in-store.ts';
import { policy } from '../../../helpers/policy.ts';
import { readerOf } from '../../../helpers/records.ts';

let place: InStore;
beforeAll(async () => (place = await InStore.open(community)));
afterAll(async () => await place[Symbol.asyncDispose]());
beforeEach(async () => await place.clear());

const operator = readerOf({ organisation: 'cert-eu', roles: ['community-operator'] });
const title = { value: 'EXERCISE: phishing', lang: 'en' };

function changes({ name, kinds } = community, { store } = place): Changes {
  const readerAccess = policy.accessOf({ ...operator, organisation: name }, new Date());
  const parts = { community: name, kinds, store, policy, keyAssigner: assignKeysBy(policy) };
  return new Changes({ ...parts, readerAccess, alarm: () => undefined });
}

async function create(): Promise<string> {
  const content = {
    kind: 'ALERT',
    title,
    vulnerabilities: ['CVE-2099-10001'],
    intelligenceGaps: ['EXERCISE: who?'],
  };
  const reading = { marking: { tlp: 'GREEN' as const } };
  const { id, userErrors } = await changes().create('ThreatProduct', { key: randomUUID(), content, reading });
  expect(userErrors).toEqual([]);
  return id ?? '';
}

async function stored(id: string): Promise<StoredRecord | null> {
  return await recordsOf(place.store, 'ThreatProduct').findOne({ _id: id });
}

test('keeps the fields that an update leaves out, and removes those that are null', async () => {
  const id = await create();
  const content = { kind: 'ALERT', title: { ...title, value: 'EXERCISE: vishing' }, intelligenceGaps: null };
  const update = { key: randomUUID(), id, expectedVersion: 1, content };
  expect(await changes().update('ThreatProduct', update)).toMatchObject({ version: 2, userErrors: [] });
  expect((await stored(id))?.content).toEqual({
    kind: 'ALERT',
    title: { value: 'EXERCISE: vishing', lang: 'en' },
    vulnerabilities: ['Vulnerability:CVE-2099-10001'],
    intelligenceGaps: null,
  });
});

test('keeps the reason of a retraction with the record, and refuses one that is empty or too long', async () => {
  const id = await create();
  const retract = async (reason: string) =>
    await changes().retract({ key: randomUUID(), id, expectedVersion: 1, reason });
  for (const [reason, got] of [
    ['  ', '0'],
    ['x'.repeat(2001), '2001'],
  ] as const)
    expect((await retract(reason)).userErrors).toEqual([
      { code: 'INVALID', path: ['reason'], message: `expected 1 to 2000 characters, got ${got}` },
    ]);
  expect(await retract(' EXERCISE: the address was wrong ')).toMatchObject({ version: 2, userErrors: [] });
  expect((await stored(id))?.envelope).toMatchObject({
    recordState: 'RETRACTED',
    retractionReason: 'EXERCISE: the address was wrong',
  });
});

test('sorts a record by its time of receipt after an update has removed its date', async () => {
  await using listings = await InStore.open(eeas);
  const date = new Date('2020-01-02T00:00:00Z');
  const listedAt = { utc: date, precision: 'DAY' };
  const content = { logicalId: 'EXERCISE-1', subjectType: 'PERSON', names: [], listedAt };
  const reading = { marking: { tlp: 'GREEN' as const } };
  const byHand = () => changes(eeas, listings);
  const created = await byHand().create('SanctionsListing', { key: randomUUID(), content, reading });
  expect(created.userErrors).toEqual([]);
  const id = created.id ?? '';
  const record = async () => await recordsOf(listings.store, 'SanctionsListing').findOne({ _id: id });
  expect((await record())?.sortAt).toEqual(date);
  const update = async (expectedVersion: number, listed: object | null) =>
    await byHand().update('SanctionsListing', {
      key: randomUUID(),
      id,
      expectedVersion,
      content: { ...content, listedAt: listed },
    });
  expect(await update(1, null)).toMatchObject({ version: 2, userErrors: [] });
  const undated = await record();
  expect(undated?.sortAt).toEqual(undated?.envelope.receivedAt);
  expect(await update(2, content.listedAt)).toMatchObject({ version: 3, userErrors: [] });
  expect((await record())?.sortAt).toEqual(date);
});
