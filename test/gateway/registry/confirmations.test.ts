import { expect, test } from '@jest/globals';
import { maxUnsettled } from '../../../gateway/registry/confirmations.ts';
import type { GrantEntry } from '../../../gateway/registry/grants.ts';
import { openRegistry } from '../../../gateway/registry/registry.ts';
import { startRegistry } from './registry-of.ts';

/** The place of a grant while its proposed releases are confirmed, by several persons and hubs. */

const now = new Date('2026-06-01T00:00:00Z');
const day = (days: number) => new Date(now.getTime() + days * 86_400_000);
const entry: GrantEntry = {
  _id: 'confirmed.p',
  by: 'enisa',
  to: 'csirt-fr',
  until: day(90),
  person: null,
  lapsesAt: day(7),
};

async function open() {
  const registry = await startRegistry();
  const grants = registry.db.collection<GrantEntry>('grants');
  const opened = openRegistry(registry.db, 60_000);
  await opened.keepGrants([entry], now);
  return {
    ...opened,
    grants,
    begin: async (attempt: string, release = 'r-1', at = now) =>
      await opened.beginConfirmation({ attempt, release, entry }, at),
    end: async (attempt: string, isMade: boolean) =>
      await opened.endConfirmation({ attempt, grant: entry._id }, isMade),
    kept: async () => await grants.findOne({ _id: entry._id }),
    [Symbol.asyncDispose]: registry[Symbol.asyncDispose],
  };
}

const waiting = { ...entry, uses: 1 };
const { lapsesAt: _, ...confirmed } = waiting;

test('never ends the place of a confirmed release, in whatever order other confirmations are refused', async () => {
  for (const order of [
    ['refused', 'made'],
    ['made', 'refused'],
  ]) {
    await using registry = await open();
    await registry.begin('made');
    await registry.begin('refused');
    for (const attempt of order) {
      await registry.end(attempt, attempt === 'made');
      expect(await registry.kept()).not.toHaveProperty('lapsesAt');
    }
    expect(await registry.kept()).toEqual(confirmed);
  }
});

test('lets the place end as before once all confirmations are refused, or their releases are withdrawn', async () => {
  await using registry = await open();
  await registry.begin('a');
  await registry.begin('b', 'r-2');
  await registry.end('a', false);
  expect(await registry.kept()).toMatchObject({ waitedUntil: day(7) });
  await registry.keepGrants([entry], now);
  await registry.withdrawGrant({ grant: entry._id, release: 'r-2' });
  expect(await registry.kept()).toEqual({ ...waiting, withdrawn: ['r-2'] });
  // A result that arrives late changes nothing.
  await registry.end('b', true);
  expect(await registry.kept()).toEqual({ ...waiting, withdrawn: ['r-2'] });
});

test('extends the place for another proposal with the same terms while one is confirmed', async () => {
  await using registry = await open();
  await registry.begin('a');
  await registry.keepGrants([{ ...entry, lapsesAt: day(9) }], day(2));
  await registry.end('a', false);
  expect(await registry.kept()).toEqual({ ...waiting, uses: 2, lapsesAt: day(9) });
});

test('keeps a release that another hub confirmed while one of the same grant is found to be lapsed', async () => {
  await using registry = await open();
  await registry.begin('a', 'r-1');
  await registry.begin('b', 'r-2');
  await registry.forgetConfirmations({ grant: entry._id, release: 'r-1' }, day(8));
  expect(await registry.kept()).not.toHaveProperty('lapsesAt');
  // The confirmation of the other one is in progress for less than an hour.
  await registry.forgetConfirmations({ grant: entry._id, release: 'r-2' }, now);
  expect(await registry.kept()).not.toHaveProperty('lapsesAt');
});

test('notes a limited number of confirmations, and keeps the place until its end after more of them', async () => {
  await using registry = await open();
  for (let at = 0; at < maxUnsettled; at += 1) await registry.begin(`a-${at}`, `r-${at}`);
  expect((await registry.kept())?.unsettled).toHaveLength(maxUnsettled);
  await registry.begin('more', 'r-more');
  expect(await registry.kept()).toEqual(confirmed);
  await registry.end('more', false);
  await registry.end('a-0', false);
  expect(await registry.kept()).toEqual(confirmed);
});

test('takes the id of a release as a text, whatever it contains', async () => {
  await using registry = await open();
  await registry.begin('a', '$by');
  expect((await registry.kept())?.unsettled).toEqual([{ attempt: 'a', release: '$by', at: now }]);
});
