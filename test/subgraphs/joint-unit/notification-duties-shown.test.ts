import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import { linksOf, recordsOf } from '../../../subgraphs/serve/store/collections.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { at, content, dutiesIn, germanOnDuty, polishOnDuty, sent } from './duty-of.ts';
import { namesOf, noticesOf } from './inbox-of.ts';
import { askAt, type Payload } from './moves-of.ts';
import { passTo } from './pass-to.ts';
import { csirt, french } from './recall-of.ts';

/** A recipient of a duty to notify knows nothing of it until it is notified, and nothing of the others at any time. */

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const { opened, seen, move, send, everythingFor } = dutiesIn(() => store);

/** A recipient that no test notifies. */
const unaware = csirt('csirt-lt', { subject: 'lt-duty', roles: ['csirt-analyst', 'duty-officer'] });
/** An organisation that no duty names, and no different from the recipients otherwise. */
const nobody = csirt('csirt-ee', { subject: 'ee-duty', roles: ['csirt-analyst', 'duty-officer'] });
const instants = ['03T10:00', '03T11:30', '06T08:59', '06T09:00', '20T10:00'];

/** The errors of every move that a reader tries on a duty. */
async function refusalsFor(reader: Reader, id: string, time: string) {
  const tries: readonly (readonly [string, object])[] = [
    ['ack', {}],
    ['ack', { recipient: 'csirt-lt' }],
    ['send', sent],
    ['retry', { channel: 'EXERCISE' }],
    ['fail', { channels: ['EXERCISE'] }],
    ['skip', { reason: 'EXERCISE' }],
    ['close', { reason: 'EXERCISE' }],
  ];
  const all = [];
  for (const [name, input] of tries) all.push(await move(reader, name, id, time, input));
  return all;
}

test('a recipient that is not notified yet sees the same as a stranger at every time', async () => {
  const id = await opened(['csirt-de', 'csirt-lt']);
  const skipped = await opened(['csirt-lt', 'csirt-fi']);
  await send(id, 'csirt-de');
  expect(
    await move(french, 'skip', skipped, '03T11:00', { recipient: 'csirt-lt', reason: 'EXERCISE' }),
  ).toEqual([]);
  for (const time of instants) {
    await passTo(store, at(time));
    for (const one of [id, skipped]) {
      const theirs = await everythingFor(unaware, one, at(time));
      expect(theirs).toEqual(await everythingFor(nobody, one, at(time)));
      expect(theirs).toMatchObject({ record: null, due: [], notices: { edges: [] } });
      expect(await refusalsFor(unaware, one, time)).toEqual(await refusalsFor(nobody, one, time));
      expect(await refusalsFor(unaware, one, time)).toEqual(
        await refusalsFor(unaware, `NotificationDuty:${randomUUID()}`, time),
      );
    }
  }
  const before = { party: 'csirt-lt' };
  for (const rows of ['notices', 'parties'])
    expect(await store.connection.collection(rows).countDocuments(before)).toBe(0);
});

test('a recipient finds no trace of the time before it was notified', async () => {
  const id = await opened(['csirt-de', 'csirt-pl']);
  for (const time of ['06T08:00', '06T09:00']) await passTo(store, at(time));
  await send(id, 'csirt-pl', '06T10:00');
  expect(namesOf(await noticesOf(store, polishOnDuty, at('06T10:00'), id))).toEqual(['csirt-pl send']);
  expect(await seen(polishOnDuty, id, at('06T10:00'))).toMatchObject({
    ...content,
    envelope: { version: 1, modifiedAt: null, audience: null },
    progress: null,
    threads: [
      {
        recipient: { id: 'Organisation:csirt-pl' },
        state: 'TOLD',
        since: '2026-11-06T10:00:00.000Z',
        possibleMoves: ['ackNotificationDuty'],
      },
    ],
  });
});

/** Returns what a recipient has of a duty, without the ids, to compare it with another one. */
async function sideOf(reader: Reader, id: string, time: string) {
  const text = JSON.stringify(await everythingFor(reader, id, at(time)));
  // Notices of one instant are ordered by their random ids.
  const notices = namesOf(await noticesOf(store, reader, at(time), id)).toSorted();
  return { record: { ...(await seen(reader, id, at(time))), id: null }, notices, text: text.length };
}

test('a recipient sees no difference between being alone, and others that are notified, skipped or silent', async () => {
  const alone = await opened(['csirt-pl']);
  const busy = await opened(['csirt-de', 'csirt-fi', 'csirt-pl', 'csirt-se']);
  const quiet = await opened(['csirt-de', 'csirt-pl']);
  for (const id of [alone, busy, quiet]) await send(id, 'csirt-pl', '03T10:30');
  await send(busy, 'csirt-de');
  await send(busy, 'csirt-se');
  expect(await move(germanOnDuty, 'ack', busy, '03T11:10', { expectedVersion: 2 })).toEqual([]);
  expect(await move(french, 'skip', busy, '03T11:20', { recipient: 'csirt-fi', reason: 'EXERCISE' })).toEqual(
    [],
  );
  const failed = { recipient: 'csirt-se', expectedVersion: 2, channels: ['EXERCISE'] };
  expect(await move(french, 'fail', busy, '03T11:20', failed)).toEqual([]);
  expect(await move(french, 'close', busy, '03T11:25', { reason: 'EXERCISE' })).toEqual([]);
  for (const time of instants.slice(1)) {
    await passTo(store, at(time));
    const shown = await sideOf(polishOnDuty, alone, time);
    expect(await sideOf(polishOnDuty, busy, time)).toEqual(shown);
    expect(await sideOf(polishOnDuty, quiet, time)).toEqual(shown);
  }
});

test('opens the record in place: its version and its time stay, and the join rows follow', async () => {
  const id = await opened(['csirt-de', 'csirt-pl'], { case: 'JC-2026-0007' });
  const records = recordsOf(store, 'NotificationDuty');
  const before = await records.findOne({ _id: id });
  await send(id, 'csirt-de');
  const after = await records.findOne({ _id: id });
  expect(after?.envelope).toEqual({
    ...before?.envelope,
    audience: { ...before?.envelope.audience, organisations: ['csirt-fr', 'csirt-de'] },
  });
  expect(after?.content).toEqual(before?.content);
  expect(after?.admits).toEqual(expect.arrayContaining([...(before?.admits ?? [])]));
  expect(after?.admits).not.toEqual(before?.admits);
  const links = await linksOf(store).find({ record: id }).toArray();
  expect(links.length).toBeGreaterThan(0);
  for (const link of links) expect(link.admits).toEqual(after?.admits);
});

test('a recipient that was skipped does not learn it, although the record is opened to it later', async () => {
  const id = await opened(['csirt-de', 'csirt-pl']);
  expect(await move(french, 'skip', id, '03T11:00', { recipient: 'csirt-pl', reason: 'EXERCISE' })).toEqual(
    [],
  );
  await send(id, 'csirt-de');
  expect(await move(germanOnDuty, 'ack', id, '03T12:00', { expectedVersion: 2 })).toEqual([]);
  const source = `mutation M($input: MarkRecordInput!) { markJointUnitRecord(input: $input) { userErrors { code } } }`;
  const organisations = ['csirt-fr', 'csirt-de', 'csirt-pl'];
  const reading = { marking: { tlp: 'AMBER' }, audience: { reach: 'NAMED', organisations } };
  const input = { key: randomUUID(), id, expectedVersion: 1, reading };
  const marked = await askAt<Payload>({ store, reader: french, now: at('03T13:00') }, source, { input });
  expect(marked.userErrors).toEqual([]);
  expect(await seen(polishOnDuty, id, at('03T13:00'))).toMatchObject({ threads: [], progress: null });
  expect(await move(polishOnDuty, 'ack', id, '03T13:00', { expectedVersion: 2 })).toMatchObject([
    { code: 'NOT_FOUND' },
  ]);
});
