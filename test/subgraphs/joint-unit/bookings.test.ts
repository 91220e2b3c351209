import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { workflowRulesOf } from '../../../subgraphs/serve/workflow/rules.ts';
import { fireDue } from '../../../subgraphs/serve/workflow/run-timers.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import {
  at,
  bookingsIn,
  desk,
  operator,
  otherDesk,
  personsOf,
  provider,
  reader,
  refusedAs,
  telling,
  week,
} from './booking-of.ts';

/** Bookings of the members and the service units of teams. */

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const { change, team, requested, sought, find, unit, move, offer } = bookingsIn(() => store);

const onCall = { ...week, noticeHours: 24 };
const person = personsOf();

test('shows each member and each service unit as available before any move', async () => {
  const id = await team({ serviceUnits: [{ name: 'EX-SHIFT', profile: 'forensics' }] });
  const shown = (await find(reader, id, '03T10:00'))?.map(({ unit: name, state, version }) => [
    name,
    state,
    version,
  ]);
  expect(shown).toEqual([
    ['EX-M1', 'AVAILABLE', 0],
    ['EX-SHIFT', 'AVAILABLE', 0],
  ]);
  expect((await unit(provider, id, '03T10:00')).possibleMoves).toEqual([
    'onCallResponseTeam',
    'awayResponseTeam',
  ]);
  expect((await unit(reader, id, '03T10:00')).possibleMoves).toEqual([]);
});

test('lets the provider set a person on call and away, and nobody else', async () => {
  const id = await team();
  for (const other of [reader, desk, operator])
    expect(await move(other, 'onCall', id, '03T10:00', onCall)).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await move(provider, 'onCall', id, '03T10:00', { ...onCall, noticeHours: -1 })).toEqual(
    refusedAs('INVALID', { path: ['noticeHours'] }),
  );
  expect(await move(provider, 'onCall', id, '03T10:00', onCall)).toEqual([]);
  expect((await unit(reader, id, '03T10:01')).state).toBe('ON_CALL');
  expect(await move(provider, 'offCall', id, '03T11:00')).toEqual([]);
  expect(await move(provider, 'away', id, '03T12:00', { until: week.from })).toEqual([]);
  expect(await unit(provider, id, '03T12:01')).toMatchObject({ state: 'UNAVAILABLE', until: week.from });
  expect(await move(provider, 'back', id, '03T13:00')).toEqual([]);
  expect(await unit(provider, id, '03T13:01')).toMatchObject({ state: 'AVAILABLE', until: null });
});

test('lets the desk of a mobilisation offer a person, and the provider confirm', async () => {
  const one = person();
  const id = await team({ members: [one] });
  const mobilisation = await sought();
  const of = { unit: one.pseudonym, mobilisation };
  expect(await offer(provider, id, '03T10:00', of)).toEqual(refusedAs('NOT_ALLOWED', telling('desk')));
  expect(await offer(otherDesk, id, '03T10:00', of)).toEqual(refusedAs('NOT_ALLOWED', telling('desk')));
  expect(await offer(desk, id, '03T10:00', of)).toEqual([]);
  expect(await unit(provider, id, '03T10:01', one.pseudonym)).toMatchObject({
    state: 'OFFERED',
    mobilisation,
    desk: 'csirt-nl',
    ...week,
    possibleMoves: ['confirmResponseTeam', 'refuseResponseTeam', 'releaseResponseTeam'],
  });
  expect(await move(desk, 'confirm', id, '03T11:00', { unit: one.pseudonym })).toEqual(
    refusedAs('NOT_ALLOWED'),
  );
  expect(await move(provider, 'confirm', id, '03T11:00', { unit: one.pseudonym })).toEqual([]);
  expect((await unit(reader, id, '03T11:01', one.pseudonym)).state).toBe('COMMITTED');
});

test('shows the mobilisation, the desk and the moves to both sides only', async () => {
  const one = person();
  const id = await team({ members: [one] });
  const mobilisation = await sought();
  expect(await offer(desk, id, '03T10:00', { unit: one.pseudonym, mobilisation })).toEqual([]);
  expect(await unit(reader, id, '03T10:01', one.pseudonym)).toMatchObject({
    state: 'OFFERED',
    mobilisation: null,
    desk: null,
    from: null,
    until: null,
    moves: [],
  });
  const refuse = { unit: one.pseudonym, reason: 'EXERCISE: ill' };
  expect(await move(provider, 'refuse', id, '03T11:00', refuse)).toEqual([]);
  expect((await unit(desk, id, '03T11:01', one.pseudonym)).moves.map((made) => made.move)).toEqual([
    'offer',
    'refuse',
  ]);
  // The next desk learns nothing of the offers before its own.
  const others = await sought({}, otherDesk);
  expect(await offer(otherDesk, id, '03T12:00', { unit: one.pseudonym, mobilisation: others })).toEqual([]);
  expect((await unit(otherDesk, id, '03T12:01', one.pseudonym)).moves).toHaveLength(1);
  expect(await unit(desk, id, '03T12:01', one.pseudonym)).toMatchObject({ mobilisation: null, moves: [] });
  expect((await unit(provider, id, '03T12:01', one.pseudonym)).moves).toHaveLength(3);
});

test('ends an offer after four hours, and tells the desk', async () => {
  const one = person();
  const id = await team({ members: [one] });
  const of = { unit: one.pseudonym, mobilisation: await sought() };
  expect(await offer(desk, id, '03T10:00', of)).toEqual([]);
  expect(await move(provider, 'confirm', id, '03T14:00', { unit: one.pseudonym })).toEqual(
    refusedAs('WRONG_STATE'),
  );
  await fireDue(store, workflowRulesOf('joint-unit'), at('03T14:00'), { error: () => undefined });
  expect(await unit(desk, id, '03T14:01', one.pseudonym)).toMatchObject({
    state: 'AVAILABLE',
    mobilisation: null,
    from: null,
  });
  const told = await store.connection.collection('notices').find({ record: id, name: 'lapse' }).toArray();
  expect(told.map(({ party }) => String(party)).toSorted()).toEqual(['csirt-de', 'csirt-nl']);
  expect(await offer(desk, id, '03T15:00', of)).toEqual([]);
});

test('refuses a time in which the person is taken in another team, and says only from when the person is free', async () => {
  const one = person();
  const first = await team({ members: [one] });
  const second = await team({ members: [{ ...one, pseudonym: ` ${one.pseudonym.toLowerCase()}` }] });
  expect(await offer(desk, first, '03T10:00', { unit: one.pseudonym, mobilisation: await sought() })).toEqual(
    [],
  );
  const of = { unit: ` ${one.pseudonym.toLowerCase()}`, mobilisation: await sought({}, otherDesk) };
  expect(await offer(otherDesk, second, '03T11:00', of)).toEqual([
    {
      code: 'WRONG_STATE',
      path: ['from'],
      message: `the person or unit is taken in that time: free from ${week.until}`,
    },
  ]);
  expect(await unit(otherDesk, second, '03T11:01', of.unit)).toMatchObject({
    state: 'AVAILABLE',
    version: 0,
  });
  // The end is no part of the time: the next booking begins at that instant.
  const next = { from: week.until, until: '2026-11-20T08:00:00.000Z' };
  expect(await offer(otherDesk, second, '03T12:00', { ...of, ...next })).toEqual([]);
});

test('frees the person when the offer is refused or released', async () => {
  const one = person();
  const [first, second] = [await team({ members: [one] }), await team({ members: [one] })];
  const of = { unit: one.pseudonym, mobilisation: await sought() };
  for (const [by, end] of [
    [provider, 'refuse'],
    [desk, 'release'],
    [provider, 'release'],
  ] as const) {
    expect(await offer(desk, first, '03T10:00', of)).toEqual([]);
    expect(await offer(desk, second, '03T10:00', of)).toEqual(refusedAs('WRONG_STATE', telling('free from')));
    const input = { unit: one.pseudonym, reason: 'EXERCISE' };
    expect(await move(by, end, first, '03T10:30', input)).toEqual([]);
  }
  expect(await offer(desk, second, '03T11:00', of)).toEqual([]);
});

test('books persons of two providers under one pseudonym independently', async () => {
  const one = person();
  const [first, second] = [
    await team({ members: [one] }),
    await team({ members: [one], provider: 'csirt-be' }),
  ];
  const of = { unit: one.pseudonym, mobilisation: await sought() };
  expect(await offer(desk, first, '03T10:00', of)).toEqual([]);
  expect(await offer(desk, second, '03T10:00', of)).toEqual([]);
});

test('answers the same for a mobilisation that is hidden, that seeks no team, and that does not exist', async () => {
  const id = await team({ members: [person({ pseudonym: 'EX-HIDDEN' })] });
  const hidden = await sought({}, otherDesk, ['csirt-fr', 'csirt-be', 'csirt-de']);
  const undecided = await requested();
  const nothing = 'Mobilisation:00000000-0000-4000-8000-000000000000';
  const answers = [];
  for (const mobilisation of [hidden, undecided, nothing])
    answers.push(await offer(desk, id, '03T10:00', { unit: 'EX-HIDDEN', mobilisation }));
  expect(answers[0]).toEqual(refusedAs('INVALID', { path: ['mobilisation'] }));
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
});

test('refuses a person who lacks what the mobilisation needs, and names it', async () => {
  const cases: readonly [object, object, string, object?][] = [
    [{ profilesNeeded: ['ot-ics'] }, {}, 'expected the profile ot-ics, got forensics'],
    [{ languagesNeeded: ['pl', 'de'] }, {}, 'expected the language pl or de, got fr, en'],
    [
      { clearanceNeeded: 'confidential' },
      { clearance: 'restricted' },
      'expected a clearance of at least confidential',
    ],
    [
      { clearanceNeeded: 'confidential' },
      { clearance: 'secret', clearanceUntil: '2026-11-12T00:00:00.000Z' },
      'the clearance ends before the end of the booking, at 2026-11-12T00:00:00.000Z',
    ],
    [
      { clearanceNeeded: 'secret' },
      { clearance: 'secret', clearanceUntil: week.until },
      'expected a security briefing',
    ],
    [{}, { dutyTo: '2026-11-15T00:00:00.000Z' }, 'the duty of the person ends at 2026-11-15T00:00:00.000Z'],
    [
      { affectedEntity: 'EXERCISE Bank' },
      {},
      'conflict of interest',
      { conflictOfInterest: ['audits exercise bank'] },
    ],
    [{}, {}, 'conflict of interest', { conflictOfInterest: ['contract with csirt-fr until 2027'] }],
  ];
  for (const [needs, has, message, ofTeam = {}] of cases) {
    const one = person(has);
    const id = await team({ members: [one], ...ofTeam });
    const of = { unit: one.pseudonym, mobilisation: await sought(needs) };
    expect(await offer(desk, id, '03T10:00', of)).toEqual(refusedAs('INVALID', telling(message)));
  }
});

test('refuses an offer without the notice of a person on call, and one for a time that is over', async () => {
  const one = person();
  const id = await team({ members: [one] });
  const of = { unit: one.pseudonym, mobilisation: await sought() };
  expect(await move(provider, 'onCall', id, '03T10:00', { ...onCall, unit: one.pseudonym })).toEqual([]);
  const soon = { from: '2026-11-04T08:00:00.000Z', until: week.until };
  expect(await offer(desk, id, '03T11:00', { ...of, ...soon })).toEqual(
    refusedAs('INVALID', telling('2026-11-04T11:00:00.000Z at the earliest')),
  );
  const over = { from: '2026-11-01T08:00:00.000Z', until: '2026-11-02T08:00:00.000Z' };
  expect(await move(provider, 'offCall', id, '03T11:30', { unit: one.pseudonym })).toEqual([]);
  expect(await offer(desk, id, '03T12:00', { ...of, ...over })).toEqual(
    refusedAs('INVALID', { path: ['until'] }),
  );
});

test('counts the notice from the entry of an offer that is entered late', async () => {
  const one = person();
  const id = await team({ members: [one] });
  const of = { unit: one.pseudonym, mobilisation: await sought() };
  expect(await move(provider, 'onCall', id, '03T10:00', { ...onCall, unit: one.pseudonym })).toEqual([]);
  const late = { happenedAt: '2026-11-03T11:00:00.000Z', late: { reason: 'EXERCISE', channel: 'EXERCISE' } };
  const soon = { from: '2026-11-04T12:00:00.000Z', until: week.until };
  expect(await offer(desk, id, '03T14:00', { ...of, ...soon, ...late })).toEqual(
    refusedAs('INVALID', telling('2026-11-04T14:00:00.000Z at the earliest')),
  );
});

test('refuses the members of a team whose provider another organisation stated', async () => {
  const one = person();
  const id = await team({ members: [one] });
  const records = store.records.get('ResponseTeam');
  await records?.collection.updateOne(
    { _id: id as never },
    { $set: { 'envelope.originator': 'csirt-pl', 'envelope.provider': 'csirt-pl' } },
  );
  const of = { unit: one.pseudonym, mobilisation: await sought() };
  expect(await offer(desk, id, '03T10:00', of)).toEqual(
    refusedAs('WRONG_STATE', telling('its provider or the custodian entered')),
  );
});

test('keeps the provider of a team, and frees nobody by a change of the members', async () => {
  const one = person();
  const id = await team({ members: [one] });
  const of = { unit: one.pseudonym, mobilisation: await sought() };
  expect(await offer(desk, id, '03T10:00', of)).toEqual([]);
  const update = async (content: object) =>
    (await change(operator, at('03T10:10'), 'updateResponseTeam', { id, expectedVersion: 1, content }))
      .userErrors;
  expect(await update({ provider: 'csirt-be' })).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await update({ members: [person()] })).toEqual([]);
  // A unit that was taken out can only be released, and only both sides still see it.
  expect((await find(reader, id, '03T10:20'))?.some((shown) => shown.unit === one.pseudonym)).toBe(false);
  expect(await unit(provider, id, '03T10:20', one.pseudonym)).toMatchObject({
    state: 'OFFERED',
    possibleMoves: ['releaseResponseTeam'],
  });
  expect(await move(provider, 'confirm', id, '03T10:20', { unit: one.pseudonym })).toEqual(
    refusedAs('WRONG_STATE', telling('only be released')),
  );
  const other = await team({ members: [one] });
  expect(await offer(desk, other, '03T10:25', of)).toEqual(refusedAs('WRONG_STATE', telling('free from')));
  const release = { unit: one.pseudonym, reason: 'EXERCISE' };
  expect(await move(desk, 'release', id, '03T10:30', release)).toEqual([]);
  expect(await move(desk, 'offer', id, '03T10:40', { ...of, ...week, reasons: 'EXERCISE' })).toEqual(
    refusedAs('WRONG_STATE', telling('only be released')),
  );
});

test('answers for a name that the team does not have as for a unit that it no longer names', async () => {
  const one = person();
  const id = await team({ members: [one] });
  expect(await move(provider, 'away', id, '03T10:00', { unit: one.pseudonym })).toEqual([]);
  const input = { id, expectedVersion: 1, content: { members: [person()] } };
  expect((await change(operator, at('03T10:10'), 'updateResponseTeam', input)).userErrors).toEqual([]);
  // The version tells nothing either.
  for (const expectedVersion of [1, 7]) {
    const release = { reason: 'EXERCISE', expectedVersion };
    const removed = await move(reader, 'release', id, '03T10:20', { ...release, unit: one.pseudonym });
    const unknown = await move(reader, 'release', id, '03T10:20', { ...release, unit: 'EX-NOBODY' });
    expect(removed).toEqual(refusedAs('INVALID', { path: ['unit'] }));
    expect(removed).toEqual(unknown);
  }
});

test('takes a limited number of moves of one organisation on one unit, in thirty days', async () => {
  const one = person();
  const id = await team({ members: [one] });
  const of = { unit: one.pseudonym };
  const rounds = Array.from({ length: 48 }, () => ['back', 'away']).flat();
  expect(await move(provider, 'onCall', id, '03T10:00', { ...of, ...onCall })).toEqual([]);
  for (const name of ['away', ...rounds, 'back', 'away'])
    expect(await move(provider, name, id, '03T10:00', of)).toEqual([]);
  // A move that frees the unit stays possible.
  expect(await move(provider, 'back', id, '03T10:05', of)).toEqual([]);
  expect(await move(provider, 'away', id, '03T10:10', of)).toEqual(refusedAs('CLOSED'));
  expect(await offer(desk, id, '03T10:20', { ...of, mobilisation: await sought() })).toEqual([]);
});

test('shows no unit of a list that is hidden, and takes no move of one', async () => {
  const one = person();
  const id = await team(
    { members: [one] },
    {
      reading: {
        marking: { tlp: 'AMBER' },
        audience: { reach: 'NAMED', organisations: ['csirt-de', 'csirt-nl', 'csirt-pl', 'joint-unit'] },
        portions: [
          {
            path: 'members',
            marking: { tlp: 'AMBER_STRICT' },
            audience: { reach: 'NAMED', organisations: ['csirt-de', 'joint-unit'] },
          },
        ],
      },
    },
  );
  expect(await move(provider, 'away', id, '03T10:00', { unit: one.pseudonym })).toEqual([]);
  expect(await move(provider, 'back', id, '03T10:10', { unit: one.pseudonym })).toEqual([]);
  expect(await find(desk, id, '03T10:20')).toEqual([]);
  const mobilisation = await sought();
  const guess = async (name: string) => await offer(desk, id, '03T10:30', { unit: name, mobilisation });
  expect(await guess(one.pseudonym)).toEqual(refusedAs('INVALID', { path: ['unit'] }));
  expect(await guess(one.pseudonym)).toEqual(await guess('EX-NOBODY'));
});
