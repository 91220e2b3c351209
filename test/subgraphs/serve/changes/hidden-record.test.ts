import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import type { Envelope } from '../../../../schema/record/envelope.ts';
import { community } from '../../../../subgraphs/defence/community.ts';
import { Changes } from '../../../../subgraphs/serve/changes/changes.ts';
import type { Outcome } from '../../../../subgraphs/serve/changes/write-once.ts';
import { recordsOf } from '../../../../subgraphs/serve/store/collections.ts';
import { assignKeysBy } from '../../../../subgraphs/serve/store/key-assigner.ts';
import type { CommunityStore } from '../../../../subgraphs/serve/store/store.ts';
import { openProfiler } from '../../../bench/ask/plans.ts';
import { openOwnStore, type OwnStore } from '../../../helpers/own-store.ts';
import { policy } from '../../../helpers/policy.ts';
import { audienceOf, markingOf, readerOf } from '../../../helpers/records.ts';

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('defence', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const operator = readerOf({ organisation: 'defence', roles: ['community-operator'] });
const stranger = readerOf({ organisation: 'eeas', roles: ['community-operator'] });
const records = () => recordsOf(store, 'DefenceAssessment');

function changesOf(reader: Reader): Changes {
  const { name, kinds } = community;
  const readerAccess = policy.accessOf(reader, new Date());
  const parts = { community: name, kinds, store, policy, keyAssigner: assignKeysBy(policy) };
  return new Changes({ ...parts, readerAccess, alarm: () => undefined });
}

async function created(): Promise<string> {
  const content = {
    subject: { vulnerability: 'CVE-2099-10001' },
    judgement: 'EXERCISE',
    missionImpact: 'DEGRADED',
  };
  const reading = { marking: { tlp: 'AMBER' as const } };
  const input = { key: randomUUID(), content, reading };
  const { id, userErrors } = await changesOf(operator).create('DefenceAssessment', input);
  expect(userErrors).toEqual([]);
  return id ?? '';
}

const onRecord = (id: string, expectedVersion = 1) => ({ key: randomUUID(), id, expectedVersion });
const reading = { marking: { tlp: 'RED' as const } };
const large = 'x'.repeat(4_000_000);
/** Every change of a record that exists. */
const roads: Readonly<Record<string, (changes: Changes, id: string) => Promise<Outcome>>> = {
  update: async (changes, id) =>
    await changes.update('DefenceAssessment', {
      ...onRecord(id),
      content: { subject: {}, judgement: 'EXERCISE', missionImpact: 'NONE' },
    }),
  mark: async (changes, id) => await changes.mark({ ...onRecord(id), reading }),
  link: async (changes, id) => await changes.link({ ...onRecord(id), case: 'JC-2026-0007' }),
  retract: async (changes, id) => await changes.retract({ ...onRecord(id), reason: 'EXERCISE' }),
};

/** The documents that queries of records examined, and the length of the longest reply, during `work`. */
async function costOf(work: () => Promise<unknown>): Promise<{ examined: number; longest: number }> {
  await using profiler = await openProfiler(own.home, own.uri);
  await profiler.watch(async () => void (await work()));
  const written = profiler.client.db(store.connection.name).collection('system.profile');
  const finds = await written.find({ ns: 'defence.defenceAssessments', op: 'query' }).toArray();
  expect(finds.length).toBeGreaterThan(0);
  const most = (name: string) => Math.max(...finds.map((find) => Number(find[name] ?? 0)));
  return { examined: most('docsExamined'), longest: most('responseLength') };
}

test.each(Object.keys(roads))(
  'reads nothing of a record that the reader may not see, however large it is: %s',
  async (road) => {
    const id = await created();
    await records().updateOne({ _id: id }, { $set: { 'content.judgement': large } as never });
    const cost = await costOf(async () => {
      const outcome = await roads[road]?.(changesOf(stranger), id);
      expect(outcome?.userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    });
    expect(cost.examined).toBe(0);
    expect(cost.longest).toBeLessThan(1000);
  },
);

test('loads no content of a record that the reader may read but not change', async () => {
  const id = await created();
  const open = { 'envelope.marking.tlp': 'CLEAR', 'envelope.audience.reach': 'ANYONE' };
  await records().updateOne({ _id: id }, { $set: { ...open, 'content.judgement': large } as never });
  const found = await records().findOne({ _id: id });
  const { admits } = policy.admittedKeys(found?.envelope as Envelope, 'DefenceAssessment');
  await records().updateOne({ _id: id }, { $set: { admits } });
  const cost = await costOf(async () => {
    const outcome = await changesOf(stranger).mark({ ...onRecord(id), reading });
    expect(outcome.userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
  });
  expect(cost.longest).toBeLessThan(10_000);
});

test('keeps a joint case that a portion hides from the operator', async () => {
  const id = await created();
  const portion = {
    path: 'case',
    marking: markingOf({ tlp: 'RED' }),
    audience: audienceOf({ persons: ['u-9'] }),
  };
  const set = { 'content.case': 'JointCase:JC-2026-0001', 'envelope.portions': [portion] };
  await records().updateOne({ _id: id }, { $set: set as never });
  const changes = changesOf(operator);
  expect(await changes.link({ ...onRecord(id), case: 'JC-2026-0007' })).toMatchObject({
    version: 2,
    userErrors: [],
  });
  expect(await changes.link({ ...onRecord(id, 2), case: null })).toMatchObject({ version: 3 });
  const after = await records().findOne({ _id: id });
  expect(after?.content).toMatchObject({ case: 'JointCase:JC-2026-0001' });
  expect(after?.envelope.caseByHand).toBeUndefined();
  const links = await store.links.find({ key: /^JointCase:/ }).lean();
  expect(links).toEqual([]);
});

test('sets the joint case of a record that hides none', async () => {
  const id = await created();
  await changesOf(operator).link({ ...onRecord(id), case: 'JC-2026-0007' });
  expect((await records().findOne({ _id: id }))?.content).toMatchObject({ case: 'JointCase:JC-2026-0007' });
});
