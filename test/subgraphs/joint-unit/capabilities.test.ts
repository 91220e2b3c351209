import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { readerOf } from '../../helpers/records.ts';
import { askAt, makeMove } from './moves-of.ts';

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const delegate = readerOf({
  organisation: 'csirt-de',
  subject: 'd',
  roles: ['csirt-analyst'],
  offices: [{ office: 'owner-delegate', until: '2027-06-01T00:00:00.000Z' }],
});
const colleague = { ...delegate, subject: 'd-2', offices: [] };
const asker = readerOf({ organisation: 'csirt-fr', subject: 'f', roles: ['csirt-analyst'] });
const stranger = readerOf({ organisation: 'csirt-pl', subject: 'p', roles: ['csirt-analyst'] });

const at = (time: string) => new Date(`${time}T10:00:00Z`);
const declaration = {
  content: {
    kind: 'FORENSICS',
    quantity: 2,
    unit: 'teams',
    noticeHours: 24,
    place: 'EXERCISE',
    conditions: 'EXERCISE',
    costRule: 'EXERCISE',
    languages: ['de', 'en'],
    whoMayAsk: ['csirt-fr'],
    validUntil: '2028-01-01T00:00:00.000Z',
  },
  clearance: 'none',
};

async function declare(reader: Reader, time = '2026-11-03', more: object = {}) {
  return await makeMove({ store, reader, now: at(time) }, 'Capability', 'declare', {
    ...declaration,
    ...more,
  });
}

async function declared(): Promise<string> {
  const { record, userErrors } = await declare(delegate);
  expect(userErrors).toEqual([]);
  return record?.id ?? '';
}

type Shown = {
  readonly quantity: number;
  readonly envelope: { readonly version: number };
  readonly progress: { readonly state: string; readonly possibleMoves: readonly string[] };
};

const query = `query Q($id: ID!) {
  capability(id: $id) { quantity envelope { version } progress { state confirmDueAt possibleMoves } }
}`;

async function find(reader: Reader, id: string, time: string): Promise<Shown | null> {
  return await askAt<Shown | null>({ store, reader, now: at(time) }, query, { id });
}

async function move(reader: Reader, name: string, id: string, time: string, input: object) {
  const expectedVersion = (await find(delegate, id, time))?.envelope.version;
  const given = { id, expectedVersion, ...input };
  return (await makeMove({ store, reader, now: at(time) }, 'Capability', name, given)).userErrors;
}

test('lets only a delegate of the owner declare, and only for the own organisation', async () => {
  expect((await declare(colleague)).userErrors).toEqual([expect.objectContaining({ code: 'NOT_ALLOWED' })]);
  const past = at('2027-06-02');
  expect(
    (await makeMove({ store, reader: delegate, now: past }, 'Capability', 'declare', declaration)).userErrors,
  ).toEqual([expect.objectContaining({ code: 'NOT_ALLOWED' })]);
  const id = await declared();
  const owner = `query Q($id: ID!) { capability(id: $id) { owner { id } } }`;
  expect(await askAt({ store, reader: asker, now: at('2026-11-03') }, owner, { id })).toEqual({
    owner: { id: 'Organisation:csirt-de' },
  });
  expect(await find(stranger, id, '2026-11-03')).toBeNull();
});

test('is stale after 12 months without a confirmation, and after the end of its validity', async () => {
  const id = await declared();
  expect((await find(asker, id, '2027-10-01'))?.progress.state).toBe('DECLARED');
  expect((await find(asker, id, '2027-11-05'))?.progress.state).toBe('STALE');
  expect(await move(delegate, 'confirm', id, '2027-05-01', { stillTrue: true })).toEqual([]);
  expect((await find(asker, id, '2027-11-05'))?.progress.state).toBe('DECLARED');
  expect((await find(asker, id, '2028-01-02'))?.progress.state).toBe('STALE');
});

test('changes the entry by a move of the owner, and lets those who may ask only ask', async () => {
  const id = await declared();
  expect(
    await move(delegate, 'revise', id, '2026-11-04', { change: 'EXERCISE: one team left', quantity: 1 }),
  ).toEqual([]);
  expect((await find(asker, id, '2026-11-04'))?.quantity).toBe(1);
  expect((await find(asker, id, '2026-11-04'))?.progress.possibleMoves).toEqual(['askCapability']);
  expect(await move(asker, 'revise', id, '2026-11-04', { change: 'x', quantity: 9 })).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED' }),
  ]);
  expect(await move(asker, 'ask', id, '2026-11-04', { need: 'EXERCISE: a forensic team' })).toEqual([]);
  expect(await move(delegate, 'withdraw', id, '2026-11-05', { reason: 'EXERCISE' })).toEqual([]);
  expect(await move(asker, 'ask', id, '2026-11-06', { need: 'EXERCISE' })).toEqual([
    expect.objectContaining({ code: 'WRONG_STATE' }),
  ]);
});
