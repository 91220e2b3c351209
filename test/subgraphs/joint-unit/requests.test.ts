import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { requestContent } from '../../helpers/information-request.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { readerOf } from '../../helpers/records.ts';
import { askAt, makeMove, type Payload, type ShownRecord } from './moves-of.ts';

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const purpose = 'incident-response' as const;
const asker = readerOf({ organisation: 'csirt-fr', subject: 'f', roles: ['csirt-analyst'], purpose });
const german = readerOf({ organisation: 'csirt-de', subject: 'd', roles: ['csirt-analyst'], purpose });
const polish = readerOf({ organisation: 'csirt-pl', subject: 'p', roles: ['csirt-analyst'], purpose });
const auditor = readerOf({
  organisation: 'csirt-de',
  subject: 'a',
  roles: ['csirt-analyst', 'external-auditor'],
  purpose,
});

const at = (time: string) => new Date(`2026-11-03T${time}:00Z`);
const answerBy = '2026-11-03T16:00:00.000Z';

async function sent(more: object = { answerBy }): Promise<string> {
  const now = { store, reader: asker, now: at('10:00') };
  const input = { content: requestContent(more), addressees: ['csirt-de', 'csirt-pl'] };
  const { record, userErrors } = await makeMove(now, 'InformationRequest', 'send', input);
  expect(userErrors).toEqual([]);
  return record?.id ?? '';
}

const query = `query Q($id: ID!) {
  informationRequest(id: $id) {
    envelope { version }
    answerBy
    to { id }
    progress { state possibleMoves moves { move } }
    threads { addressee { id } version state since text usefulness possibleMoves moves { move by { id } happenedAt } }
  }
}`;

async function seen(reader: Reader, id: string, time: string): Promise<ShownRecord> {
  return await askAt<ShownRecord>({ store, reader, now: at(time) }, query, { id });
}

async function move(reader: Reader, name: string, id: string, time: string, input: object = {}) {
  const given = { id, ...input };
  return (await makeMove({ store, reader, now: at(time) }, 'InformationRequest', name, given)).userErrors;
}

const answer = { text: 'EXERCISE: seen twice', grading: 'B2', statementKind: 'fact' };

test('gives the answer of an addressee to the asker only', async () => {
  const id = await sent();
  expect(await move(german, 'answer', id, '11:00', answer)).toEqual([]);
  const [first] = (await seen(asker, id, '11:01')).threads;
  expect([first?.state, first?.['text'], first?.possibleMoves]).toEqual([
    'ANSWERED',
    answer.text,
    ['feedbackInformationRequest'],
  ]);
  expect((await seen(polish, id, '11:01')).threads.map(({ addressee }) => addressee.id)).toEqual([
    'Organisation:csirt-pl',
  ]);
  expect(
    await move(asker, 'feedback', id, '12:00', { addressee: 'csirt-de', usefulness: 'LED_TO_ACTION' }),
  ).toEqual([]);
  expect((await seen(german, id, '12:01')).threads[0]?.['usefulness']).toBe('LED_TO_ACTION');
});

test('shows an addressee no other addressee', async () => {
  const id = await sent();
  expect((await seen(german, id, '10:01'))['to']).toEqual([{ id: 'Organisation:csirt-de' }]);
  expect((await seen(asker, id, '10:01'))['to']).toHaveLength(2);
});

/** The threads of the asker's answer, without which addressee each is. */
async function outcomes(id: string, time: string): Promise<unknown> {
  const { threads, envelope, progress } = await seen(asker, id, time);
  return { envelope, progress, threads: threads.map(({ addressee: _addressee, ...rest }) => rest) };
}

test('shows the asker the same, whether an addressee declines, holds nothing or stays silent', async () => {
  const ids = [await sent(), await sent(), await sent()];
  const [declined = '', nothing = '', silent = ''] = ids;
  expect(await move(german, 'decline', declined, '11:00', { reason: 'EXERCISE: secret' })).toEqual([]);
  expect(await move(german, 'nothing', nothing, '12:30', { searched: 'EXERCISE' })).toEqual([]);
  for (const time of ['11:01', '15:59', '16:00', '18:00']) {
    const expected = await outcomes(silent, time);
    expect(await outcomes(declined, time)).toEqual(expected);
    expect(await outcomes(nothing, time)).toEqual(expected);
  }
  expect((await seen(asker, declined, '15:59')).threads[0]?.state).toBe('DELIVERED');
  expect((await seen(asker, declined, '16:00')).threads[0]?.state).toBe('NO_INFORMATION_PROVIDED');
});

test('refuses a move of the asker in the same words, whatever the addressee did in secret', async () => {
  const [declined, silent] = [await sent(), await sent()];
  await move(german, 'decline', declined, '11:00', { reason: 'EXERCISE' });
  const feedback = { addressee: 'csirt-de', usefulness: 'USEFUL' };
  const refused = await move(asker, 'feedback', silent, '12:00', feedback);
  expect(await move(asker, 'feedback', declined, '12:00', feedback)).toEqual(refused);
  expect(refused).toEqual([
    { code: 'WRONG_STATE', path: [], message: 'its state is delivered: from here you can make no move' },
  ]);
});

test('shows the true outcome when the addressee reveals it', async () => {
  const id = await sent();
  await move(german, 'nothing', id, '11:00', { searched: 'EXERCISE' });
  expect(await move(german, 'reveal', id, '11:10', { expectedVersion: 2 })).toEqual([]);
  expect((await seen(asker, id, '11:11')).threads[0]?.state).toBe('NOTHING_HELD');
});

test('takes the time of the priority where none is stated, and lets the asker extend and cancel', async () => {
  const id = await sent({});
  expect((await seen(asker, id, '10:01'))['answerBy']).toBe('2026-11-03T14:00:00.000Z');
  expect(await move(asker, 'extend', id, '12:00', { answerBy, reason: 'EXERCISE' })).toEqual([]);
  expect(await seen(german, id, '12:01')).toMatchObject({ answerBy, threads: [{ state: 'DELIVERED' }] });
  expect(await move(asker, 'cancel', id, '12:10', { expectedVersion: 2, reason: 'EXERCISE' })).toEqual([]);
  expect((await seen(german, id, '12:11')).threads[0]).toMatchObject({ state: 'LAPSED', possibleMoves: [] });
  expect((await seen(asker, id, '12:11'))['progress']).toMatchObject({
    state: 'CANCELLED',
    possibleMoves: [],
  });
});

test('refuses moves after the time for an answer, and those of auditors', async () => {
  const id = await sent();
  expect(await move(german, 'answer', id, '16:00', answer)).toEqual([
    expect.objectContaining({ code: 'WRONG_STATE' }),
  ]);
  await expect(move(auditor, 'ack', id, '11:00')).rejects.toThrow(
    'This kind of reader may not use a part of the operation.',
  );
});

test('lets one of two answers win that are based on the same version', async () => {
  const id = await sent();
  const both = await Promise.all([
    move(german, 'answer', id, '11:00', answer),
    move(german, 'decline', id, '11:00', { reason: 'EXERCISE' }),
  ]);
  expect(both.flat().map(({ code }) => code)).toEqual(['STALE_VERSION']);
});

test('lets nobody change by hand what only a move changes', async () => {
  const id = await sent();
  const source = `mutation U($input: UpdateInformationRequestInput!) {
    updateInformationRequest(input: $input) { record { id } userErrors { code path } }
  }`;
  for (const change of [
    { from: 'csirt-de' },
    { answerBy: '2026-11-03T10:01:00Z' },
    { to: ['enisa'] },
    { state: 'LAPSED' },
  ]) {
    const input = { key: randomUUID(), id, expectedVersion: 1, content: change };
    const { userErrors } = await askAt<Payload>({ store, reader: asker, now: at('10:05') }, source, {
      input,
    });
    expect(userErrors).toEqual([{ code: 'NOT_ALLOWED', path: ['content', Object.keys(change)[0]] }]);
  }
});

test('never loads a move for the side from which its state is masked', async () => {
  const id = await sent();
  await move(german, 'decline', id, '11:00', { reason: 'EXERCISE: secret' });
  const hidden = await store.connection.collection('moves').find({ record: id, isHidden: true }).toArray();
  expect(hidden.map(({ move: name }) => name)).toEqual(['decline']);
  const [thread] = (await seen(asker, id, '11:01')).threads;
  expect(thread?.moves.map(({ move: name }) => name)).toEqual(['send']);
  const [ownThread] = (await seen(german, id, '11:01')).threads;
  expect(ownThread?.moves.map(({ move: name }) => name)).toEqual(['send', 'decline']);
});

test('refuses to read more threads than one answer can hold', async () => {
  const id = await sent();
  const [thread] = await store.connection
    .collection('progress')
    .find({ record: id, organisation: 'csirt-de' })
    .toArray();
  const many = Array.from({ length: 1100 }, (_, number) => ({
    ...thread,
    _id: `${id} o-${number}`,
    organisation: `o-${number}`,
  }));
  await store.connection.collection<{ _id: string }>('progress').insertMany(many);
  await expect(seen(asker, id, '10:01')).rejects.toThrow('ask for fewer records');
  expect((await seen(german, id, '10:01')).threads).toHaveLength(1);
});
