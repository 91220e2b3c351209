import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import {
  asker,
  bookingsIn,
  at,
  desk,
  operator,
  personsOf,
  provider,
  refusedAs,
  telling,
  week,
} from './booking-of.ts';

/**
 * Bookings that follow their mobilisation: its start deploys, its end, cancellation or withdrawal frees. A rest and a time
 * away take a person in all teams.
 */

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const { change, team, sought, onMobilisation, find, unit, move, offer } = bookingsIn(() => store);
const person = personsOf();

test('frees what is offered and committed for a mobilisation that is withdrawn', async () => {
  const [one, two] = [person(), person()];
  const id = await team({ members: [one, two] });
  const mobilisation = await sought();
  expect(await offer(desk, id, '03T10:00', { unit: one.pseudonym, mobilisation })).toEqual([]);
  expect(await offer(desk, id, '03T10:00', { unit: two.pseudonym, mobilisation })).toEqual([]);
  expect(await move(provider, 'confirm', id, '03T10:10', { unit: two.pseudonym })).toEqual([]);
  await onMobilisation(asker, mobilisation, 4, '03T10:20', 'withdraw', { reason: 'EXERCISE: solved' });
  for (const { pseudonym } of [one, two]) {
    const { state, moves } = await unit(provider, id, '03T10:30', pseudonym);
    expect([state, moves.at(-1)]).toEqual(['AVAILABLE', expect.objectContaining({ move: 'free' })]);
    expect(await offer(desk, id, '03T11:00', { unit: pseudonym, mobilisation: await sought() })).toEqual([]);
  }
});

test('deploys who is committed with the start, and lets them rest with the end or the cancellation', async () => {
  for (const [end, input] of [
    ['end', { endedAt: '2026-11-03T12:00:00.000Z', data: 'DELETED' }],
    ['cancel', { reason: 'EXERCISE: solved' }],
  ] as const) {
    const [one, two, three] = [person(), person(), person()];
    const id = await team({ members: [one, two, three] });
    const mobilisation = await sought();
    for (const { pseudonym } of [one, two, three])
      expect(await offer(desk, id, '03T10:00', { unit: pseudonym, mobilisation })).toEqual([]);
    for (const { pseudonym } of [one, three])
      expect(await move(provider, 'confirm', id, '03T10:10', { unit: pseudonym })).toEqual([]);
    // The third person leaves the team before the start.
    const update = { id, expectedVersion: 1, content: { members: [one, two] } };
    expect((await change(operator, at('03T10:20'), 'updateResponseTeam', update)).userErrors).toEqual([]);
    await onMobilisation(provider, mobilisation, 4, '03T10:30', 'prepare', prepared);
    const states = async (time: string) =>
      (await find(provider, id, time))?.map(({ unit: name, state }) => [name, state]);
    await onMobilisation(asker, mobilisation, 5, '03T11:00', 'start', remoteStart);
    expect(await states('03T11:01')).toEqual([
      [one.pseudonym, 'DEPLOYED'],
      [two.pseudonym, 'OFFERED'],
      [three.pseudonym, 'COMMITTED'],
    ]);
    expect(await move(provider, 'confirm', id, '03T11:10', { unit: two.pseudonym })).toEqual(
      refusedAs('WRONG_STATE', telling('no team is sought')),
    );
    await onMobilisation(asker, mobilisation, 6, '03T12:00', end, input);
    expect(await states('03T12:01')).toEqual([
      [one.pseudonym, 'RECOVERING'],
      [two.pseudonym, 'AVAILABLE'],
      [three.pseudonym, 'AVAILABLE'],
    ]);
    // The rest of practice is 48 hours.
    expect(await unit(provider, id, '03T12:01', one.pseudonym)).toMatchObject({
      mobilisation: null,
      until: '2026-11-05T12:00:00.000Z',
    });
    // No other team offers the person before the end of the rest, until the provider takes the person back.
    const other = await team({ members: [one] });
    const of = { unit: one.pseudonym, mobilisation: await sought() };
    const tomorrow = { from: '2026-11-04T08:00:00.000Z', until: '2026-11-05T08:00:00.000Z' };
    expect(await offer(desk, other, '03T13:00', { ...of, ...tomorrow })).toEqual(
      refusedAs('WRONG_STATE', telling('free from 2026-11-05T12:00:00.000Z')),
    );
    expect(await move(provider, 'back', id, '03T13:10', { unit: one.pseudonym })).toEqual([]);
    expect(await offer(desk, other, '03T13:20', { ...of, ...tomorrow })).toEqual([]);
  }
});

test('takes a person from the start of the deployment, also before the start of the booking', async () => {
  const one = person();
  const [first, second] = [await team({ members: [one] }), await team({ members: [one] })];
  const mobilisation = await sought();
  expect(await offer(desk, first, '03T10:00', { unit: one.pseudonym, mobilisation })).toEqual([]);
  expect(await move(provider, 'confirm', first, '03T10:10', { unit: one.pseudonym })).toEqual([]);
  await onMobilisation(provider, mobilisation, 4, '03T10:30', 'prepare', prepared);
  await onMobilisation(asker, mobilisation, 5, '03T11:00', 'start', remoteStart);
  const of = { unit: one.pseudonym, mobilisation: await sought() };
  const tomorrow = { from: '2026-11-04T08:00:00.000Z', until: '2026-11-05T08:00:00.000Z' };
  expect(await offer(desk, second, '03T12:00', { ...of, ...tomorrow })).toEqual(
    refusedAs('WRONG_STATE', telling(`free from ${week.until}`)),
  );
});

test('deploys a person once who is committed through two teams for one mobilisation', async () => {
  const one = person();
  const [first, second] = [await team({ members: [one] }), await team({ members: [one] })];
  const of = { unit: one.pseudonym, mobilisation: await sought() };
  const tomorrow = { from: '2026-11-04T08:00:00.000Z', until: '2026-11-05T08:00:00.000Z' };
  expect(await offer(desk, first, '03T10:00', { ...of, ...tomorrow })).toEqual([]);
  expect(await offer(desk, second, '03T10:00', of)).toEqual([]);
  for (const id of [first, second])
    expect(await move(provider, 'confirm', id, '03T10:10', { unit: one.pseudonym })).toEqual([]);
  await onMobilisation(provider, of.mobilisation, 4, '03T10:30', 'prepare', prepared);
  await onMobilisation(asker, of.mobilisation, 5, '03T11:00', 'start', remoteStart);
  const states = [];
  for (const id of [first, second]) states.push((await unit(provider, id, '03T11:01', one.pseudonym)).state);
  expect(states).toEqual(['DEPLOYED', 'COMMITTED']);
});

test('knows no end of a deployment that goes on beyond its time', async () => {
  const one = person();
  const [first, second] = [await team({ members: [one] }), await team({ members: [one] })];
  const mobilisation = await sought();
  const short = { from: '2026-11-03T10:00:00.000Z', until: '2026-11-03T12:00:00.000Z' };
  expect(await offer(desk, first, '03T10:00', { ...short, unit: one.pseudonym, mobilisation })).toEqual([]);
  expect(await move(provider, 'confirm', first, '03T10:10', { unit: one.pseudonym })).toEqual([]);
  const of = { unit: one.pseudonym, mobilisation: await sought() };
  expect(await offer(desk, second, '03T10:20', of)).toEqual([]);
  expect(await move(provider, 'confirm', second, '03T10:25', { unit: one.pseudonym })).toEqual([]);
  for (const started of [mobilisation, of.mobilisation]) {
    await onMobilisation(provider, started, 4, '03T10:30', 'prepare', prepared);
    await onMobilisation(asker, started, 5, '03T11:00', 'start', remoteStart);
  }
  // The person is with the first team: the second start does not deploy the same person again.
  expect((await unit(provider, first, '03T13:00', one.pseudonym)).state).toBe('DEPLOYED');
  expect((await unit(provider, second, '03T13:00', one.pseudonym)).state).toBe('COMMITTED');
  expect(
    await move(desk, 'release', second, '03T13:10', { unit: one.pseudonym, reason: 'EXERCISE' }),
  ).toEqual([]);
  expect(await offer(desk, second, '03T13:20', { ...of, mobilisation: await sought() })).toEqual(
    refusedAs('WRONG_STATE', telling('the end is not known yet')),
  );
});

test('offers nobody through another team who is away', async () => {
  const one = person();
  const [first, second] = [await team({ members: [one] }), await team({ members: [one] })];
  const of = { unit: one.pseudonym, mobilisation: await sought() };
  const away = async (time: string, input: object = {}) =>
    await move(provider, 'away', first, time, { unit: one.pseudonym, ...input });
  const until = '2026-11-12T08:00:00.000Z';
  expect(await away('03T10:00', { until })).toEqual([]);
  expect(await offer(desk, second, '03T10:10', of)).toEqual(
    refusedAs('WRONG_STATE', telling(`free from ${until}`)),
  );
  expect(await move(provider, 'back', first, '03T10:20', { unit: one.pseudonym })).toEqual([]);
  expect(await away('03T10:30')).toEqual([]);
  expect(await offer(desk, second, '03T10:40', of)).toEqual(
    refusedAs('WRONG_STATE', telling('the end is not known yet')),
  );
  // The provider takes the person back, although the team no longer names the person.
  const update = { id: first, expectedVersion: 1, content: { members: [person()] } };
  expect((await change(operator, at('03T10:50'), 'updateResponseTeam', update)).userErrors).toEqual([]);
  expect((await unit(provider, first, '03T11:00', one.pseudonym)).possibleMoves).toEqual([
    'backResponseTeam',
  ]);
  expect(await move(provider, 'back', first, '03T11:00', { unit: one.pseudonym })).toEqual([]);
  expect(await offer(desk, second, '03T11:10', of)).toEqual([]);
});

test('lets the provider set a person away who is booked through another team', async () => {
  const one = person();
  const [first, second] = [await team({ members: [one] }), await team({ members: [one] })];
  const of = { unit: one.pseudonym, mobilisation: await sought() };
  expect(await offer(desk, first, '03T10:00', of)).toEqual([]);
  expect(await move(provider, 'away', second, '03T10:10', { unit: one.pseudonym })).toEqual([]);
  expect((await unit(provider, first, '03T10:20', one.pseudonym)).state).toBe('OFFERED');
});

const remoteStart = { mode: 'REMOTE_START', access: ['EXERCISE vpn'] };

const prepared = {
  agreement: 'EXERCISE agreement 7',
  hostConsent: 'EXERCISE: given',
  contact: 'EXERCISE desk',
  checked: true,
};
