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
} from './booking-of.ts';

/** Bookings that follow their mobilisation: its start deploys, its end, cancellation or withdrawal frees. */

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
    const start = { mode: 'REMOTE_START', access: ['EXERCISE vpn'] };
    await onMobilisation(asker, mobilisation, 5, '03T11:00', 'start', start);
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
    const other = await team({ members: [one] });
    expect(
      await offer(desk, other, '03T13:00', { unit: one.pseudonym, mobilisation: await sought() }),
    ).toEqual([]);
  }
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
  const start = { mode: 'REMOTE_START', access: ['EXERCISE vpn'] };
  for (const started of [mobilisation, of.mobilisation]) {
    await onMobilisation(provider, started, 4, '03T10:30', 'prepare', prepared);
    await onMobilisation(asker, started, 5, '03T11:00', 'start', start);
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

const prepared = {
  agreement: 'EXERCISE agreement 7',
  hostConsent: 'EXERCISE: given',
  contact: 'EXERCISE desk',
  checked: true,
};
