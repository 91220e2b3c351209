import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { bulletinsFile, endOf, Place } from './place.ts';

let place: Place;
beforeAll(async () => (place = await Place.open({ apart: true })), 120_000);
afterAll(async () => await place[Symbol.asyncDispose]());

test('reports the counts when the store goes down, and continues when the command runs again', async () => {
  const file = await place.write('big.json', bulletinsFile(6000));
  const child = place.start([file]);
  const ending = endOf(child);
  const bulletins = place.client.db().collection('bulletins');
  while ((await bulletins.countDocuments()) === 0) await pause(20);
  await place.stores.stopOne('cert-eu');
  const ended = await ending;
  expect(ended.code).toBe(1);
  expect(ended.err).toMatch(/The community's store does not answer \(.*\): check that it runs\./);
  expect(ended.err).toContain('run the same command again');
  expect(ended.err).not.toContain('    at ');
  const [, read, added] = /: (\d+) read; (\d+) new/.exec(ended.out) ?? [];
  expect(Number(read)).toBeLessThan(6000);
  await place.stores.startOne('cert-eu');
  const kept =
    (await bulletins.countDocuments()) + (await place.client.db().collection('notes').countDocuments());
  // A transaction whose commit was under way may have come through without the import hearing of it: 1000 at most.
  expect(kept).toBeGreaterThanOrEqual(Number(added));
  expect(kept).toBeLessThanOrEqual(Number(added) + 1000);
  const again = await place.import([file]);
  expect(again.code).toBe(0);
  expect(again.out).toContain(
    `: 6000 read; ${18_000 - kept} new, 0 changed, ${kept} unchanged records; 0 rejected`,
  );
});
