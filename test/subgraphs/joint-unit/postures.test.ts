import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { enumValue } from '../../../schema/workflow/graph/names.ts';
import { readNetworks } from '../../../schema/workflow/network/load.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import { contractOf } from '../../../subgraphs/serve/record/contract.ts';
import { linksOf, recordsOf } from '../../../subgraphs/serve/store/collections.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { race } from '../../helpers/race.ts';
import { readerOf } from '../../helpers/records.ts';
import { namesOf, noticesOf } from './inbox-of.ts';
import { askAt, makeMove, type Payload } from './moves-of.ts';

/** Postures of networks: the network decides elsewhere, and who keeps its records enters each change. */

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const at = (time: string) => new Date(`2026-11-03T${time}:00Z`);
const secretariat = readerOf({ organisation: 'enisa', subject: 's', roles: ['network-secretariat'] });
const council = readerOf({ organisation: 'council', subject: 'k', roles: ['council-secretariat'] });
const chair = readerOf({
  subject: 'chair',
  roles: ['csirt-analyst'],
  offices: [{ office: 'csirts-network-chair', until: '2027-01-01T00:00:00.000Z' }],
});
const polish = readerOf({ organisation: 'csirt-pl', subject: 'p', roles: ['csirt-analyst'] });
const stranger = readerOf({
  organisation: 'csirt-de',
  subject: 'x',
  roles: ['network-secretariat', 'council-secretariat'],
});

const content = {
  network: 'CSIRTS_NETWORK',
  posture: 'alert-cooperation',
  since: '2026-11-03T08:00:00.000Z',
  reference: 'EXERCISE: minutes 12',
  decidedBy: 'EXERCISE: the network',
};
const reading = {
  marking: { tlp: 'AMBER' },
  audience: { reach: 'NAMED', organisations: ['enisa', 'council', 'csirt-fr', 'csirt-pl'] },
};

async function record(more: object = {}, by: Reader = secretariat, time = '10:00'): Promise<Payload> {
  const input = { content: { ...content, ...more }, reading };
  return await makeMove({ store, reader: by, now: at(time) }, 'Posture', 'record', input);
}

async function recorded(more: object = {}, by?: Reader): Promise<string> {
  const { record: made, userErrors } = await record(more, by);
  expect(userErrors).toEqual([]);
  return made?.id ?? '';
}

type Shown = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly envelope: { readonly version: number };
  readonly progress: Readonly<Record<string, unknown>>;
};

const fields = `{
  id envelope { version } network posture since reference decidedBy recordedBy { id } case { id } supersedes { id }
  progress { state possibleMoves moves { move by { id } } }
}`;

async function find(reader: Reader, id: string, time = '11:00'): Promise<Shown | null> {
  const query = `query Q($id: ID!) { posture(id: $id) ${fields} }`;
  return await askAt({ store, reader, now: at(time) }, query, { id });
}

async function listed(reader: Reader, filter: object): Promise<readonly Shown[]> {
  const query = `query Q($filter: PostureFilter) { postures(filter: $filter) { nodes ${fields} } }`;
  const { nodes } = await askAt<{ readonly nodes: readonly Shown[] }>(
    { store, reader, now: at('11:00') },
    query,
    { filter },
  );
  return nodes;
}

const refusedAs = (code: string, path: readonly string[], message: string) => [
  { code, path, message: expect.stringContaining(message) },
];

test('records a posture with its reference, for the readers that the recorder names', async () => {
  const id = await recorded({ case: 'JC-2026-0007' });
  expect(await find(polish, id)).toMatchObject({
    ...content,
    recordedBy: { id: 'Organisation:enisa' },
    case: { id: 'JointCase:JC-2026-0007' },
    supersedes: null,
    progress: { state: 'RECORDED', possibleMoves: [], moves: [{ move: 'record' }] },
  });
  expect(await find(stranger, id)).toBeNull();
});

test('refuses an entry that names its recorder: the move does', async () => {
  expect((await record({ recordedBy: 'council' })).userErrors).toEqual(
    refusedAs('NOT_ALLOWED', ['content', 'recordedBy'], 'only a later move'),
  );
});

test('is for the recording organisation only, unless the recorder names readers', async () => {
  const made = await makeMove({ store, reader: secretariat, now: at('10:00') }, 'Posture', 'record', {
    content,
  });
  expect(made.userErrors).toEqual([]);
  expect(await find(secretariat, made.record?.id ?? '')).not.toBeNull();
  expect(await find(polish, made.record?.id ?? '')).toBeNull();
});

test.each([
  ['without a reference', { reference: null }, ['reference'], 'needs reference'],
  ['with an empty reference', { reference: ' ' }, ['reference'], '1 to 10000 characters'],
  [
    'of another network',
    { posture: 'alert' },
    ['content', 'posture'],
    'csirts-network: normal, alert-cooperation, full',
  ],
  ['in another spelling', { posture: 'FULL' }, ['content', 'posture'], 'normal, alert-cooperation, full'],
  ['with a name of the language', { posture: 'constructor' }, ['content', 'posture'], 'normal'],
  ['from a time in the future', { since: '2026-11-03T10:00:01.000Z' }, ['since'], 'a time that is over'],
])('refuses a posture %s', async (_what, more, path, message) => {
  const { userErrors } = await record(more);
  expect(userErrors).toEqual(refusedAs('INVALID', path, message));
});

test('refuses a time without its zone', async () => {
  await expect(record({ since: '2026-11-03T08:00:00' })).rejects.toThrow('since');
});

test.each([
  ['the Council secretariat', council, {}, 'network-secretariat, or csirts-network-chair'],
  ['an analyst', polish, {}, 'network-secretariat, or csirts-network-chair'],
  ['the secretariat', secretariat, { network: 'IPCR', posture: 'full' }, 'only council-secretariat'],
  ['the chair of the other network', chair, { network: 'EU_CYCLONE', posture: 'alert' }, 'cyclone-chair'],
])('refuses %s that keeps no records of the network', async (_who, reader, more, message) => {
  const { userErrors } = await record(more, reader);
  expect(userErrors).toEqual(refusedAs('NOT_ALLOWED', [], message));
  expect(userErrors[0]?.message).not.toContain('iicb');
});

test('lets the chair of the network record, while the office is in force', async () => {
  await recorded({}, chair);
  const former = {
    ...chair,
    offices: [{ office: 'csirts-network-chair', until: at('09:00').toISOString() }],
  };
  expect((await record({}, former)).userErrors).toEqual(refusedAs('NOT_ALLOWED', [], 'csirts-network-chair'));
});

test('keeps auditors and machines from recording', async () => {
  for (const more of [{ roles: ['network-secretariat', 'external-auditor'] }, { client: 'machine' }])
    await expect(record({}, { ...secretariat, ...more } as Reader)).rejects.toThrow('may not use');
});

test('lists the postures of a network by the time since which they apply', async () => {
  const on = { network: 'IICB_PLAN', posture: 'on', since: '2026-11-02T08:00:00.000Z' };
  const iicb = readerOf({ organisation: 'council', subject: 'i', roles: ['iicb-secretariat'] });
  const off = await recorded({ ...on, posture: 'off', since: '2026-11-03T07:00:00.000Z' }, iicb);
  const first = await recorded(on, iicb);
  expect((await listed(polish, { network: 'IICB_PLAN' })).map(({ id }) => id)).toEqual([off, first]);
  const before = { network: 'IICB_PLAN', before: '2026-11-03T00:00:00.000Z' };
  expect((await listed(polish, before)).map(({ posture }) => posture)).toEqual(['on']);
  expect(await listed(stranger, { network: 'IICB_PLAN' })).toEqual([]);
});

test('shows the postures of a joint case under the case', async () => {
  const id = await recorded({ case: 'JC-2026-0042' });
  const query = `{ _entities(representations: [{ __typename: "JointCase", id: "JointCase:JC-2026-0042" }]) {
    ... on JointCase { postures { nodes { id } } }
  } }`;
  const nodesFor = async (reader: Reader) =>
    await askAt<readonly object[]>({ store, reader, now: at('11:00') }, query);
  expect(await nodesFor(polish)).toEqual([{ postures: { nodes: [{ id }] } }]);
  expect(await nodesFor(stranger)).toEqual([{ postures: { nodes: [] } }]);
});

test('corrects an entry by a new one, which supersedes it for all its readers', async () => {
  const wrong = await recorded();
  const right = await recorded({ posture: 'full', supersedes: wrong });
  expect(await find(polish, right)).toMatchObject({
    supersedes: { id: wrong },
    progress: { state: 'RECORDED' },
  });
  expect(await find(polish, wrong)).toMatchObject({
    posture: 'alert-cooperation',
    progress: { state: 'SUPERSEDED', moves: [{ move: 'record' }, { move: 'supersede', by: null }] },
  });
  // With a join row, a stricter marking of the wrong entry would reach the right one.
  expect(await linksOf(store).countDocuments({ key: wrong })).toBe(0);
  const again = await record({ supersedes: wrong });
  expect(again.userErrors).toEqual(refusedAs('INVALID', ['content', 'supersedes'], 'that was not corrected'));
});

test('refuses to correct what is no entry of the recorder for the network, in one way', async () => {
  const own1 = await recorded();
  const others = await recorded({}, chair);
  const nothing = 'Posture:00000000-0000-4000-8000-000000000000';
  const exercise = { ...secretariat, picture: 'exercise:trial-2026' } as Reader;
  const answers = [
    (await record({ supersedes: nothing })).userErrors,
    (await record({ supersedes: others })).userErrors,
    (await record({ supersedes: own1, network: 'EU_CYCLONE', posture: 'full' })).userErrors,
    (await record({ supersedes: own1 }, exercise)).userErrors,
  ];
  expect(new Set(answers.map((one) => JSON.stringify(one))).size).toBe(1);
  expect(answers[0]).toEqual(refusedAs('INVALID', ['content', 'supersedes'], 'your organisation recorded'));
  expect(await find(polish, others)).toMatchObject({ progress: { state: 'RECORDED' } });
});

test('does not name the corrected entry to a reader who may not see it', async () => {
  const { record: wrong } = await makeMove(
    { store, reader: secretariat, now: at('10:00') },
    'Posture',
    'record',
    { content },
  );
  const right = await recorded({ supersedes: wrong?.id });
  expect(await find(polish, right)).toMatchObject({ supersedes: null });
  expect(await find(secretariat, right)).toMatchObject({ supersedes: { id: wrong?.id } });
});

test('lets one of two corrections stand that are entered at once', async () => {
  const wrong = await recorded();
  const both = await race(
    2,
    async (racer) => await record({ posture: ['normal', 'full'][racer], supersedes: wrong }),
  );
  expect(both.filter(({ userErrors }) => userErrors.length === 0)).toHaveLength(1);
  expect(await recordsOf(store, 'Posture').countDocuments({ 'content.supersedes': wrong })).toBe(1);
});

test('informs the organisations that the audience names, and no other', async () => {
  const id = await recorded();
  const names = async (reader: Reader) => namesOf(await noticesOf(store, reader, at('11:00'), id));
  expect(await names(polish)).toEqual(['record']);
  // The recorder is reminded that others must be notified.
  expect(await names(secretariat)).toEqual(['csirts-network-raised']);
  expect(await names(stranger)).toEqual([]);
  expect((await record({ supersedes: id }, secretariat, '10:30')).userErrors).toEqual([]);
  expect(await names(polish)).toEqual(['record', 'supersede']);
});

test('is written by its move only, and can be retracted', async () => {
  const id = await recorded();
  const of = { store, reader: secretariat, now: at('10:30') };
  const create = `mutation C($input: CreatePostureInput!) { createPosture(input: $input) { userErrors { code path } } }`;
  const operator = readerOf({ organisation: 'joint-unit', subject: 'o', roles: ['community-operator'] });
  expect(
    await askAt({ ...of, reader: operator }, create, { input: { key: randomUUID(), content, reading } }),
  ).toEqual({ userErrors: [{ code: 'NOT_ALLOWED', path: ['content', 'network'] }] });
  const update = `mutation U($input: UpdatePostureInput!) { updatePosture(input: $input) { userErrors { code path } } }`;
  for (const [name, value] of Object.entries({ ...content, recordedBy: 'council', case: 'JC-2026-0001' })) {
    const input = { key: randomUUID(), id, expectedVersion: 1, content: { [name]: value } };
    expect(await askAt(of, update, { input })).toEqual({
      userErrors: [{ code: 'NOT_ALLOWED', path: ['content', name] }],
    });
  }
  const retract = `mutation R($input: RetractRecordInput!) {
    retractJointUnitRecord(input: $input) { userErrors { code message } }
  }`;
  const input = { key: randomUUID(), id, expectedVersion: 1, reason: 'EXERCISE' };
  expect(await askAt(of, retract, { input })).toEqual({ userErrors: [] });
});

test('has each network of networks.yaml with its postures in the enumeration of the graph', () => {
  const values = (
    contractOf('joint-unit').getType('Network') as unknown as {
      getValues(): readonly { readonly name: string; readonly description: string }[];
    }
  ).getValues();
  expect(values.map(({ name }) => name)).toEqual(Object.keys(readNetworks()).map(enumValue));
  // A client reads the postures of each network in its description.
  for (const [place, { postures }] of Object.values(readNetworks()).entries()) {
    const words = Object.keys(postures).map((posture) => `\`${posture}\``);
    expect(values[place]?.description.endsWith(` Its postures: ${words.join(', ')}.`)).toBe(true);
  }
});
