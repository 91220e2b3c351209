import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { laterMoves, workflowsOf } from '../../../schema/workflow/served.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { askAt, type Payload } from './moves-of.ts';
import { passTo } from './pass-to.ts';
import {
  at,
  content,
  csirt,
  done,
  french,
  german,
  lead,
  polish,
  recallsIn,
  addressed,
  secondFrench,
  stranger,
} from './recall-of.ts';

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const { tryIssue, issued, seen, seenWithoutId, move, act, statesOf } = recallsIn(() => store);

test('issues a recall to the organisations that the hub names, with the time of its use', async () => {
  const id = await issued();
  const shown = await seen(french, id, '10:01');
  expect(shown).toMatchObject({
    ...content,
    recordId: expect.stringMatching(/^MispEvent:/),
    by: { id: 'Organisation:csirt-fr' },
    dueAt: '2026-11-03T14:00:00.000Z',
    progress: { state: 'RUNNING', moves: [{ move: 'issue' }, { move: 'tell' }] },
  });
  expect(shown?.threads.map(({ recipient, state }) => [recipient.id, state])).toEqual([
    ['Organisation:csirt-de', 'TOLD'],
    ['Organisation:csirt-pl', 'TOLD'],
  ]);
  const other = await tryIssue({ use: 'OTHER' });
  expect((await seen(french, other.record?.id ?? '', '10:01'))?.['dueAt']).toBe('2026-11-04T23:00:00.000Z');
});

test('refuses a record about which the hub makes no statement, whatever the reason', async () => {
  const expected = [
    {
      code: 'NOT_FOUND',
      path: ['content', 'recordId'],
      message: 'no such record that your organisation asserts',
    },
  ];
  const before = await store.connection.collection('recalls').countDocuments();
  expect((await tryIssue({}, { addressed: undefined })).userErrors).toEqual(expected);
  const otherRecord = { ...addressed, record: 'MispEvent:0b6f1d0e-0000-4000-8000-000000000002' };
  expect((await tryIssue({}, { addressed: otherRecord })).userErrors).toEqual(expected);
  expect(await store.connection.collection('recalls').countDocuments()).toBe(before);
});

test.each([{}, { beyond: 'organisations' }, { beyond: 'entries' }] as const)(
  'refuses a recall without all recipients: %j',
  async (more) => {
    const { userErrors } = await tryIssue({}, { addressed: { ...addressed, organisations: [], ...more } });
    expect(userErrors).toMatchObject([{ code: 'INVALID', path: ['content', 'recordId'] }]);
  },
);

test('completes when the last recipient acted, and shows recipients no sign of it', async () => {
  const [id, open] = [await issued(), await issued()];
  await act(german, id);
  expect((await seen(french, id, '11:10'))?.progress).toMatchObject({ state: 'RUNNING' });
  await act(polish, id);
  expect((await seen(french, id, '11:10'))?.progress).toMatchObject({ state: 'COMPLETE', possibleMoves: [] });
  await act(german, open);
  for (const time of ['11:10', '15:00'])
    expect(await seenWithoutId(german, id, time)).toEqual(await seenWithoutId(german, open, time));
});

test('completes once when the last two recipients act at the same time', async () => {
  const id = await issued();
  for (const reader of [german, polish]) expect(await move(reader, 'ack', id, '10:30')).toEqual([]);
  const acted = await Promise.all(
    [german, polish].map(
      async (reader) => await move(reader, 'act', id, '11:00', { expectedVersion: 2, ...done }),
    ),
  );
  expect(acted).toEqual([[], []]);
  const moves = await store.connection.collection('moves').find({ record: id, move: 'complete' }).toArray();
  expect(moves).toHaveLength(1);
});

test('lets a recipient object, and the originator decide on the objection that it has read', async () => {
  const id = await issued();
  const legalReason = 'EXERCISE: evidence';
  expect(await move(german, 'ack', id, '10:30')).toEqual([]);
  expect(await move(german, 'object', id, '10:40', { expectedVersion: 2, legalReason })).toEqual([]);
  const named = { recipient: 'csirt-de', expectedVersion: 3 };
  expect(
    await move(french, 'rejectObjection', id, '10:50', { ...named, reason: 'EXERCISE: no evidence' }),
  ).toEqual([]);
  expect((await seen(german, id, '10:51'))?.threads[0]).toMatchObject({ state: 'ACKNOWLEDGED', legalReason });
  expect(await move(german, 'object', id, '11:00', { expectedVersion: 4, legalReason })).toEqual([]);
  expect(await move(german, 'acceptObjection', id, '11:10', { kept: 'all', period: 'a year' })).toMatchObject(
    [{ code: 'STALE_VERSION' }],
  );
  const kept = { kept: 'EXERCISE: the log', period: 'one year' };
  expect(await move(french, 'acceptObjection', id, '11:10', { ...named, ...kept })).toMatchObject([
    { code: 'STALE_VERSION' },
  ]);
  const read = (await seen(french, id, '11:10'))?.threads.map(({ version }) => version);
  expect(read).toEqual([5, 1]);
  const onRead = { ...named, ...kept, expectedVersion: read?.[0] };
  expect(await move(french, 'acceptObjection', id, '11:10', onRead)).toEqual([]);
  expect(await statesOf(id, '11:11')).toEqual(['KEPT', 'TOLD']);
});

test('makes a silent recipient unreachable once at the due time, and late one that has not acted', async () => {
  const id = await issued();
  expect(await move(polish, 'ack', id, '10:30')).toEqual([]);
  await passTo(store, at('13:59'));
  expect(await statesOf(id, '13:59')).toEqual(['TOLD', 'ACKNOWLEDGED']);
  await passTo(store, at('14:00'));
  expect(await statesOf(id, '14:00')).toEqual(['UNREACHABLE', 'LATE']);
  expect((await seen(french, id, '14:00'))?.progress).toMatchObject({ state: 'LATE' });
  const named = { recipient: 'csirt-de' };
  const channel = { ...named, channel: 'telephone' };
  expect(await move(french, 'chase', id, '14:10', { ...channel, expectedVersion: 2 })).toEqual([]);
  expect(await move(french, 'reach', id, '14:20', { ...channel, expectedVersion: 3 })).toEqual([]);
  await passTo(store, at('18:00'));
  expect(await statesOf(id, '18:00')).toEqual(['LATE', 'LATE']);
  expect(await move(german, 'ack', id, '18:01', { expectedVersion: 4 })).toEqual([]);
});

test('lets the lead of the originator state that a recipient is not reached, and nobody else', async () => {
  const id = await issued();
  const failed = { recipient: 'csirt-de', channels: ['telephone'] };
  const code = async (reader: Reader, input: object) =>
    (await move(reader, 'fail', id, '11:00', input)).map((error) => error.code);
  expect(await code(french, failed)).toEqual(['NOT_ALLOWED']);
  expect(await code(german, { channels: ['telephone'] })).toEqual(['NOT_ALLOWED']);
  expect(await code({ ...german, offices: lead.offices }, { channels: ['telephone'] })).toEqual([
    'NOT_ALLOWED',
  ]);
  expect(await code(lead, failed)).toEqual([]);
  expect(await statesOf(id, '11:01')).toEqual(['UNREACHABLE', 'TOLD']);
});

test('closes incomplete with a second person, and names all who never answered', async () => {
  const id = await issued();
  await act(german, id);
  const before = await seen(polish, id, '11:30');
  const risk = { residualRisk: 'EXERCISE: a proxy still blocks' };
  const close = async (silent: readonly string[]) =>
    (await move(french, 'close', id, '11:40', { silent, ...risk })).map((error) => error.message);
  expect(await close(['csirt-de'])).toEqual(['expected recipients that have not acted, got csirt-de']);
  expect(await close(['csirt-ee'])).toEqual(['expected recipients that have not acted, got csirt-ee']);
  expect(await close(['csirt-pl'])).toEqual([]);
  const proposal = (await seen(french, id, '11:41'))?.progress?.proposal?.id;
  expect(await move(french, 'confirmProposed', id, '11:42', { proposal })).toMatchObject([
    { code: 'NOT_ALLOWED' },
  ]);
  expect(await move(polish, 'confirmProposed', id, '11:42', { proposal })).toMatchObject([
    { code: 'WRONG_STATE' },
  ]);
  expect(await move(secondFrench, 'confirmProposed', id, '11:43', { proposal })).toEqual([]);
  expect((await seen(french, id, '11:44'))?.progress).toMatchObject({
    state: 'CLOSED_INCOMPLETE',
    silent: ['csirt-pl'],
    ...risk,
  });
  expect(await seen(polish, id, '11:44')).toEqual(before);
});

test('refuses the moves of others in words that say nothing of the threads', async () => {
  const id = await issued();
  const noRecord = [{ code: 'NOT_FOUND', path: ['id'], message: 'no such record that you may change' }];
  expect(await move(german, 'ack', id, '10:30', { recipient: 'csirt-pl' })).toEqual(noRecord);
  expect(await move(german, 'ack', id, '10:30', { recipient: 'csirt-ee' })).toEqual(noRecord);
  expect(await move(stranger, 'ack', id, '10:30')).toEqual(noRecord);
  expect(await seen(stranger, id, '10:30')).toBeNull();
  const close = { silent: ['csirt-pl'], residualRisk: 'EXERCISE' };
  expect(await move(german, 'close', id, '10:30', close)).toMatchObject([{ code: 'NOT_ALLOWED' }]);
  const { threads } = (await seen(german, id, '10:30')) ?? {};
  expect(threads?.[0]?.['possibleMoves']).toEqual(['ackRecall']);
  await expect(
    move(csirt('csirt-de', { roles: ['external-auditor'] }), 'ack', id, '10:30'),
  ).rejects.toThrow();
});

test('refuses every later move to a stranger as for nothing, and to an auditor and a machine at all', async () => {
  const id = await issued();
  const kind = workflowsOf('joint-unit').get('Recall');
  if (kind === undefined) throw new Error('expected that the joint unit runs recalls');
  const noRecord = [{ code: 'NOT_FOUND', path: ['id'], message: 'no such record that you may change' }];
  const later = laterMoves(kind);
  expect(later.length).toBeGreaterThan(8);
  for (const { of, move: name } of later) {
    const values = Object.entries(of.moves[name]?.input ?? {}).map(([one, { type }]) => [
      one,
      type === 'text' ? 'EXERCISE' : ['csirt-pl'],
    ]);
    const input = Object.fromEntries(values) as object;
    expect(await move(stranger, name, id, '10:30', input)).toEqual(noRecord);
    expect(await move(stranger, name, 'Recall:none', '10:30', input)).toEqual(noRecord);
    for (const other of [{ roles: ['external-auditor'] }, { client: 'machine' as const }])
      await expect(move({ ...german, ...other }, name, id, '10:30', input)).rejects.toThrow();
  }
});

test('writes no recall by hand', async () => {
  const id = await issued();
  const update = `mutation U($input: UpdateRecallInput!) { updateRecall(input: $input) { userErrors { code path } } }`;
  for (const [name, value] of Object.entries({
    recordId: 'MispEvent:other',
    reason: 'UNLAWFUL',
    dueAt: null,
  })) {
    const input = { key: randomUUID(), id, expectedVersion: 1, content: { [name]: value } };
    const { userErrors } = await askAt<Payload>({ store, reader: french, now: at('10:05') }, update, {
      input,
    });
    expect(userErrors).toEqual([{ code: 'NOT_ALLOWED', path: ['content', name] }]);
  }
  const operator = csirt('joint-unit', { roles: ['community-operator'] });
  const create = `mutation C($input: CreateRecallInput!) { createRecall(input: $input) { userErrors { code path } } }`;
  const input = { key: randomUUID(), content, reading: { marking: { tlp: 'GREEN' } } };
  const { userErrors } = await askAt<Payload>({ store, reader: operator, now: at('10:05') }, create, {
    input,
  });
  expect(userErrors).toEqual([{ code: 'NOT_ALLOWED', path: ['content', 'recordId'] }]);
});
