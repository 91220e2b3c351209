import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Db } from 'mongodb';
import { claimMs, type Delivery, Outbox } from '../../../gateway/webhooks/outbox.ts';
import { openHubDb } from './place.ts';

let place: Awaited<ReturnType<typeof openHubDb>>;
let db: Db;
let outbox: Outbox;
beforeAll(async () => {
  place = await openHubDb();
  ({ db } = place);
  outbox = new Outbox(db);
  await outbox.createIndexes();
});
afterAll(async () => await place[Symbol.asyncDispose]());
beforeEach(async () => {
  for (const name of ['webhookDeliveries', 'webhookPlaces', 'webhooksDisabled'])
    await db.collection(name).deleteMany({});
});

const now = new Date('2026-11-29T10:00:00Z');
const after = (ms: number) => new Date(now.getTime() + ms);
const noticed = (n: number, ...webhooks: readonly string[]) => ({
  community: 'joint-unit',
  notice: `JointUnitNotice:${n}`,
  webhooks,
});
const stored = async () =>
  await db.collection<Delivery>('webhookDeliveries').find().sort({ at: 1 }).toArray();

test('adds a notice once for each webhook, also when several hubs read it, and after it was sent', async () => {
  await Promise.all([outbox.add(noticed(1, 'a', 'b'), now), new Outbox(db).add(noticed(1, 'a', 'b'), now)]);
  const all = await stored();
  expect(all.map(({ webhook }) => webhook).toSorted()).toEqual(['a', 'b']);
  expect(new Set(all.map(({ _id }) => _id)).size).toBe(2);
  const claimed = await outbox.claim(now, ['b']);
  if (claimed === null) throw new Error('expected a delivery');
  await outbox.end(claimed, { state: 'sent' }, now);
  await outbox.add(noticed(1, 'a', 'b'), after(1000));
  expect((await stored()).map(({ state }) => state).toSorted()).toEqual(['pending', 'sent']);
});

test('gives a delivery to one hub at a time, and to another one once the claim is over', async () => {
  await outbox.add(noticed(1, 'a'), now);
  const claims = await Promise.all([1, 2, 3].map(async () => await new Outbox(db).claim(now, [])));
  const [first, ...others] = claims.filter((one) => one !== null);
  expect([first?._id, others]).toEqual([expect.stringMatching(/^msg_[\w-]{43}$/), []]);
  expect(await outbox.claim(after(claimMs - 1), [])).toBeNull();
  const again = await outbox.claim(after(claimMs), []);
  expect(again?._id).toBe(first?._id);
  // The hub whose claim is over changes nothing any more.
  if (first === undefined) throw new Error('expected a delivery');
  await outbox.end(first, { state: 'dead', reason: 'late' }, after(claimMs));
  expect((await stored()).map(({ state }) => state)).toEqual(['pending']);
});

test('keeps the first place of several hubs, and then the place of each move', async () => {
  expect(await outbox.placeOf('joint-unit')).toBeNull();
  await outbox.beginAt('joint-unit', 'p1', now);
  await outbox.beginAt('joint-unit', 'p9', now);
  expect(await outbox.placeOf('joint-unit')).toBe('p1');
  await outbox.moveTo('joint-unit', 'p2', now);
  expect([await outbox.placeOf('joint-unit'), await outbox.placeOf('enisa')]).toEqual(['p2', null]);
});

test('disables a webhook at one address, until it is enabled or has another address', async () => {
  await outbox.disable({ _id: 'a', url: 'https://one.example' }, now);
  expect(await outbox.isDisabled({ _id: 'a', url: 'https://one.example' })).toBe(true);
  expect(await outbox.isDisabled({ _id: 'a', url: 'https://two.example' })).toBe(false);
  expect([await outbox.enable('a'), await outbox.enable('a')]).toEqual([true, false]);
  expect(await outbox.isDisabled({ _id: 'a', url: 'https://one.example' })).toBe(false);
});

test('makes dead deliveries due again: one, or all of a webhook', async () => {
  for (const n of [1, 2, 3]) await outbox.add(noticed(n, 'a'), after(n));
  for (let n = 0; n < 3; n += 1) {
    const claimed = await outbox.claim(after(10), []);
    if (claimed !== null) await outbox.end(claimed, { state: 'dead', reason: 'status 500' }, after(20 + n));
  }
  const [newest] = await outbox.dead(10);
  expect(await outbox.revive({ _id: String(newest?._id) }, after(100))).toBe(1);
  expect(await outbox.count('a')).toEqual({ pending: 1, dead: 2 });
  expect(await outbox.revive({ webhook: 'a' }, after(100))).toBe(2);
  expect(await outbox.revive({ webhook: 'a' }, after(100))).toBe(0);
  expect(await outbox.claim(after(100), [])).toMatchObject({ state: 'pending', attempts: 0 });
});

const most = (count: number) => ({ pending: count, dead: count, sent: count, withheld: count });

test('bounds what waits and what is dead for each webhook, and removes what ended long ago', async () => {
  for (let n = 0; n < 6; n += 1) await outbox.add(noticed(n, 'a'), after(n));
  await outbox.sweep(after(100), most(4));
  expect(await outbox.count('a')).toEqual({ pending: 4, dead: 2 });
  expect((await outbox.dead(10)).map(({ notice, reason }) => [notice, reason])).toEqual(
    expect.arrayContaining([
      ['JointUnitNotice:0', 'too many wait'],
      ['JointUnitNotice:1', 'too many wait'],
    ]),
  );
  await outbox.sweep(after(100), most(1));
  await outbox.sweep(after(100), most(1));
  expect(await outbox.count('a')).toEqual({ pending: 1, dead: 1 });
  await outbox.sweep(after(91 * 86_400_000));
  expect(await outbox.count('a')).toEqual({ pending: 1, dead: 0 });
});

test('bounds what was sent and what was withheld, the oldest first', async () => {
  for (const state of ['sent', 'withheld'] as const)
    for (let at = 0; at < 3; at += 1) {
      await outbox.add({ community: 'enisa', notice: `${state}-${at}`, webhooks: ['pl-desk'] }, after(at));
      const claimed = await outbox.claim(after(at), []);
      if (claimed === null) throw new Error('expected a delivery that is due');
      await outbox.end(claimed, { state }, after(at));
    }
  await outbox.sweep(after(100), most(2));
  const left = await db.collection('webhookDeliveries').find({}).sort({ state: 1, at: 1 }).toArray();
  expect(left.map(({ notice }) => notice)).toEqual(['sent-1', 'sent-2', 'withheld-1', 'withheld-2']);
});
