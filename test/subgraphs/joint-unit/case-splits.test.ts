import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import { linksOf, recordsOf } from '../../../subgraphs/serve/store/collections.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { race } from '../../helpers/race.ts';
import { readerOf } from '../../helpers/records.ts';
import {
  at,
  casesIn,
  coordinator,
  drafter,
  lead,
  nameActor,
  officer,
  opening,
  polish,
  reading,
  reason,
  refusedAs,
  secondLead,
  stranger,
} from './case-of.ts';
import { namesOf, noticesOf } from './inbox-of.ts';
import { askAt, makeMove, type Payload } from './moves-of.ts';

/** The split of a joint case: the new one is a draft of the lead, and nobody gains or learns anything by it. */

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
  await nameActor(store);
});
afterAll(async () => await own.stop());

const { tryDraft, seen, find, move, active } = casesIn(() => store);

const split = { childCase: 'JC-2026-0008', codename: 'EXERCISE Grey Heron', reason };

type Shown = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly envelope: { readonly version: number; readonly audience: object };
  readonly splitInto: readonly { readonly id: string }[];
  readonly progress: {
    readonly moves: readonly { readonly move: string; readonly values: readonly object[] }[];
  } & Readonly<Record<string, unknown>>;
};

const query = `query Q($id: ID!) { jointCaseRecord(id: $id) {
  id envelope { version originator { id } marking { tlp } audience { organisations { id } } }
  case { id } title workflow lead { id } splitFrom { id } splitInto { id } linkedRecords
  progress { state drafter proposedLead lead invited joined possibleMoves moves { move by { id } values { name values } } }
} }`;

async function shown(reader: Reader, id: string, time = '03T14:00'): Promise<Shown | null> {
  return await askAt({ store, reader, now: at(time) }, query, { id });
}

async function childOf(id: string, reader: Reader = lead): Promise<string> {
  return (await shown(reader, id))?.splitInto.at(-1)?.id ?? '';
}

async function splitUp(id: string, more: object = {}, reader: Reader = lead, time = '03T13:00') {
  return await move(reader, 'split', id, time, { ...split, ...more });
}

/** Asks organisations of the case for information, and returns the id of the request. */
async function requestOf(joint: string, reader: Reader = lead, time = '03T12:30'): Promise<string> {
  const asked = await makeMove({ store, reader, now: at(time) }, 'InformationRequest', 'send', {
    content: {
      question: { value: 'EXERCISE: who saw this server?', lang: 'en' },
      purpose: 'incident-response',
      priority: 'ROUTINE',
      maxMarkingUsable: 'AMBER',
      case: joint,
    },
    addressees: ['csirt-pl'],
  });
  expect(asked.userErrors).toEqual([]);
  return asked.record?.id ?? '';
}

async function open(reader: Reader, id: string, time: string, input: object) {
  const version = (await shown(lead, id, time))?.envelope.version ?? 1;
  const given = { id, expectedVersion: version, ...opening, ...input };
  return (await makeMove({ store, reader, now: at(time) }, 'JointCaseRecord', 'open', given)).userErrors;
}

test('makes a draft of the lead that has a codename and nothing else of the case', async () => {
  const id = await active();
  expect(await splitUp(id, { movedTasks: ['EXERCISE: ask the provider'] })).toEqual([]);
  const child = await shown(lead, await childOf(id));
  expect(child).toMatchObject({
    envelope: {
      version: 1,
      originator: { id: 'Organisation:enisa' },
      marking: { tlp: 'AMBER' },
      audience: { organisations: [{ id: 'Organisation:enisa' }] },
    },
    case: { id: 'JointCase:JC-2026-0008' },
    title: 'EXERCISE Grey Heron',
    workflow: 'SPLIT_FROM',
    lead: null,
    splitFrom: { id },
    progress: { state: 'SPLIT_FROM', drafter: 'enisa', proposedLead: 'enisa', lead: null, joined: null },
  });
  expect(child?.progress.moves).toEqual([
    {
      move: 'splitChild',
      by: null,
      values: [{ name: 'movedTasks', values: ['EXERCISE: ask the provider'] }],
    },
  ]);
  expect((await seen(drafter, id, '03T14:00')).workflow).toBe('ACTIVE');
});

test('shows a participant of the case nothing of the new one: no id, no codename, no reason', async () => {
  const id = await active();
  const request = await requestOf('JC-2026-0007');
  await splitUp(id, { records: [request] });
  const child = await childOf(id);
  for (const reader of [polish, drafter]) {
    expect(await shown(reader, child)).toBeNull();
    const parent = await shown(reader, id);
    expect(parent).toMatchObject({ splitInto: [], splitFrom: null });
    const text = JSON.stringify([parent, await noticesOf(store, reader, at('03T14:00'), id)]);
    for (const secret of [child, split.childCase, split.codename, request])
      expect(text).not.toContain(secret);
    expect(parent?.progress.moves.at(-1)).toEqual({
      move: 'split',
      by: { id: 'Organisation:enisa' },
      values: [],
    });
    expect(await noticesOf(store, reader, at('03T14:00'), child)).toEqual([]);
  }
  expect(await shown(stranger, id)).toBeNull();
});

test('finds nothing of the new case under its shared entity, for readers of the records that went to it', async () => {
  const id = await active();
  const request = await requestOf('JC-2026-0007');
  await splitUp(id, { childCase: 'JC-2026-0099', records: [request] });
  const under = `{ _entities(representations: [{ __typename: "JointCase", id: "JointCase:JC-2026-0099" }]) {
    ... on JointCase { records { nodes { id } } informationRequests { nodes { id } } }
  } }`;
  const nothing = [{ records: { nodes: [] }, informationRequests: { nodes: [] } }];
  expect(await askAt({ store, reader: polish, now: at('03T14:00') }, under)).toEqual(nothing);
  expect(await linksOf(store).countDocuments({ key: await childOf(id) })).toBe(0);
  expect(await linksOf(store).countDocuments({ key: id })).toBe(0);
});

test('takes records along that stay linked to the case, and shows each to its readers only', async () => {
  const id = await active();
  const request = await requestOf('JC-2026-0007');
  expect(await splitUp(id, { records: [request, request] })).toEqual([]);
  const child = await childOf(id);
  expect(await shown(lead, child)).toMatchObject({ linkedRecords: [request] });
  const audience = { reach: 'NAMED', organisations: ['enisa', 'cert-eu'] };
  await mark(child, { marking: { tlp: 'AMBER' }, audience });
  const reader = readerOf({ organisation: 'cert-eu', subject: 'c', roles: ['cert-eu-analyst'] });
  expect(await shown(reader, child)).toMatchObject({ linkedRecords: [], splitFrom: { id } });
});

async function mark(id: string, readers: object): Promise<void> {
  const version = (await shown(lead, id))?.envelope.version ?? 1;
  const text = `mutation M($input: MarkRecordInput!) { markJointUnitRecord(input: $input) { userErrors { message } } }`;
  const input = { key: randomUUID(), id, expectedVersion: version, reading: readers };
  expect(await askAt({ store, reader: lead, now: at('03T13:30') }, text, { input })).toEqual({
    userErrors: [],
  });
}

test('refuses records that do not belong to the case, and those that the lead may not read, in one way', async () => {
  const id = await active();
  const other = await requestOf('JC-2026-0055');
  const hidden = await requestOf(
    'JC-2026-0007',
    readerOf({ organisation: 'csirt-ee', roles: ['csirt-analyst'] }),
  );
  const nothing = 'InformationRequest:00000000-0000-4000-8000-000000000000';
  const answers = [];
  for (const record of [other, hidden, nothing, 'MispEvent:0b6f1d0e-0000-4000-8000-000000000001', 'x'])
    answers.push(await splitUp(id, { records: [record] }));
  expect(answers[0]).toEqual(refusedAs('INVALID', { path: ['records'] }));
  expect(new Set(answers.map((one) => JSON.stringify(one))).size).toBe(1);
  expect(await recordsOf(store, 'JointCaseRecord').countDocuments({ 'content.splitFrom': id })).toBe(0);
});

test.each([
  ['an actor of the alias tables', { codename: 'Sandworm' }, ['codename']],
  ['no codename', { codename: ' ' }, ['codename']],
  ['no case id', { childCase: 'Grey Heron' }, ['childCase']],
  ['the id of the case itself', { childCase: 'JC-2026-0007' }, ['childCase']],
  ['no reason', { reason: '' }, ['reason']],
])('refuses a split with %s', async (_what, more, path) => {
  expect(await splitUp(await active(), more)).toEqual(refusedAs('INVALID', { path }));
});

test('refuses a codename that is an actor of the case', async () => {
  const { record } = await tryDraft({ actors: ['Blue Fox'] });
  const id = record?.id ?? '';
  expect(await move(coordinator, 'open', id, '03T11:00', opening)).toEqual([]);
  expect(await splitUp(id, { codename: 'Blue-Fox' })).toEqual(refusedAs('INVALID', { path: ['codename'] }));
});

test('refuses a split by another person than the lead, and in another state', async () => {
  const id = await active();
  for (const reader of [polish, drafter, coordinator])
    expect(await splitUp(id, {}, reader)).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await splitUp(id, {}, stranger)).toEqual(refusedAs('NOT_FOUND'));
  await move(lead, 'beginClosing', id, '03T13:10', { closingList: [reason] });
  expect(await splitUp(id, {}, lead, '03T13:20')).toEqual(refusedAs('WRONG_STATE'));
});

test('is opened by the duty officer of the lead, for those whom the originator lets read it', async () => {
  const id = await active();
  await splitUp(id);
  const child = await childOf(id);
  expect(await open(polish, child, '03T13:20', {})).toEqual(refusedAs('NOT_FOUND'));
  expect(await open(officer('enisa'), child, '03T13:20', { invited: ['csirt-pl'] })).toEqual(
    refusedAs('INVALID', { path: ['invited'], message: expect.stringContaining('release it to csirt-pl') }),
  );
  await mark(child, reading(['enisa', 'csirt-pl']));
  expect(await open(officer('enisa'), child, '03T13:40', { invited: ['csirt-pl'] })).toEqual([]);
  expect(await shown(polish, child)).toMatchObject({
    workflow: 'OPEN',
    splitFrom: { id },
    progress: { lead: 'enisa', joined: ['enisa'], invited: ['csirt-pl'] },
  });
  expect(await shown(drafter, child)).toBeNull();
});

test('is discarded by the lead, and then never opened again', async () => {
  const id = await active();
  await splitUp(id);
  const child = await childOf(id);
  const make = async (reader: Reader, name: string, expectedVersion: number) =>
    (
      await makeMove({ store, reader, now: at('03T13:20') }, 'JointCaseRecord', name, {
        id: child,
        expectedVersion,
        reason,
      })
    ).userErrors;
  expect(await make(polish, 'discard', 1)).toEqual(refusedAs('NOT_FOUND'));
  expect(await make(coordinator, 'discard', 1)).toEqual([]);
  expect(await shown(lead, child)).toMatchObject({ workflow: 'CLOSED' });
  expect(await make(coordinator, 'reopen', 2)).toEqual(refusedAs('WRONG_STATE'));
});

test('informs the organisation of the lead of the new case, and the participants of the split only', async () => {
  const id = await active();
  await splitUp(id);
  const child = await childOf(id);
  expect(namesOf(await noticesOf(store, secondLead, at('03T14:00'), child))).toEqual(['splitChild']);
  expect(namesOf(await noticesOf(store, polish, at('03T14:00'), id))).toContain('split');
});

test('makes one new case of a split that is sent twice, and none of two at once on one version', async () => {
  const id = await active();
  const { envelope } = await seen(drafter, id, '03T13:00');
  const input = { ...split, id, expectedVersion: envelope.version, key: randomUUID() };
  const send = async (more: object = {}): Promise<Payload> =>
    await makeMove({ store, reader: lead, now: at('03T13:00') }, 'JointCaseRecord', 'split', {
      ...input,
      ...more,
    });
  expect((await send()).userErrors).toEqual([]);
  expect((await send()).userErrors).toEqual([]);
  const version = envelope.version + 1;
  const keys = [randomUUID(), randomUUID()];
  const both = await race(2, async (racer) => await send({ key: keys[racer], expectedVersion: version }));
  expect(both.map(({ userErrors }) => userErrors[0]?.code ?? 'made').toSorted()).toEqual([
    'STALE_VERSION',
    'made',
  ]);
  expect(await recordsOf(store, 'JointCaseRecord').countDocuments({ 'content.splitFrom': id })).toBe(2);
});

test('keeps the fields of a split from changes by hand', async () => {
  const id = await active();
  const update = `mutation U($input: UpdateJointCaseRecordInput!) {
    updateJointCaseRecord(input: $input) { userErrors { code path } }
  }`;
  const { envelope } = await seen(drafter, id, '03T13:00');
  for (const content of [{ splitFrom: id }, { splitInto: [id] }, { linkedRecords: [id] }]) {
    const [name = ''] = Object.keys(content);
    const input = { key: randomUUID(), id, expectedVersion: envelope.version, content };
    expect(await askAt({ store, reader: drafter, now: at('03T13:00') }, update, { input })).toEqual({
      userErrors: [{ code: 'NOT_ALLOWED', path: ['content', name] }],
    });
    expect((await tryDraft(content)).userErrors).toEqual(
      refusedAs('NOT_ALLOWED', { path: ['content', name] }),
    );
  }
  expect((await find(drafter, id, '03T13:01'))?.envelope.version).toBe(envelope.version);
});
