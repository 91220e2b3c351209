import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { asker, at, bookingsIn, desk, expert, operator, provider, refusedAs } from './booking-of.ts';
import { askAt, makeMove, type Payload } from './moves-of.ts';

/** No change by hand stops a workflow that runs: those who must answer, or are booked, could not go on. */

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const { team, sought, move, offer } = bookingsIn(() => store);

/** Makes a change by hand of any kind of record. Returns the reasons of a refusal. */
async function change(by: Reader, name: 'mark' | 'retract', id: string, time: string, more: object) {
  const type = name === 'mark' ? 'MarkRecordInput' : 'RetractRecordInput';
  const source = `mutation M($input: ${type}!) { ${name}JointUnitRecord(input: $input) { userErrors { code } } }`;
  const input = { key: randomUUID(), id, ...more };
  return (await askAt<Payload>({ store, reader: by, now: at(time) }, source, { input })).userErrors;
}

const reason = 'EXERCISE';

test('does not let a team be retracted while one of its members is booked', async () => {
  const id = await team();
  expect(await offer(desk, id, '03T10:00', { mobilisation: await sought() })).toEqual([]);
  const retract = { expectedVersion: 1, reason };
  expect(await change(operator, 'retract', id, '03T10:10', retract)).toEqual(refusedAs('WRONG_STATE'));
  expect(await move(provider, 'refuse', id, '03T10:20', { unit: expert.pseudonym })).toEqual([]);
  expect(await change(operator, 'retract', id, '03T10:30', retract)).toEqual([]);
});

test('does not let a mobilisation be retracted before its end', async () => {
  const id = await sought();
  const retract = { expectedVersion: 4, reason };
  expect(await change(asker, 'retract', id, '03T10:00', retract)).toEqual(refusedAs('WRONG_STATE'));
});

/** Issues a recall of a record that csirt-de received. */
async function recall(record: string): Promise<Payload> {
  const addressed = { record, organisations: ['csirt-de'] };
  const content = { recordId: record, reason: 'ERROR', action: 'UN_BLOCK', use: 'OTHER' };
  const on = { store, reader: asker, now: at('03T10:00'), addressed };
  return await makeMove(on, 'Recall', 'issue', { content });
}

test('does not let a recall be retracted or marked while a recipient must answer', async () => {
  const { record, userErrors } = await recall(`MispEvent:${randomUUID()}`);
  expect(userErrors).toEqual([]);
  const id = record?.id ?? '';
  const retract = { expectedVersion: 1, reason };
  const audience = { reach: 'NAMED', organisations: ['csirt-fr'] };
  const mark = { expectedVersion: 1, reading: { marking: { tlp: 'AMBER' }, audience } };
  expect(await change(asker, 'retract', id, '03T10:10', retract)).toEqual(refusedAs('WRONG_STATE'));
  expect(await change(asker, 'mark', id, '03T10:10', mark)).toEqual(refusedAs('WRONG_STATE'));
});

test('refuses a recall while another one of the same record runs, and takes it after that', async () => {
  const of = `MispEvent:${randomUUID()}`;
  const { record } = await recall(of);
  const [running] = (await recall(of)).userErrors;
  expect(running).toMatchObject({ code: 'WRONG_STATE', path: ['content', 'recordId'] });
  const on = { store, reader: provider, now: at('03T10:10') };
  const input = { id: record?.id ?? '' };
  expect((await makeMove(on, 'Recall', 'ack', input)).userErrors).toEqual([]);
  const acted = { ...input, expectedVersion: 2, done: 'EXERCISE', wentTo: ['EXERCISE'] };
  expect((await makeMove(on, 'Recall', 'act', acted)).userErrors).toEqual([]);
  expect((await recall(of)).userErrors).toEqual([]);
});
