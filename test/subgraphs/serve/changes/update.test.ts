import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { graphql } from 'graphql';
import { randomUUID } from 'node:crypto';
import type { Policy } from '../../../../schema/policy/decide/policy.ts';
import type { StoredRecord } from '../../../../schema/record/envelope.ts';
import { community } from '../../../../subgraphs/cert-eu/community.ts';
import { community as defence } from '../../../../subgraphs/defence/community.ts';
import { community as joint } from '../../../../subgraphs/joint-unit/community.ts';
import { community as eeas } from '../../../../subgraphs/eeas/community.ts';
import { Changes } from '../../../../subgraphs/serve/changes/changes.ts';
import { buildCommunitySchema } from '../../../../subgraphs/serve/graph/schema.ts';
import { Loaders } from '../../../../subgraphs/serve/read/loaders.ts';
import { recordsOf } from '../../../../subgraphs/serve/store/collections.ts';
import { assignKeysBy } from '../../../../subgraphs/serve/store/key-assigner.ts';
import { InStore } from '../../../helpers/in-store.ts';
import { policy, policyOnEntityNames } from '../../../helpers/policy.ts';
import { audienceOf, markingOf, readerOf } from '../../../helpers/records.ts';

let place: InStore;
beforeAll(async () => (place = await InStore.open(community)));
afterAll(async () => await place[Symbol.asyncDispose]());
beforeEach(async () => await place.clear());

const schema = buildCommunitySchema(community, policy);
const operator = readerOf({ organisation: 'cert-eu', roles: ['community-operator'] });
const title = { value: 'EXERCISE: phishing', lang: 'en' };

function changes(
  { name, kinds } = community,
  { store } = place,
  by = policy,
  roles = operator.roles,
): Changes {
  const readerAccess = by.accessOf({ ...operator, roles, organisation: name }, new Date());
  const parts = { community: name, kinds, store, policy: by, keyAssigner: assignKeysBy(by) };
  return new Changes({ ...parts, readerAccess, alarm: () => undefined });
}

/** Sends a mutation of a threat product to the graph of the community. */
async function mutate(source: string, input: object) {
  const readerAccess = policy.accessOf({ ...operator, organisation: community.name }, new Date());
  const parts = { store: place.store, kinds: community.kinds, policy, readerAccess };
  const loaders = new Loaders({ ...parts, cursorKey: Buffer.alloc(32, 7) });
  const contextValue = {
    reader: readerAccess.reader,
    readerAccess,
    loaders,
    changes: changes(),
    assertion: null,
  };
  const variableValues = { input: { key: randomUUID(), ...input } };
  return await graphql({ schema, source, contextValue, variableValues });
}

const updateProduct = `mutation ($input: UpdateThreatProductInput!) {
  updateThreatProduct(input: $input) { record { kind intelligenceGaps } userErrors { code path message } } }`;
const createProduct = `mutation ($input: CreateThreatProductInput!) {
  createThreatProduct(input: $input) { record { id } userErrors { code path message } } }`;

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

test('changes one field through the graph, without the required ones', async () => {
  const id = await create();
  const content = { intelligenceGaps: ['EXERCISE: when?'] };
  const { data, errors } = await mutate(updateProduct, { id, expectedVersion: 1, content });
  expect(errors).toBeUndefined();
  expect(data).toEqual({
    updateThreatProduct: { record: { kind: 'ALERT', intelligenceGaps: ['EXERCISE: when?'] }, userErrors: [] },
  });
});

test('refuses to remove a required field, and changes nothing', async () => {
  const id = await create();
  const content = { kind: null, title: null, intelligenceGaps: null };
  const { data } = await mutate(updateProduct, { id, expectedVersion: 1, content });
  expect(data).toEqual({
    updateThreatProduct: {
      record: null,
      userErrors: ['kind', 'title'].map((name) => ({
        code: 'INVALID',
        path: ['content', name],
        message: `${name} is required, so null is not possible: leave it out to keep its value`,
      })),
    },
  });
  expect(await stored(id)).toMatchObject({ envelope: { version: 1 }, content: { kind: 'ALERT', title } });
});

test('refuses to create a record without its required fields, and names each', async () => {
  const input = { content: { title: null }, reading: { marking: { tlp: 'GREEN' } } };
  const { data } = await mutate(createProduct, input);
  expect(data).toEqual({
    createThreatProduct: {
      record: null,
      userErrors: ['kind', 'title'].map((name) => ({
        code: 'INVALID',
        path: ['content', name],
        message: `${name} is required: give it a value`,
      })),
    },
  });
  expect(await recordsOf(place.store, 'ThreatProduct').countDocuments()).toBe(0);
});

const dayOf = (day: string) => ({ utc: new Date(`2026-${day}T00:00:00Z`), precision: 'DAY' });

/** Creates an incident with this name of the Union entity, and returns its id. */
async function createIncident(unionEntity: string | null, by: Policy): Promise<string> {
  const required = { caseNumber: 'EXERCISE-1', unionEntityPseudonym: 'Heron', state: 'NEW' };
  const content = { ...required, identityDisclosure: 'WITHHELD', unionEntity };
  const input = { key: randomUUID(), content, reading: { marking: { tlp: 'GREEN' as const } } };
  const { id, userErrors } = await changes(community, place, by).create('UnionIncident', input);
  expect(userErrors).toEqual([]);
  return id ?? '';
}

async function removeName(id: string, by: Policy): Promise<unknown> {
  const input = { key: randomUUID(), id, expectedVersion: 1, content: { unionEntity: null } };
  const { version, userErrors } = await changes(community, place, by).update('UnionIncident', input);
  const after = await recordsOf(place.store, 'UnionIncident').findOne({ _id: id });
  const { unionEntity } = (after?.content ?? {}) as { readonly unionEntity?: string | null };
  return { version, userErrors, unionEntity };
}

test('refuses to remove a value that the reader may read but not change, and says which condition failed', async () => {
  const readOnly = policyOnEntityNames('read', 'create');
  expect(await removeName(await createIncident('EXERCISE agency', readOnly), readOnly)).toEqual({
    version: null,
    userErrors: [
      {
        code: 'NOT_ALLOWED',
        path: ['content', 'unionEntity'],
        message: 'you may not change this field: no rule permits it to any reader',
      },
    ],
    unionEntity: 'EXERCISE agency',
  });
  const none = await createIncident(null, readOnly);
  expect(await removeName(none, readOnly)).toMatchObject({ version: 2, userErrors: [] });
});

test('answers null for a value that the reader may not read the same, whether or not there is one', async () => {
  const createOnly = policyOnEntityNames('create');
  const ids = [await createIncident('EXERCISE agency', createOnly), await createIncident(null, createOnly)];
  const made = { version: 2, userErrors: [] };
  expect(await removeName(ids[0] ?? '', createOnly)).toEqual({ ...made, unionEntity: 'EXERCISE agency' });
  expect(await removeName(ids[1] ?? '', createOnly)).toEqual({ ...made, unionEntity: null });
});

test.each([
  [
    'the role',
    [],
    {},
    /rule \w+ expected a reader of the class operators: role community-operator, got none/,
  ],
  ['the record', operator.roles, { tlp: 'RED' as const }, /rule \w+ expected that .*TLP.*, got .*RED/],
])('says that %s is why a record may not be created', async (_what, roles, marking, message) => {
  const reading = { marking: { tlp: 'GREEN' as const, ...marking } };
  const input = { key: randomUUID(), content: { kind: 'ALERT', title }, reading };
  const { id, userErrors } = await changes(community, place, policy, roles).create('ThreatProduct', input);
  expect(id).toBeNull();
  expect(userErrors).toEqual([
    { code: 'NOT_ALLOWED', path: ['content'], message: expect.stringMatching(message) },
  ]);
});

test('refuses a time that ends before it starts, also if an update gives only one of both', async () => {
  await using units = await InStore.open(defence);
  const make = async (content: object) => {
    const input = {
      key: randomUUID(),
      content: { stixId: 'campaign--1', attackId: 'C1', name: 'EXERCISE', ...content },
    };
    return await changes(defence, units).create('AttackCampaign', {
      ...input,
      reading: { marking: { tlp: 'GREEN' } },
    });
  };
  const unordered = {
    id: null,
    userErrors: [
      {
        code: 'INVALID',
        path: ['content', 'lastSeen'],
        message: 'lastSeen is before firstSeen: correct one of the two times',
      },
    ],
  };
  expect(await make({ firstSeen: dayOf('03-02'), lastSeen: dayOf('03-01') })).toMatchObject(unordered);
  // A day ends 24 hours after its time in UTC.
  const inDay = { utc: new Date('2026-03-02T09:00:00Z'), precision: 'SECOND' };
  const { id, userErrors } = await make({ firstSeen: inDay, lastSeen: dayOf('03-02') });
  expect(userErrors).toEqual([]);
  const change = {
    key: randomUUID(),
    id: id ?? '',
    expectedVersion: 1,
    content: { lastSeen: dayOf('03-01') },
  };
  expect(await changes(defence, units).update('AttackCampaign', change)).toMatchObject(unordered);
});

test('does not compare a time with one that the reader may not see', async () => {
  await using units = await InStore.open(defence);
  const content = { stixId: 'campaign--1', attackId: 'C1', name: 'EXERCISE', firstSeen: dayOf('03-02') };
  const input = { key: randomUUID(), content, reading: { marking: { tlp: 'GREEN' as const } } };
  const { id } = await changes(defence, units).create('AttackCampaign', input);
  const audience = audienceOf({ persons: ['u-9'] });
  const portion = { path: 'firstSeen', marking: markingOf({ tlp: 'RED' }), audience };
  const marked = { $set: { 'envelope.portions': [portion] } };
  await recordsOf(units.store, 'AttackCampaign').updateOne({ _id: id ?? '' }, marked);
  const given = { lastSeen: dayOf('03-01') };
  const change = { key: randomUUID(), id: id ?? '', expectedVersion: 1, content: given };
  expect(await changes(defence, units).update('AttackCampaign', change)).toMatchObject({
    version: 2,
    userErrors: [],
  });
});

test('refuses times in the wrong order in the items of a list', async () => {
  await using units = await InStore.open(joint);
  const members = [{ pseudonym: 'EXERCISE', dutyFrom: dayOf('03-02').utc, dutyTo: dayOf('03-01').utc }];
  const content = { name: 'EXERCISE team', kind: 'MUTUAL_ASSISTANCE', members };
  const input = { key: randomUUID(), content, reading: { marking: { tlp: 'GREEN' as const } } };
  expect(await changes(joint, units).create('ResponseTeam', input)).toMatchObject({
    userErrors: [{ code: 'INVALID', path: ['content', 'members', 'dutyTo'] }],
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
