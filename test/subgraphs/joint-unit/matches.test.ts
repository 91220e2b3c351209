import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { askAt } from './moves-of.ts';
import { asker, at, bookingsIn, desk, expert, otherDesk, provider, reader, week } from './booking-of.ts';

/** The persons and units that the desk of a mobilisation can offer. */

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const { team, requested, sought, move, offer } = bookingsIn(() => store);

type Match = {
  readonly team: { readonly id: string } | null;
  readonly unit: string;
  readonly reasons: readonly string[];
};

async function matchesOf(by: Reader, id: string, period: object = week): Promise<readonly Match[] | null> {
  const query = `query Q($id: ID!, $from: DateTime!, $until: DateTime!) {
    mobilisation(id: $id) { matches(from: $from, until: $until) { team { id } unit reasons } }
  }`;
  const on = { store, reader: by, now: at('03T12:00') };
  const found = await askAt<{ readonly matches: readonly Match[] | null } | null>(on, query, {
    id,
    ...period,
  });
  return found?.matches ?? null;
}

const needs = { profilesNeeded: ['forensics', 'ot-ics'], languagesNeeded: ['fr'], clearanceNeeded: 'secret' };
const cleared = {
  ...expert,
  clearance: 'secret',
  clearanceUntil: '2027-10-01T08:00:00.000Z',
  briefedAt: '2026-10-01T08:00:00.000Z',
};
const named = (pseudonym: string, more: object = {}) => ({ ...cleared, pseudonym, ...more });

test('lists who fits with the reasons, and nobody who does not', async () => {
  const id = await team({
    members: [
      named('EX-FITS'),
      named('EX-ON-CALL'),
      named('EX-AWAY'),
      named('EX-TAKEN'),
      named('EX-MALWARE', { profile: 'malware' }),
      named('EX-POLISH', { languages: ['pl'] }),
      named('EX-UNCLEARED', { clearance: null }),
    ],
    serviceUnits: [{ name: 'EX-SHIFT', profile: 'ot-ics', languages: ['fr-BE'] }],
  });
  await team({ kind: 'MUTUAL_ASSISTANCE', members: [named('EX-OTHER')] });
  const other = await team({ members: [named('EX-TAKEN')] });
  const onCall = { unit: 'EX-ON-CALL', ...week, noticeHours: 48 };
  expect(await move(provider, 'onCall', id, '03T10:00', onCall)).toEqual([]);
  expect(await move(provider, 'away', id, '03T10:00', { unit: 'EX-AWAY' })).toEqual([]);
  const taken = { unit: 'EX-TAKEN', mobilisation: await sought({}, otherDesk) };
  expect(await offer(otherDesk, other, '03T10:00', taken)).toEqual([]);
  const mobilisation = await sought(needs);
  const free = `free from ${week.from} until ${week.until}`;
  const person = ['profile forensics', 'language fr', 'clearance secret'];
  expect(await matchesOf(desk, mobilisation)).toEqual([
    { team: { id }, unit: 'EX-FITS', reasons: [...person, free] },
    { team: { id }, unit: 'EX-ON-CALL', reasons: [...person, 'on call, notice of 48 hours', free] },
    { team: { id }, unit: 'EX-SHIFT', reasons: ['profile ot-ics', 'language fr', free] },
  ]);
  // The notice is too short for tomorrow, and the person who is taken is free after the booking.
  const tomorrow = { from: '2026-11-04T08:00:00.000Z', until: '2026-11-05T08:00:00.000Z' };
  expect((await matchesOf(desk, mobilisation, tomorrow))?.map(({ unit }) => unit)).toEqual([
    'EX-FITS',
    'EX-TAKEN',
    'EX-SHIFT',
  ]);
  // After the time on call, the person is available without it.
  const later = { from: week.until, until: '2026-11-18T08:00:00.000Z' };
  const onCallLater = (await matchesOf(desk, mobilisation, later))?.find(({ unit }) => unit === 'EX-ON-CALL');
  expect(onCallLater?.reasons).toEqual([...person, `free from ${later.from} until ${later.until}`]);
  for (const { unit } of (await matchesOf(desk, mobilisation)) ?? [])
    expect(await offer(desk, id, '03T12:00', { unit, mobilisation })).toEqual([]);
  expect(await matchesOf(desk, mobilisation)).toEqual([]);
});

test('shows matches to the desk only, and only while a team is sought', async () => {
  await team({ members: [named('EX-ONE')] });
  const mobilisation = await sought();
  expect(await matchesOf(desk, mobilisation)).not.toBeNull();
  for (const other of [asker, provider, otherDesk, reader])
    expect(await matchesOf(other, mobilisation)).toBeNull();
  expect(await matchesOf({ ...desk, roles: ['press-officer'] }, mobilisation)).toEqual([]);
  expect(await matchesOf(desk, await requested())).toBeNull();
});

test('names no unit of a team that the desk may not read, and none of a list that is hidden', async () => {
  const organisations = ['csirt-de', 'joint-unit'];
  const kept = { marking: { tlp: 'AMBER_STRICT' }, audience: { reach: 'NAMED', organisations } };
  await team({ members: [named('EX-HIDDEN-TEAM')] }, { reading: kept });
  await team(
    { members: [named('EX-HIDDEN-LIST')] },
    {
      reading: {
        marking: { tlp: 'AMBER' },
        audience: { reach: 'NAMED', organisations: [...organisations, 'csirt-nl'] },
        portions: [{ path: 'members', ...kept }],
      },
    },
  );
  const matches = await matchesOf(desk, await sought());
  expect(matches?.filter(({ unit }) => unit.startsWith('EX-HIDDEN'))).toEqual([]);
});

test('names nobody whose offer would be refused for the team', async () => {
  const entered = await team({ members: [named('EX-ENTERED-BY-OTHER')] });
  await store.records
    .get('ResponseTeam')
    ?.collection.updateOne({ _id: entered as never }, { $set: { 'envelope.originator': 'csirt-pl' } });
  const twice = await team({ members: [named('EX-TWICE'), named('EX-TWICE')] });
  const mobilisation = await sought();
  const names = (await matchesOf(desk, mobilisation))?.map(({ unit }) => unit);
  for (const [id, unit] of [
    [entered, 'EX-ENTERED-BY-OTHER'],
    [twice, 'EX-TWICE'],
  ] as const) {
    expect(names).not.toContain(unit);
    expect(await offer(desk, id, '03T12:00', { unit, mobilisation })).not.toEqual([]);
  }
});

test('refuses a period that ends before it begins', async () => {
  const backwards = { from: week.until, until: week.from };
  await expect(matchesOf(desk, await sought(), backwards)).rejects.toThrow(
    `until: expected a time after ${week.until}, got ${week.from}`,
  );
});

test('refuses to examine the teams more than five times in one request', async () => {
  const id = await sought();
  const fields = Array.from(
    { length: 6 },
    (_none, nth) => `m${nth}: matches(from: "${week.from}", until: "${week.until}") { unit }`,
  );
  const query = `query Q($id: ID!) { mobilisation(id: $id) { ${fields.join(' ')} } }`;
  await expect(askAt({ store, reader: desk, now: at('03T12:00') }, query, { id })).rejects.toThrow(
    'expected matches 5 times at most',
  );
});
