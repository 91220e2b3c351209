import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import { bookingsIn } from '../../../subgraphs/serve/workflow/kinds/bookings.ts';
import { noticesIn } from '../../../subgraphs/serve/workflow/notices.ts';
import { movesIn, progressIn } from '../../../subgraphs/serve/workflow/progress-store.ts';
import { compareTurns, type Turns } from '../../bench/moves/compare-turns.ts';
import { requestContent } from '../../helpers/information-request.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { readerOf } from '../../helpers/records.ts';
import { makeMove } from './moves-of.ts';

/** The soak of moves compares turns of a workflow. It must find what a kill could break. */

let own: OwnStore;
beforeAll(async () => (own = await openOwnStore('joint-unit', community.kinds)));
afterAll(async () => await own.stop());

const now = new Date('2026-11-03T10:00:00Z');
const asker = readerOf({ organisation: 'csirt-fr', roles: ['csirt-analyst'] });
const addressee = readerOf({ organisation: 'csirt-de', roles: ['csirt-analyst'] });

/** Returns a request that was sent and received, with the keys of both moves. */
async function turn(): Promise<{ readonly id: string; readonly keys: readonly string[] }> {
  const keys = [randomUUID(), randomUUID()];
  const input = { content: requestContent(), addressees: ['csirt-de'], key: keys[0] };
  const sent = await makeMove({ store: own.store, reader: asker, now }, 'InformationRequest', 'send', input);
  const id = sent.record?.id ?? '';
  const ack = { id, key: keys[1] };
  const at = { store: own.store, reader: addressee, now };
  expect((await makeMove(at, 'InformationRequest', 'ack', ack)).userErrors).toEqual([]);
  return { id, keys };
}

/** Compares two turns, of which the second was damaged. */
async function compared(damage: (id: string) => Promise<unknown>) {
  const both = [await turn(), await turn()] as const;
  await damage(both[1].id);
  const turns: Turns = {
    whole: both.map(({ id }, at) => ({ script: 'requests', turn: { records: [id], name: `T${at}` } })),
    acknowledged: both.flatMap(({ keys }) => keys.map((key) => ({ key }))),
  };
  const db = own.store.connection.db;
  if (db === undefined) throw new Error('expected an open store');
  return await compareTurns(db, turns);
}

const whole = { lost: 0, differing: [], gaps: [], bookedTwice: [] };
const some = [expect.any(String)];

test('finds no fault in turns that were made alike', async () => {
  expect(await compared(async () => await Promise.resolve())).toEqual(whole);
});

test.each<[string, (id: string) => Promise<unknown>, object]>([
  [
    'a notice that is missing',
    async (record) => await noticesIn(own.store).deleteOne({ record, name: 'ack' }),
    { differing: some },
  ],
  [
    'an acknowledged move that is missing',
    async (record) => await movesIn(own.store).deleteOne({ record, move: 'ack' }),
    { lost: 1, differing: some },
  ],
  [
    'a move that was made twice',
    async (record) => {
      const { _id, ...made } = (await movesIn(own.store).findOne({ record, move: 'ack' })) ?? {};
      await movesIn(own.store).insertOne(made as never);
    },
    { differing: some, gaps: some },
  ],
  [
    'a thread that does not stand where its history leads',
    async (record) =>
      await progressIn(own.store).updateOne(
        { record, organisation: 'csirt-de' },
        { $set: { 'progress.state': 'sent' } },
      ),
    { differing: [expect.any(String), expect.any(String)] },
  ],
  [
    'a turn of which nothing is left',
    async (record) => {
      for (const rows of [movesIn, progressIn, noticesIn]) await rows(own.store).deleteMany({ record });
    },
    { lost: 2, differing: expect.arrayContaining(some) },
  ],
])('finds %s', async (_what, damage, faults) => {
  expect(await compared(damage)).toEqual({ ...whole, ...faults });
});

const day = (date: number) => new Date(Date.UTC(2026, 10, date));

/** Returns a booking between two days in November. */
function taken(from: number, until: number | null) {
  const end = until === null ? null : day(until);
  return {
    progress: randomUUID(),
    record: '',
    mobilisation: null,
    from: day(from),
    until: end,
    state: 'committed',
  };
}

test('finds a person who is booked twice at a time', async () => {
  await bookingsIn(own.store).insertMany([
    { _id: 'apart', taken: [taken(1, 2), taken(2, 3)], changes: 1 },
    { _id: 'twice', taken: [taken(1, 3), taken(2, 4)], changes: 1 },
    { _id: 'without end', taken: [taken(1, null), taken(2, 4)], changes: 1 },
  ]);
  const { bookedTwice } = await compared(async () => await Promise.resolve());
  expect(bookedTwice).toEqual(['twice', 'without end']);
});
