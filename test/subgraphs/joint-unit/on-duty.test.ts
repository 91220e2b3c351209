import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { dutyKey } from '../../../schema/workflow/duty-key.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { askAt, type Payload } from './moves-of.ts';
import { csirt, french, german } from './recall-of.ts';

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const now = new Date('2026-11-03T10:00:00Z');
const operator = csirt('joint-unit', { roles: ['community-operator'] });

/** Adds a contact of the French CSIRT, which all may read unless stated otherwise. Returns its id. */
async function contact(content: object, reading: object = {}): Promise<string> {
  const input = {
    key: randomUUID(),
    content: { organisation: 'csirt-fr', function: 'DUTY_OFFICER', ...content },
    reading: { marking: { tlp: 'GREEN' }, ...reading },
  };
  const create = `mutation C($input: CreateDutyContactInput!) {
    createDutyContact(input: $input) { record { id } userErrors { code path message } }
  }`;
  const { record, userErrors } = await askAt<Payload>({ store, reader: operator, now }, create, { input });
  expect(userErrors).toEqual([]);
  return record?.id ?? '';
}

type OnDuty = { readonly jointUnit: readonly { readonly id: string }[] };

async function onDuty(reader: Reader, time: string, args = ''): Promise<readonly string[]> {
  const key = { __typename: 'OnDuty', id: dutyKey(new Date(time)) };
  const query = `query Q($key: [_Any!]!) { _entities(representations: $key) { ... on OnDuty { jointUnit${args} { id } } } }`;
  const [found] = await askAt<readonly OnDuty[]>({ store, reader, now }, query, { key: [key] });
  return found?.jointUnit.map(({ id }) => id) ?? [];
}

test('lists who is on duty at the instant: from the start on, and not at the end', async () => {
  const officer = { function: 'CYCLONE_OFFICER' };
  const [first, second] = [
    await contact({ ...officer, from: '2026-11-01T08:00:00Z', to: '2026-11-08T08:00:00Z' }),
    await contact({ ...officer, from: '2026-11-08T08:00:00Z', to: '2026-11-15T08:00:00Z' }),
  ];
  const only = '(function: CYCLONE_OFFICER)';
  expect(await onDuty(german, '2026-11-01T07:59:59.999Z', only)).toEqual([]);
  expect(await onDuty(german, '2026-11-01T08:00:00Z', only)).toEqual([first]);
  expect(await onDuty(german, '2026-11-08T07:59:59.999Z', only)).toEqual([first]);
  expect(await onDuty(german, '2026-11-08T08:00:00Z', only)).toEqual([second]);
  expect(await onDuty(german, '2026-11-15T08:00:00Z', only)).toEqual([]);
});

test('takes a contact without an end as on duty from its start on, and finds it by its function', async () => {
  const id = await contact({ function: 'DPO', from: '2027-01-01T00:00:00Z' });
  expect(await onDuty(german, '2026-12-31T23:59:59Z', '(function: DPO)')).toEqual([]);
  expect(await onDuty(german, '2030-01-01T00:00:00Z', '(function: DPO)')).toEqual([id]);
  expect(await onDuty(german, '2030-01-01T00:00:00Z', '(function: PRESS_OFFICER)')).toEqual([]);
});

test('shows nobody whose contact or period the reader may not see', async () => {
  const period = { function: 'MILCERT_DESK', from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z' };
  const french1 = { reach: 'NAMED', organisations: ['csirt-fr'] };
  const hidden = { marking: { tlp: 'AMBER' }, audience: french1 };
  const [record, start] = [
    await contact(period, hidden),
    await contact(period, { portions: [{ path: 'from', ...hidden }] }),
  ];
  const asked = '(function: MILCERT_DESK)';
  expect(await onDuty(german, '2026-11-02T00:00:00Z', asked)).toEqual([]);
  expect((await onDuty(french, '2026-11-02T00:00:00Z', asked)).toSorted()).toEqual(
    [record, start].toSorted(),
  );
});

test('shows no contact that was retracted, and finds one by its period only with the right to search', async () => {
  const period = { function: 'PRESS_OFFICER', from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z' };
  const strict = { reach: 'NAMED', organisations: ['csirt-de'] };
  const id = await contact(period);
  const closed = await contact(period, { marking: { tlp: 'AMBER_STRICT' }, audience: strict });
  const [time, only] = ['2026-11-02T00:00:00Z', '(function: PRESS_OFFICER)'];
  expect(await onDuty(german, time, only)).toEqual([id]);
  const all = await onDuty(german, time, '(first: 100)');
  expect([all.includes(id), all.includes(closed)]).toEqual([true, false]);
  const retract = `mutation R($input: RetractRecordInput!) { retractJointUnitRecord(input: $input) { userErrors { code } } }`;
  const input = { key: randomUUID(), id, expectedVersion: 1, reason: 'EXERCISE' };
  const { userErrors } = await askAt<Payload>({ store, reader: operator, now }, retract, { input });
  expect([userErrors, await onDuty(german, time, only)]).toEqual([[], []]);
});

test('refuses an answer that could lack contacts', async () => {
  const period = { function: 'NATIONAL_UNIT', from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z' };
  for (let made = 0; made < 301; made += 1) await contact(period);
  await expect(onDuty(german, '2026-11-02T00:00:00Z', '(function: NATIONAL_UNIT)')).rejects.toThrow(
    'expected at most 300 duty contacts',
  );
});

test('refuses a key without an instant, and more fields than one request may examine', async () => {
  await expect(onDuty(german, '2026-11-02T00:00:00Z', '(first: 101)')).rejects.toThrow('first');
  const many = Array.from({ length: 6 }, (_, at) => `a${at}: jointUnit { id }`).join(' ');
  const query = `query Q($key: [_Any!]!) { _entities(representations: $key) { ... on OnDuty { ${many} } } }`;
  const ask = async (id: string) =>
    await askAt({ store, reader: german, now }, query, { key: [{ __typename: 'OnDuty', id }] });
  await expect(ask(dutyKey(now))).rejects.toThrow('expected OnDuty.jointUnit 5 times at most');
  await expect(ask('OnDuty:today')).rejects.toThrow('expected an instant');
});
