import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import {
  maxNotices,
  type Notice,
  noticesIn,
  removeOldest,
} from '../../../subgraphs/serve/workflow/notices.ts';
import { requestContent } from '../../helpers/information-request.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { readerOf } from '../../helpers/records.ts';
import { inboxPage, namesOf, noticesOf } from './inbox-of.ts';
import { askAt, makeMove, type Payload } from './moves-of.ts';

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const purpose = 'incident-response' as const;
const roles = ['csirt-analyst'] as const;
const asker = readerOf({ organisation: 'csirt-fr', subject: 'f', roles: [...roles], purpose });
const german = readerOf({ organisation: 'csirt-de', subject: 'd', roles: [...roles], purpose });
const polish = readerOf({ organisation: 'csirt-pl', subject: 'p', roles: [...roles], purpose });
const stranger = readerOf({ organisation: 'csirt-it', subject: 'i', roles: [...roles], purpose });

const at = (time: string) => new Date(`2026-11-03T${time}:00Z`);
const answerBy = '2026-11-03T16:00:00.000Z';

async function sent(): Promise<string> {
  const input = { content: requestContent({ answerBy }), addressees: ['csirt-de', 'csirt-pl'] };
  const { record, userErrors } = await makeMove(
    { store, reader: asker, now: at('10:00') },
    'InformationRequest',
    'send',
    input,
  );
  expect(userErrors).toEqual([]);
  return record?.id ?? '';
}

async function asked(): Promise<string> {
  const content = {
    on: { kind: 'TAKEDOWN', what: 'EXERCISE: a server' },
    until: '2026-11-03T20:00:00.000Z',
    contact: 'EXERCISE desk',
  };
  const input = {
    content,
    addressees: ['csirt-de', 'csirt-pl'],
    act: 'EXERCISE',
    telephone: '+32 2 000 00 00',
  };
  const now = { store, reader: asker, now: at('10:00') };
  const { record, userErrors } = await makeMove(now, 'DeconflictionHold', 'ask', input);
  expect(userErrors).toEqual([]);
  return record?.id ?? '';
}

async function move(reader: Reader, name: string, id: string, time: string, input: object = {}) {
  const type = id.slice(0, id.indexOf(':'));
  const { userErrors } = await makeMove({ store, reader, now: at(time) }, type, name, { id, ...input });
  expect(userErrors).toEqual([]);
}

/** Returns the notices on a record to the asker, and to the German and the Polish addressee. */
async function told(id: string) {
  const all = [asker, german, polish].map(async (reader) =>
    namesOf(await noticesOf(store, reader, at('23:00'), id)),
  );
  const [askers, germans, polishs] = await Promise.all(all);
  return { asker: askers, german: germans, polish: polishs };
}

const answer = { text: 'EXERCISE: seen twice', grading: 'B2', statementKind: 'fact' };
const partly = { text: 'EXERCISE', more: 'EXERCISE', moreBy: '2026-11-03T15:00:00Z' };
const reason = 'EXERCISE';
const toGerman = { addressee: 'csirt-de' };

test('tells each organisation of a request the moves that it may know of, and nobody its own', async () => {
  const id = await sent();
  await move(german, 'ack', id, '11:00');
  await move(german, 'partly', id, '11:10', { ...partly, expectedVersion: 2 });
  await move(german, 'answer', id, '11:20', { ...answer, expectedVersion: 3 });
  await move(asker, 'feedback', id, '11:30', { ...toGerman, usefulness: 'USEFUL' });
  await move(asker, 'extend', id, '11:40', { answerBy: '2026-11-03T17:00:00Z', reason });
  await move(asker, 'close', id, '12:00', { expectedVersion: 2 });
  expect(await told(id)).toEqual({
    asker: ['csirt-de ack', 'csirt-de partly', 'csirt-de answer'],
    german: ['csirt-de send', 'csirt-de feedback', 'extend', 'close'],
    polish: ['csirt-pl send', 'extend', 'close'],
  });
  expect(await noticesOf(store, stranger, at('23:00'), id)).toEqual([]);
});

test('tells the addressees that a request was cancelled', async () => {
  const id = await sent();
  await move(asker, 'cancel', id, '11:00', { reason });
  expect(await told(id)).toEqual({
    asker: [],
    german: ['csirt-de send', 'cancel'],
    polish: ['csirt-pl send', 'cancel'],
  });
});

test('tells the asker nothing of an addressee that declines or holds nothing, until it reveals it', async () => {
  const [declined, nothing, silent] = [await sent(), await sent(), await sent()];
  await move(german, 'decline', declined, '11:00', { reason });
  await move(german, 'nothing', nothing, '12:30', { searched: reason });
  const asked10 = { asker: [], german: ['csirt-de send'], polish: ['csirt-pl send'] };
  for (const id of [declined, nothing, silent]) expect(await told(id)).toEqual(asked10);
  await move(german, 'reveal', nothing, '12:40', { expectedVersion: 2 });
  expect((await told(nothing)).asker).toEqual(['csirt-de reveal']);
});

test('changes nothing that is stored for the asker when an addressee declines', async () => {
  const id = await sent();
  const rowsOf = async () => {
    const collections = [store.connection.collection('notices'), store.connection.collection('parties')];
    return await Promise.all(
      collections.map(async (rows) => await rows.find({ record: id, party: 'csirt-fr' }).toArray()),
    );
  };
  const before = await rowsOf();
  await move(german, 'decline', id, '11:00', { reason });
  expect(await rowsOf()).toEqual(before);
});

test('tells both sides of a hold each move of the other', async () => {
  const id = await asked();
  const until = '2026-11-03T19:00:00.000Z';
  await move(german, 'counter', id, '10:10', { scope: reason });
  await move(asker, 'agreeCounter', id, '10:20', toGerman);
  await move(asker, 'extend', id, '10:30', { ...toGerman, extensionUntil: '2026-11-03T22:00:00Z', reason });
  const extended = { expectedVersion: 4, extension: 'REFUSED', reason };
  await move(german, 'answerExtension', id, '10:40', extended);
  await move(german, 'break', id, '10:50', { expectedVersion: 5, ground: 'LEGAL_DUTY', reason });
  await move(polish, 'agree', id, '10:10', { scope: reason, until });
  await move(asker, 'lift', id, '10:55', { addressee: 'csirt-pl', reason });
  expect(await told(id)).toEqual({
    asker: expect.arrayContaining([
      'csirt-de counter',
      'csirt-pl agree',
      'csirt-de answerExtension',
      'csirt-de break',
    ]),
    german: ['csirt-de ask', 'csirt-de agreeCounter', 'csirt-de extend'],
    polish: ['csirt-pl ask', 'csirt-pl lift'],
  });
  const other = await asked();
  await move(german, 'refuse', other, '10:10', { reason });
  await move(asker, 'withdraw', other, '10:20', { addressee: 'csirt-pl' });
  expect(await told(other)).toEqual({
    asker: ['csirt-de refuse'],
    german: ['csirt-de ask'],
    polish: ['csirt-pl ask', 'csirt-pl withdraw'],
  });
});

test('reads the record of a notice as the reader may see it now', async () => {
  const id = await sent();
  const [notice] = await noticesOf(store, german, at('11:00'), id);
  expect(notice).toEqual({
    recordId: id,
    thread: { id: 'Organisation:csirt-de' },
    workflow: 'information-thread',
    event: 'MOVE',
    name: 'send',
    happenedAt: '2026-11-03T10:00:00.000Z',
    at: '2026-11-03T10:00:00.000Z',
    informationRequest: { id, purpose },
    deconflictionHold: null,
  });
});

test('has no notice on a record that was marked up, for a reader without the purpose, or in another picture', async () => {
  const [id, other] = [await sent(), await sent()];
  const page = async (reader: Reader, args = {}) =>
    (await inboxPage({ store, reader, now: at('11:00') }, args)) ?? { edges: [], pageInfo: {} };
  const before = await page(polish, { first: 1 });
  expect(before.edges.map(({ node }) => node.recordId)).toEqual([expect.any(String)]);
  const source = `mutation M($input: MarkRecordInput!) {
    markJointUnitRecord(input: $input) { userErrors { code path } }
  }`;
  const reading = {
    marking: { tlp: 'AMBER_STRICT' },
    audience: { reach: 'NAMED', organisations: ['csirt-fr', 'csirt-de'] },
  };
  const input = { key: randomUUID(), id: other, expectedVersion: 1, reading };
  const marked = await askAt<Payload>({ store, reader: asker, now: at('10:30') }, source, { input });
  expect(marked.userErrors).toEqual([]);
  expect(await noticesOf(store, polish, at('11:00'), other)).toEqual([]);
  expect(namesOf(await noticesOf(store, german, at('11:00'), other))).toEqual(['csirt-de send']);
  const stored = await noticesIn(store).find({ record: other, party: 'csirt-pl' }).toArray();
  const record = await store.connection.collection('informationRequests').findOne({ _id: other as never });
  expect(stored.map(({ admits }) => admits)).toEqual([record?.['admits']]);
  const picture = { ...german, picture: 'exercise:e-1' };
  expect(await noticesOf(store, picture, at('11:00'), id)).toEqual([]);
  expect((await page({ ...german, picture: 'exercise:e-1' })).pageInfo).toEqual({
    hasNextPage: false,
    hasPreviousPage: false,
    startCursor: null,
    endCursor: null,
  });
});

test('gives auditors, machines and administrators no notice', async () => {
  await sent();
  for (const more of ['external-auditor', 'data-protection-officer', 'hub-administrator'])
    expect(
      await inboxPage({ store, reader: { ...german, roles: [...roles, more] }, now: at('11:00') }),
    ).toBeNull();
  expect(await inboxPage({ store, reader: { ...german, client: 'machine' }, now: at('11:00') })).toBeNull();
});

test('pages through notices of the same instant, each once, with cursors for their reader only', async () => {
  const many = readerOf({ organisation: 'csirt-at', subject: 'a', roles: [...roles], purpose });
  const content = {
    question: { value: 'EXERCISE', lang: 'en' },
    purpose,
    priority: 'IMMEDIATE',
    maxMarkingUsable: 'AMBER',
  };
  for (let count = 0; count < 7; count += 1)
    await makeMove({ store, reader: asker, now: at('10:00') }, 'InformationRequest', 'send', {
      content,
      addressees: ['csirt-at'],
    });
  const found: string[] = [];
  let after: string | null = null;
  for (let page = 0; page < 4; page += 1) {
    const one = await inboxPage({ store, reader: many, now: at('11:00') }, { first: 2, after });
    found.push(...(one?.edges ?? []).map(({ node }) => node.recordId));
    after = String(one?.pageInfo['endCursor']);
    expect(one?.pageInfo['hasNextPage']).toBe(page < 3);
  }
  expect(new Set(found).size).toBe(7);
  expect(found).toHaveLength(7);
  await expect(inboxPage({ store, reader: german, now: at('11:00') }, { after })).rejects.toThrow('cursor');
  const elsewhere = { ...many, organisation: 'csirt-de' };
  await expect(inboxPage({ store, reader: elsewhere, now: at('11:00') }, { after })).rejects.toThrow(
    'cursor',
  );
});

test('keeps a bounded number of notices for one organisation', async () => {
  const [some] = await noticesIn(store).find({ party: 'csirt-de' }).limit(1).toArray();
  const old = Array.from({ length: maxNotices + 5 }, (_, number): Notice => ({
    ...(some as Notice),
    _id: `n-${number}`,
    party: 'csirt-lu',
    sortAt: new Date(at('00:00').getTime() + number),
  }));
  await noticesIn(store).insertMany(old);
  await removeOldest(store, 'csirt-lu');
  const left = await noticesIn(store).find({ party: 'csirt-lu' }).sort({ sortAt: 1 }).toArray();
  expect([left.length, left[0]?._id]).toEqual([maxNotices, 'n-5']);
});
