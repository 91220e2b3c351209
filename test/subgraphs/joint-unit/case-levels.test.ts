import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { readerOf } from '../../helpers/records.ts';
import { at, casesIn, certEu, lead, officer, polish, reason, refusedAs, stranger } from './case-of.ts';
import { askAt, makeMove } from './moves-of.ts';

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const { seen, move, active, remove } = casesIn(() => store);

function incidentOf(state: string | null): Readonly<Record<string, unknown>> {
  return {
    value: 'INCIDENT',
    about: state === null ? 'UNION_ENTITIES' : 'MEMBER_STATE',
    ...(state !== null && { memberState: state }),
    criteria: ['EXERCISE criterion'],
    at: '2026-11-03T09:00:00.000Z',
  };
}

const french = readerOf({ organisation: 'csirt-fr', subject: 'f-2', roles: ['csirt-analyst'] });
const polishAnalyst = readerOf({
  organisation: 'csirt-pl',
  subject: 'p-2',
  roles: ['csirt-analyst'],
  memberState: 'PL',
});
const unionAnalyst = readerOf({
  organisation: 'cert-eu',
  subject: 'c-2',
  roles: ['cert-eu-analyst'],
  memberState: null,
});

type Levels = {
  readonly threads: readonly Readonly<Record<string, unknown>>[];
  readonly levels: unknown;
  readonly prompt: unknown;
};

const query = `query Q($id: ID!) {
  jointCaseRecord(id: $id) {
    threads {
      assessor { id } version state value about memberState criteria at impact reference possibleMoves
      moves { move values { name values } }
    }
    levels { differ stated { value organisations { id } } }
    prompt { memberStates { id } assessedBy { id } wouldTell }
  }
}`;

async function levelsSeen(reader: Reader, id: string, time: string): Promise<Levels> {
  const found = await askAt<Levels | null>({ store, reader, now: at(time) }, query, { id });
  if (found === null) throw new Error('expected a case that the reader may see');
  return found;
}

test('shows assessments that differ next to each other, to participants only', async () => {
  const id = await active();
  const significant = {
    ...incidentOf('FR'),
    value: 'SIGNIFICANT_INCIDENT',
    impact: 'EXERCISE: two hospitals',
  };
  expect((await seen(french, id, '03T13:00')).progress.possibleMoves).toContain('assessLevelJointCaseRecord');
  expect(await move(french, 'assessLevel', id, '03T13:00', significant)).toEqual([]);
  expect(await move(polishAnalyst, 'assessLevel', id, '03T13:01', incidentOf('PL'))).toEqual([]);
  expect(await move(unionAnalyst, 'assessLevel', id, '03T13:02', incidentOf(null))).toEqual(
    refusedAs('NOT_ALLOWED'),
  );
  const { threads, levels, prompt } = await levelsSeen(lead, id, '03T13:03');
  expect(threads).toEqual([
    expect.objectContaining({
      assessor: { id: 'Organisation:csirt-fr' },
      version: null,
      state: 'CURRENT',
      value: 'SIGNIFICANT_INCIDENT',
      about: 'MEMBER_STATE',
      memberState: 'FR',
      criteria: ['EXERCISE criterion'],
      at: '2026-11-03T09:00:00.000Z',
      impact: 'EXERCISE: two hospitals',
      reference: null,
      possibleMoves: [],
    }),
    expect.objectContaining({ assessor: { id: 'Organisation:csirt-pl' }, value: 'INCIDENT' }),
  ]);
  expect(levels).toEqual({
    differ: true,
    stated: [
      { value: 'SIGNIFICANT_INCIDENT', organisations: [{ id: 'Organisation:csirt-fr' }] },
      { value: 'INCIDENT', organisations: [{ id: 'Organisation:csirt-pl' }] },
    ],
  });
  expect(prompt).toBeNull();
  const outside = await levelsSeen(unionAnalyst, id, '03T13:04');
  expect([outside.threads, outside.levels, outside.prompt]).toEqual([[], null, null]);
});

test('refuses the level of another state, and names whose it is', async () => {
  const id = await active();
  expect(await move(certEu, 'join', id, '03T12:30')).toEqual([]);
  for (const value of ['INCIDENT', 'SIGNIFICANT_INCIDENT'])
    expect(await move(french, 'assessLevel', id, '03T13:00', { ...incidentOf('PL'), value })).toEqual(
      refusedAs('NOT_ALLOWED', {
        path: ['memberState'],
        message: expect.stringContaining('authorities of PL'),
      }),
    );
  for (const value of ['INCIDENT', 'SIGNIFICANT_INCIDENT'])
    expect(await move(unionAnalyst, 'assessLevel', id, '03T13:00', { ...incidentOf('PL'), value })).toEqual(
      refusedAs('NOT_ALLOWED', { message: expect.stringContaining('authorities of PL') }),
    );
});

test('lets each body state only the values that are its own', async () => {
  const id = await active();
  expect(await move(certEu, 'join', id, '03T12:30')).toEqual([]);
  const tries = async (reader: Reader, value: string, about: string, more: object = {}) =>
    (await move(reader, 'assessLevel', id, '03T13:00', { ...incidentOf(null), value, about, ...more })).map(
      ({ code }) => code,
    );
  const fr = { memberState: 'FR' };
  expect(await tries(french, 'LARGE_SCALE_INCIDENT', 'MEMBER_STATE', fr)).toEqual(['NOT_ALLOWED']);
  expect(await tries(french, 'UNION_LEVEL_CYBER_CRISIS', 'UNION', { reference: 'EXERCISE' })).toEqual([
    'NOT_ALLOWED',
  ]);
  expect(await tries(french, 'MAJOR_INCIDENT', 'UNION_ENTITIES')).toEqual(['NOT_ALLOWED']);
  expect(await tries(french, 'SIGNIFICANT_INCIDENT', 'UNION_ENTITIES')).toEqual(['NOT_ALLOWED']);
  expect(await tries(unionAnalyst, 'UNION_LEVEL_CYBER_CRISIS', 'UNION')).toEqual(['NOT_ALLOWED']);
  const secretariat = { ...lead, roles: ['network-secretariat'], memberState: null } as Reader;
  expect(await tries(secretariat, 'LARGE_SCALE_INCIDENT', 'UNION')).toEqual(['INVALID']);
  expect(await tries(secretariat, 'LARGE_SCALE_INCIDENT', 'UNION', { reference: 'EXERCISE 7' })).toEqual([]);
  expect(await tries(unionAnalyst, 'MAJOR_INCIDENT', 'UNION_ENTITIES')).toEqual([]);
});

test('revises and withdraws an assessment by its organisation, and assesses again', async () => {
  const id = await active();
  expect(await move(french, 'assessLevel', id, '03T13:00', incidentOf('FR'))).toEqual([]);
  const { value: _value, about: _about, memberState: _state, ...rest } = incidentOf('FR');
  const revised = { ...rest, value: 'SIGNIFICANT_INCIDENT', reason };
  const onThread = { ...revised, expectedVersion: 1 };
  expect(await move(polishAnalyst, 'reviseLevel', id, '03T13:05', { ...revised, value: 'INCIDENT' })).toEqual(
    refusedAs('WRONG_STATE'),
  );
  expect(
    await move(french, 'reviseLevel', id, '03T13:05', { ...onThread, value: 'UNION_LEVEL_CYBER_CRISIS' }),
  ).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await move(french, 'reviseLevel', id, '03T13:05', onThread)).toEqual([]);
  const [thread] = (await levelsSeen(polishAnalyst, id, '03T13:06')).threads;
  expect(thread).toMatchObject({
    value: 'SIGNIFICANT_INCIDENT',
    memberState: 'FR',
    moves: [
      { move: 'assessLevel', values: expect.arrayContaining([{ name: 'value', values: ['incident'] }]) },
      { move: 'reviseLevel', values: expect.arrayContaining([{ name: 'reason', values: [reason] }]) },
    ],
  });
  expect(await move(french, 'withdrawLevel', id, '03T13:07', { reason, expectedVersion: 2 })).toEqual([]);
  expect((await levelsSeen(lead, id, '03T13:08')).levels).toEqual({ differ: false, stated: [] });
  expect(await move(french, 'assessLevel', id, '03T13:09', incidentOf('FR'))).toEqual(
    refusedAs('WRONG_STATE'),
  );
  expect(
    await move(french, 'assessLevelAgain', id, '03T13:09', { ...incidentOf('FR'), expectedVersion: 3 }),
  ).toEqual([]);
});

test('prompts the participants while several states call it an incident, and nobody says more', async () => {
  const id = await active();
  expect(await move(french, 'assessLevel', id, '03T13:00', incidentOf('FR'))).toEqual([]);
  expect((await levelsSeen(lead, id, '03T13:01')).prompt).toBeNull();
  expect(await move(polishAnalyst, 'assessLevel', id, '03T13:02', incidentOf('PL'))).toEqual([]);
  expect((await levelsSeen(lead, id, '03T13:03')).prompt).toEqual({
    memberStates: [{ id: 'MemberState:FR' }, { id: 'MemberState:PL' }],
    assessedBy: [{ id: 'Organisation:csirt-fr' }, { id: 'Organisation:csirt-pl' }],
    wouldTell: [
      'the single point of contact of FR',
      'the single point of contact of PL',
      'ENISA as the secretariat of the CSIRTs network',
    ],
  });
  expect((await levelsSeen(unionAnalyst, id, '03T13:04')).prompt).toBeNull();
});

test('keeps the levels from an organisation that left, was removed or stands outside', async () => {
  const id = await active();
  expect(await move(french, 'assessLevel', id, '03T13:00', incidentOf('FR'))).toEqual([]);
  await remove(id, 'csirt-fr', '03T13:1');
  expect(await levelsSeen(french, id, '03T13:20')).toEqual({ threads: [], levels: null, prompt: null });
  expect(await move(polish, 'leave', id, '03T13:21')).toEqual([]);
  const nothing = 'JointCaseRecord:00000000-0000-4000-8000-000000000000';
  for (const [name, input] of [
    ['assessLevel', incidentOf('PL')],
    ['assessLevel', incidentOf('FR')],
    ['withdrawLevel', { reason }],
  ] as const)
    for (const reader of [french, polishAnalyst, officer('csirt-pl', 'PL'), stranger]) {
      const by = { store, reader, now: at('03T13:22') };
      const errors = async (of: string) =>
        (await makeMove(by, 'JointCaseRecord', name, { ...input, id: of })).userErrors;
      expect(await errors(id)).toEqual(await errors(nothing));
    }
  expect((await levelsSeen(lead, id, '03T13:23')).threads).toHaveLength(1);
});
