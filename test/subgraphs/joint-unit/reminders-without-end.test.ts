import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { at, dutiesIn, germanOnDuty } from './duty-of.ts';
import { noticesOf } from './inbox-of.ts';
import { passTo } from './pass-to.ts';
import { french } from './recall-of.ts';

/** Reminders of duties that are due "without undue delay": the clock has no end, so nothing is ever overdue. */

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const { opened, seen, send } = dutiesIn(() => store);

/** 12 hours after the event, which is at 08:20. */
const [before, then] = [at('03T20:19'), at('03T20:20')];
const crossBorder = { trigger: 'CROSS_BORDER_INCIDENT' };

async function remindersOf(id: string, now: Date) {
  return (await noticesOf(store, french, now, id)).filter(({ event }) => event === 'REMINDER');
}

test('reminds the obliged organisation once, and is never late', async () => {
  const id = await opened(['csirt-de', 'csirt-pl'], crossBorder);
  await passTo(store, before);
  expect(await remindersOf(id, before)).toEqual([]);
  await passTo(store, then);
  await passTo(store, then);
  const later = at('20T10:00');
  await passTo(store, later);
  expect(await remindersOf(id, later)).toEqual([
    expect.objectContaining({ name: 'tell', happenedAt: then.toISOString(), workflow: 'notification-duty' }),
  ]);
  expect(await seen(french, id, later)).toMatchObject({ dueAt: null, progress: { state: 'OPEN' } });
  // A recipient that was not notified knows of nothing.
  expect(await noticesOf(store, germanOnDuty, later, id)).toEqual([]);
});

test('reminds nobody once each recipient was notified, and of no clock that has an end', async () => {
  const id = await opened(['csirt-de'], crossBorder);
  await send(id, 'csirt-de');
  await passTo(store, at('20T10:00'));
  expect(await remindersOf(id, at('20T10:00'))).toEqual([]);
  const counted = await opened(['csirt-de']);
  await passTo(store, at('21T10:00'));
  expect((await remindersOf(counted, at('21T10:00'))).map(({ name }) => name)).not.toContain('tell');
});
