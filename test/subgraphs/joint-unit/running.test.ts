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

test('does not let a recall be retracted or marked while a recipient must answer', async () => {
  const record = 'MispEvent:0b6f1d0e-0000-4000-8000-000000000001';
  const received = { record, organisations: ['csirt-de'] };
  const now = at('03T10:00');
  const content = { recordId: record, reason: 'ERROR', action: 'UN_BLOCK', use: 'OTHER' };
  const issued = await makeMove({ store, reader: asker, now, received }, 'Recall', 'issue', { content });
  expect(issued.userErrors).toEqual([]);
  const id = issued.record?.id ?? '';
  const retract = { expectedVersion: 1, reason };
  const audience = { reach: 'NAMED', organisations: ['csirt-fr'] };
  const mark = { expectedVersion: 1, reading: { marking: { tlp: 'AMBER' }, audience } };
  expect(await change(asker, 'retract', id, '03T10:10', retract)).toEqual(refusedAs('WRONG_STATE'));
  expect(await change(asker, 'mark', id, '03T10:10', mark)).toEqual(refusedAs('WRONG_STATE'));
});
