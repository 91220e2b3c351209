import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import { type CommunityStore, openStore } from '../../../subgraphs/serve/store/store.ts';
import { bookingsIn as storedBookings } from '../../../subgraphs/serve/workflow/kinds/bookings.ts';
import { movesIn, progressIn } from '../../../subgraphs/serve/workflow/progress-store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { at, bookingsIn, desk, expert, otherDesk, provider, week } from './booking-of.ts';
import { race, racersOr } from '../../helpers/race.ts';
import { makeMove, type Payload } from './moves-of.ts';

/** Many desks that offer one expert at once, through two connections to the store, as two processes have. */

let own: OwnStore;
let stores: readonly CommunityStore[];
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  const second = openStore(own.uri, community.kinds, (error) => {
    throw error;
  });
  await second.connection.asPromise();
  stores = [own.store, second];
});
afterAll(async () => {
  await stores[1]?.connection.close();
  await own.stop();
});

const racers = racersOr(40);
const { team, sought, move } = bookingsIn(() => own.store);

async function make(racer: number, name: string, by: Reader, input: object): Promise<Payload> {
  const store = stores[racer % stores.length] ?? own.store;
  const reader = { ...by, subject: `${by.subject}-${racer}` };
  return await makeMove({ store, reader, now: at('03T10:00') }, 'ResponseTeam', name, {
    key: `${name}-${racer}`,
    unit: expert.pseudonym,
    ...input,
  });
}

const isMade = ({ userErrors }: Payload): boolean => userErrors.length === 0;

test('lets one of many offers of an expert in two teams stand, through two connections', async () => {
  const teams = [await team(), await team()];
  // Each desk has its mobilisation, so that only the expert is common to them.
  const offers = [
    { by: desk, mobilisation: await sought() },
    { by: otherDesk, mobilisation: await sought({}, otherDesk) },
  ];
  const results = await race(racers, async (racer) => {
    // Each desk offers from both teams through both processes.
    const { by = desk, mobilisation } = offers[(racer >> 2) % 2] ?? {};
    const input = { id: teams[(racer >> 1) % 2], mobilisation, ...week, reasons: 'EXERCISE' };
    return await make(racer, 'offer', by, { expectedVersion: 0, ...input });
  });
  expect(results.filter(isMade)).toHaveLength(1);
  // In the team of the offer that stands, the unit has another version. In the other one, the expert is taken.
  const why = new Set(results.flatMap(({ userErrors }) => userErrors.map(({ message }) => message)));
  const [stale, isTaken] = ['the record was changed since', `free from ${week.until}`];
  const others = [...why].filter((message) => !message.includes(stale) && !message.includes(isTaken));
  expect(others).toEqual([]);
  const taken = await storedBookings(own.store).find().toArray();
  expect(taken.flatMap((booking) => booking.taken)).toHaveLength(1);
  const offered = await progressIn(own.store).find({ workflow: 'booking' }).toArray();
  expect(offered.map(({ progress }) => progress.state)).toEqual(['offered']);
  expect(await movesIn(own.store).countDocuments({ workflow: 'booking' })).toBe(1);

  const booked = offered[0]?.record ?? '';
  const confirmed = await race(
    racers,
    async (racer) => await make(racer, 'confirm', provider, { id: booked, expectedVersion: 1 }),
  );
  expect(confirmed.filter(isMade)).toHaveLength(1);
  expect(await movesIn(own.store).countDocuments({ workflow: 'booking', move: 'confirm' })).toBe(1);

  // Freed once, the expert can be offered in the other team.
  const release = { reason: 'EXERCISE', expectedVersion: 2 };
  expect(await move(provider, 'release', booked, '03T11:00', release)).toEqual([]);
  const other = teams.find((id) => id !== booked) ?? '';
  const again = { mobilisation: offers[0]?.mobilisation, ...week, reasons: 'EXERCISE' };
  expect(await move(desk, 'offer', other, '03T11:10', again)).toEqual([]);
});
