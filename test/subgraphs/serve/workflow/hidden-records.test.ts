import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openProfiler, type Profiler } from '../../../bench/ask/plans.ts';
import { openMoveRoads, type OpenedRoads } from '../../../bench/timing/moves/open-roads.ts';

/** The work of the store for a move, a release or an inbox does not depend on records that the reader may not see. */

let opened: OpenedRoads;
beforeAll(async () => (opened = await openMoveRoads({ bytes: 1000, records: 2 })), 200_000);
afterAll(async () => await opened.stop());

/** Returns the queries of a request: the collection of each, and the documents that it examined. */
async function workOf(profiler: Profiler, request: () => Promise<unknown>): Promise<readonly string[]> {
  const ops = await profiler.watch(async () => void (await request()));
  return ops.map(({ collection, documents }) => `${collection} ${documents}`).toSorted();
}

test('examines the same documents for a hidden record as for one that does not exist, on every road', async () => {
  await using profiler = await openProfiler(opened.home, opened.uri);
  const work = [];
  for (const { name, hidden, absent } of opened.roads)
    work.push({ name, hidden: await workOf(profiler, hidden), absent: await workOf(profiler, absent) });
  expect(work.map(({ name, hidden }) => [name, hidden])).toEqual(
    work.map(({ name, absent }) => [name, absent]),
  );
  expect(work.flatMap(({ hidden }) => hidden).length).toBeGreaterThan(opened.roads.length);
});
