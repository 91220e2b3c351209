import type { ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { bulletinsFile, endOf, Place } from './place.ts';

/** The number of bulletins. Their import takes some seconds, so that kills come in the middle of it. */
const all = 2500;
let place: Place;
beforeAll(async () => (place = await Place.open()));
afterAll(async () => await place[Symbol.asyncDispose]());

test('has the same result after repeated kills as without', async () => {
  const file = await place.write('big.json', bulletinsFile(all));
  const started = performance.now();
  expect((await place.import([file])).code).toBe(0);
  const took = performance.now() - started;
  const whole = await place.state();
  await place.clear();

  let partly = 0;
  for (let turn = 1; turn <= 6; turn += 1) {
    const child = place.start([file]);
    const ended = endOf(child);
    // Every other turn as soon as a batch more is in; the others at any moment from the process's start on.
    if (turn % 2 === 1) await untilMore(child);
    else await pause(300 + Math.random() * took);
    child.kill('SIGKILL');
    await ended;
    const count = await untilSettled();
    if (count > 0 && count < all) partly += 1;
    expect(await dangling()).toEqual([]);
  }
  expect(partly).toBeGreaterThan(0);
  expect((await place.import([file])).code).toBe(0);
  expect(await place.state()).toEqual(whole);
}, 400_000);

/** Waits until the store holds more than it does now, or the import is over. */
async function untilMore(child: ChildProcess): Promise<void> {
  const bulletins = place.client.db().collection('bulletins');
  const before = await bulletins.countDocuments();
  while (child.exitCode === null && (await bulletins.countDocuments()) <= before) await pause(5);
}

/** The server aborts the transaction of a killed client. A commit that has started may still complete. */
async function untilSettled(): Promise<number> {
  const bulletins = place.client.db().collection('bulletins');
  for (let before = -1; ;) {
    const count = await bulletins.countDocuments();
    if (count === before) return count;
    before = count;
    await pause(200);
  }
}

/** Join rows and notes without their record, and records without their join rows: there must never be any. */
async function dangling(): Promise<readonly unknown[]> {
  const db = place.client.db();
  const ids = new Set(await db.collection('bulletins').distinct('_id'));
  const notes = await db.collection('notes').find().toArray();
  const links = await db.collection('links').find({ kind: 'Bulletin' }).toArray();
  const linked = new Set(links.map(({ record }) => record as string));
  return [
    ...notes.filter(({ content }) => !ids.has(content.bulletin)),
    ...[...linked].filter((id) => !ids.has(id as never)),
    ...[...ids].filter((id) => !linked.has(String(id))),
  ];
}
