import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { graphql } from 'graphql';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import { Changes } from '../../../subgraphs/serve/changes/changes.ts';
import type { Context } from '../../../subgraphs/serve/graph/context.ts';
import { buildCommunitySchema } from '../../../subgraphs/serve/graph/schema.ts';
import { Loaders } from '../../../subgraphs/serve/read/loaders.ts';
import { recordsOf } from '../../../subgraphs/serve/store/collections.ts';
import { assignKeysBy } from '../../../subgraphs/serve/store/key-assigner.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { policy } from '../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../helpers/records.ts';

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const id = 'JointCaseRecord:1';
const cases = () => recordsOf(store, 'JointCaseRecord');
const fr = { state: 'MemberState:FR', impact: 'EXERCISE: one hospital', assessedBy: 'Organisation:csirt-fr' };
const other = { ...fr, impact: 'EXERCISE: none', assessedBy: 'Organisation:crisis-fr' };
const pl = { state: 'MemberState:PL', impact: 'EXERCISE: secret of PL', assessedBy: 'Organisation:csirt-pl' };

beforeEach(async () => {
  await store.connection.collection('changes').deleteMany({});
  await cases().deleteMany({});
  const envelope = envelopeOf({
    originator: 'joint-unit',
    custodian: 'joint-unit',
    marking: markingOf({ tlp: 'AMBER' }),
    audience: audienceOf({ organisations: ['csirt-fr', 'csirt-pl', 'joint-unit'] }),
    states: { own: ['FR', 'PL'], told: [] },
  });
  const { admits, early } = policy.admittedKeys(envelope, 'JointCaseRecord');
  await cases().insertOne({
    _id: id,
    schemaVersion: 1,
    feed: 'by-hand',
    envelope,
    content: { title: 'EXERCISE', workflow: 'OPEN', statesAffected: [fr, other, pl] },
    sortAt: new Date(0),
    openFrom: new Date(0),
    admits,
    admitsEarly: early,
    policy: policy.version,
    contentHash: '',
  });
});

const french = readerOf({ roles: ['csirt-analyst'], memberState: 'FR' });
const polish = readerOf({ organisation: 'csirt-pl', roles: ['csirt-analyst'], memberState: 'PL' });

async function ask(reader: Reader, source: string, variableValues: Record<string, unknown> = {}) {
  const readerAccess = policy.accessOf(reader, new Date());
  const { kinds, name } = community;
  const loaders = new Loaders({ store, kinds, policy, readerAccess, cursorKey: Buffer.alloc(32, 7) });
  const parts = { community: name, kinds, store, policy, keyAssigner: assignKeysBy(policy), readerAccess };
  const changes = new Changes({ ...parts, alarm: () => undefined });
  const contextValue = { reader, readerAccess, loaders, changes } as unknown as Context;
  return await graphql({
    schema: buildCommunitySchema(community, policy),
    source,
    variableValues,
    contextValue,
  });
}

const query = `{ jointCaseRecord(id: "${id}") { statesAffected { impact } } }`;
const assess = `mutation A($input: AssessJointCaseRecordInput!) {
  assessJointCaseRecord(input: $input) { record { statesAffected { impact } } userErrors { code path } }
}`;
const input = (impact: string, expectedVersion = 1) => ({
  input: { key: randomUUID(), id, expectedVersion, impact },
});
const stored = async () => (await cases().findOne({ _id: id }))?.content as { statesAffected: unknown };

async function impactsOf(reader: Reader): Promise<unknown> {
  const { data } = await ask(reader, query);
  return JSON.parse(JSON.stringify(data))?.jointCaseRecord?.statesAffected;
}

test('shows the assessments of a case to their own Member State only', async () => {
  expect(await impactsOf(french)).toEqual([{ impact: fr.impact }, { impact: other.impact }]);
  expect(await impactsOf(polish)).toEqual([{ impact: pl.impact }]);
  expect(await impactsOf({ ...french, roles: [] })).toBeNull();
});

test('sets the assessment of the own organisation, and keeps all others', async () => {
  const { data, errors } = await ask(french, assess, input('EXERCISE: two hospitals'));
  expect(errors).toBeUndefined();
  expect(data).toMatchObject({
    assessJointCaseRecord: {
      record: { statesAffected: [{ impact: other.impact }, { impact: 'EXERCISE: two hospitals' }] },
      userErrors: [],
    },
  });
  expect(await stored()).toMatchObject({
    title: 'EXERCISE',
    statesAffected: [other, pl, { ...fr, impact: 'EXERCISE: two hospitals' }],
  });
});

test('refuses an assessment to readers without a role in the networks, and to states that the case does not affect', async () => {
  const refused = await ask({ ...french, roles: [] }, assess, input('EXERCISE'));
  expect(refused.errors?.map(({ message }) => message)).toHaveLength(1);
  const { data } = await ask({ ...french, memberState: 'AT' }, assess, input('EXERCISE'));
  expect(data).toMatchObject({
    assessJointCaseRecord: { record: null, userErrors: [{ code: 'NOT_FOUND' }] },
  });
  expect(await stored()).toMatchObject({ statesAffected: [fr, other, pl] });
});

test('keeps the assessments of other states in an update, and refuses new ones for them', async () => {
  const operator = { ...french, organisation: 'joint-unit', roles: ['community-operator', 'csirt-analyst'] };
  const update = `mutation U($input: UpdateJointCaseRecordInput!) {
    updateJointCaseRecord(input: $input) { userErrors { code path } }
  }`;
  const content = { entitiesAffected: '10-20', case: 'JC-2026-0007' };
  const by = (statesAffected: object[], expectedVersion: number) => ({
    input: { key: randomUUID(), id, expectedVersion, content: { ...content, statesAffected } },
  });
  const foreign = await ask(operator, update, by([{ state: 'PL', impact: 'EXERCISE: false' }], 1));
  expect(foreign.data).toMatchObject({
    updateJointCaseRecord: { userErrors: [{ code: 'NOT_ALLOWED', path: ['content', 'statesAffected'] }] },
  });
  expect(await stored()).toMatchObject({ statesAffected: [fr, other, pl] });
  const given = await ask(operator, update, by([{ state: 'FR', impact: 'EXERCISE: own' }], 1));
  expect(given.data).toMatchObject({ updateJointCaseRecord: { userErrors: [] } });
  expect(await stored()).toMatchObject({
    entitiesAffected: '10-20',
    statesAffected: [pl, { state: 'MemberState:FR', impact: 'EXERCISE: own' }],
  });
});
