import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { enumValue } from '../../../schema/workflow/graph/names.ts';
import { readTriggers } from '../../../schema/workflow/trigger/load.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import { contractOf } from '../../../subgraphs/serve/record/contract.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { race } from '../../helpers/race.ts';
import { readerOf } from '../../helpers/records.ts';
import { at, content, dueAt, dutiesIn, germanOnDuty, polishOnDuty, sent } from './duty-of.ts';
import { namesOf, noticesOf } from './inbox-of.ts';
import { askAt, type Payload } from './moves-of.ts';
import { passTo } from './pass-to.ts';
import { csirt, french, german, stranger } from './recall-of.ts';

/** Duties to notify: who must be notified of an event, by whom and by when. */

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const { tryOpen, opened, seen, move, send, dueFor } = dutiesIn(() => store);

const readers = (...organisations: readonly string[]) => ({ reach: 'NAMED', organisations });

const statesOf = async (id: string, time: string) => {
  const shown = await seen(french, id, at(time));
  return [shown?.progress?.state, ...(shown?.threads ?? []).map(({ state }) => state)];
};

test('has an entry for each recipient, and is due by the clock of its trigger from the event on', async () => {
  const id = await opened(['csirt-pl', 'csirt-de', 'csirt-pl'], { case: 'JC-2026-0007' });
  expect(await seen(french, id, at('03T10:00'))).toMatchObject({
    ...content,
    case: { id: 'JointCase:JC-2026-0007' },
    obliged: { id: 'Organisation:csirt-fr' },
    dueAt,
    envelope: { version: 1, audience: { organisations: [{ id: 'Organisation:csirt-fr' }] } },
    progress: { state: 'OPEN', possibleMoves: [], moves: [{ move: 'open' }] },
    threads: ['csirt-de', 'csirt-pl'].map((one) => ({
      recipient: { id: `Organisation:${one}` },
      version: 1,
      state: 'TO_TELL',
      possibleMoves: ['sendNotificationDuty', 'skipNotificationDuty'],
    })),
  });
});

test('has no due time for a trigger that the law gives none', async () => {
  for (const trigger of ['CROSS_BORDER_INCIDENT', 'CRA_NOTIFICATION'])
    expect(await seen(french, await opened(['csirt-de'], { trigger }), at('20T10:00'))).toMatchObject({
      dueAt: null,
      progress: { state: 'OPEN' },
      threads: [{ state: 'TO_TELL' }],
    });
});

const offices = (office: string) => ({ offices: [{ office, until: '2027-01-01T00:00:00.000Z' }] });

test('is opened by the persons whom the trigger names, and by no others', async () => {
  const secretariat = readerOf({ organisation: 'enisa', subject: 's', roles: ['network-secretariat'] });
  const ended = { offices: [{ office: 'cyclone-chair', until: '2026-11-03T09:59:59.000Z' }] };
  const may = async (trigger: string, reader: typeof french) =>
    (await tryOpen(['csirt-de'], { trigger, reader })).userErrors.map(({ code }) => code);
  expect(await may('CYCLONE_RAISED', secretariat)).toEqual([]);
  expect(await may('CYCLONE_RAISED', csirt('csirt-fr', offices('cyclone-chair')))).toEqual([]);
  expect(await may('EXTERNAL_SECURITY', csirt('csirt-fr', offices('case-lead')))).toEqual([]);
  expect(await may('CYCLONE_RAISED', csirt('csirt-fr', ended))).toEqual(['NOT_ALLOWED']);
  expect(await may('CYCLONE_RAISED', french)).toEqual(['NOT_ALLOWED']);
  expect(await may('EXTERNAL_SECURITY', secretariat)).toEqual(['NOT_ALLOWED']);
  const refused = await tryOpen(['csirt-de'], { trigger: 'CYCLONE_RAISED' });
  expect(refused.userErrors[0]?.message).toContain('network-secretariat');
  expect(refused.userErrors[0]?.message).not.toContain('europol-analyst');
});

test('names each trigger that persons open in the graph, and no other', () => {
  const type = contractOf('joint-unit').getType('NotificationTrigger');
  const named = (type as unknown as { getValues(): { readonly name: string }[] }).getValues();
  const byPersons = Object.entries(readTriggers()).flatMap(([name, { by }]) =>
    by === undefined ? [] : [name],
  );
  expect(named.map(({ name }) => name)).toEqual(byPersons.map(enumValue));
});

test.each<[string, readonly string[], object, readonly string[]]>([
  ['nobody', [], {}, ['addressees']],
  ['the own organisation', ['csirt-de', 'csirt-fr'], {}, ['addressees']],
  ['too many', Array.from({ length: 101 }, (_, one) => `csirt-${one}`), {}, ['addressees']],
  ['a later event', ['csirt-de'], { eventAt: '2026-11-03T10:01:00.000Z' }, ['eventAt']],
  ['no text', ['csirt-de'], { text: ' ' }, ['text']],
])('refuses a duty with %s, and creates nothing', async (_what, addressees, more, path) => {
  const before = await store.connection.collection('notificationDuties').countDocuments();
  const { userErrors } = await tryOpen(addressees, { ...more });
  expect(userErrors).toMatchObject([{ code: 'INVALID', path }]);
  expect(await store.connection.collection('notificationDuties').countDocuments()).toBe(before);
});

test('refuses readers who were not notified, also as readers of the new record', async () => {
  const readings = [
    { marking: { tlp: 'AMBER' }, audience: { reach: 'NAMED', organisations: ['csirt-fr', 'csirt-de'] } },
    { marking: { tlp: 'GREEN' }, audience: { reach: 'COMMUNITY', organisations: ['csirt-fr'] } },
  ];
  for (const reading of readings)
    expect((await tryOpen(['csirt-de'], { reading })).userErrors).toMatchObject([
      { code: 'INVALID', path: expect.arrayContaining(['reading']) },
    ]);
});

test.each<[string, object]>([
  [
    'a portion',
    { portions: [{ path: 'text', marking: { tlp: 'AMBER_STRICT' }, audience: readers('csirt-fr') }] },
  ],
  ['purposes', { purposes: ['criminal-investigation'] }],
  ['an embargo', { embargoUntil: '2027-01-01T00:00:00.000Z' }],
  ['a handling code', { marking: { tlp: 'AMBER', handlingCodes: ['H1'] } }],
  ['a PAP that closes the notice', { marking: { tlp: 'AMBER', pap: 'RED' } }],
])(
  'refuses a marking with %s, with which a recipient would count as notified that reads nothing',
  async (_what, more) => {
    const reading = { marking: { tlp: 'AMBER' }, audience: readers('csirt-fr'), ...more };
    const { userErrors } = await tryOpen(['csirt-de'], { reading });
    expect(userErrors).toMatchObject([{ code: 'INVALID', path: ['reading'] }]);
  },
);

test('opens at most fifty duties of an organisation in a day', async () => {
  const reader = csirt('csirt-lt');
  for (let made = 0; made < 50; made += 1)
    expect((await tryOpen(['csirt-de'], { reader })).userErrors).toEqual([]);
  expect((await tryOpen(['csirt-de'], { reader })).userErrors).toMatchObject([{ code: 'CLOSED' }]);
});

test('is not notified with an earlier time than the one at which the recipient learns of it', async () => {
  const id = await opened(['csirt-de']);
  const late = { reason: 'EXERCISE: no network', channel: 'telephone' };
  const given = { recipient: 'csirt-de', ...sent, happenedAt: '2026-11-03T10:30:00.000Z', late };
  expect(await move(french, 'send', id, '03T20:00', given)).toMatchObject([
    { code: 'INVALID', path: ['happenedAt'] },
  ]);
  expect(await seen(germanOnDuty, id, at('03T20:00'))).toBeNull();
});

test('shows a recipient the moves from its notification on', async () => {
  const id = await opened(['csirt-de']);
  await send(id, 'csirt-de');
  const movesSeen = async (reader: typeof french) =>
    (await seen(reader, id, at('03T11:00')))?.threads[0]?.['moves'];
  expect(await movesSeen(germanOnDuty)).toMatchObject([{ move: 'send' }]);
  expect(await movesSeen(french)).toMatchObject([{ move: 'open' }, { move: 'send' }]);
});

test('takes the acknowledgement of a recipient that the obliged organisation states it did not reach, also when closed', async () => {
  const id = await opened(['csirt-de']);
  await send(id, 'csirt-de');
  const failed = { recipient: 'csirt-de', expectedVersion: 2, channels: ['EXERCISE: telephone'] };
  expect(await move(french, 'fail', id, '03T12:00', failed)).toEqual([]);
  expect(await move(french, 'close', id, '03T12:10', { reason: 'EXERCISE' })).toEqual([]);
  const again = { recipient: 'csirt-de', expectedVersion: 3, channel: 'EXERCISE: radio' };
  expect(await move(french, 'retry', id, '03T12:20', again)).toMatchObject([{ code: 'WRONG_STATE' }]);
  expect(await move(germanOnDuty, 'ack', id, '03T12:30', { expectedVersion: 3 })).toEqual([]);
  expect(await statesOf(id, '03T12:30')).toEqual(['CLOSED', 'ACKNOWLEDGED']);
});

test('runs when nobody is left to notify, and is settled with the last acknowledgement', async () => {
  const id = await opened(['csirt-de', 'csirt-ee', 'csirt-pl']);
  expect(await move(french, 'skip', id, '03T11:00', { recipient: 'csirt-ee', reason: 'EXERCISE' })).toEqual(
    [],
  );
  await send(id, 'csirt-de');
  expect(await statesOf(id, '03T11:00')).toEqual(['OPEN', 'TOLD', 'NOT_NEEDED', 'TO_TELL']);
  await send(id, 'csirt-pl');
  expect(await statesOf(id, '03T11:00')).toEqual(['RUNNING', 'TOLD', 'NOT_NEEDED', 'TOLD']);
  expect(await move(germanOnDuty, 'ack', id, '03T12:00', { expectedVersion: 2 })).toEqual([]);
  expect(await move(polishOnDuty, 'ack', id, '03T12:00', { expectedVersion: 2 })).toEqual([]);
  expect(await statesOf(id, '03T12:00')).toEqual(['SETTLED', 'ACKNOWLEDGED', 'NOT_NEEDED', 'ACKNOWLEDGED']);
  expect(namesOf(await noticesOf(store, french, at('03T12:00'), id)).toSorted()).toEqual([
    'csirt-de ack',
    'csirt-pl ack',
    'run',
    'settle',
  ]);
});

test('is acknowledged by an officer on duty of the recipient only', async () => {
  const id = await opened();
  await send(id, 'csirt-de');
  expect(await move(german, 'ack', id, '03T11:30', { expectedVersion: 2 })).toMatchObject([
    { code: 'NOT_ALLOWED' },
  ]);
  const ofObliged = csirt('csirt-fr', { roles: ['duty-officer'] });
  expect(
    await move(ofObliged, 'ack', id, '03T11:30', { recipient: 'csirt-de', expectedVersion: 2 }),
  ).toMatchObject([{ code: 'NOT_ALLOWED' }]);
  expect(await move(polishOnDuty, 'ack', id, '03T11:30', { recipient: 'csirt-de' })).toMatchObject([
    { code: 'NOT_FOUND' },
  ]);
});

test('tries another channel, and closes with a reason only after everybody was tried', async () => {
  const id = await opened();
  await send(id, 'csirt-de');
  const reason = { reason: 'EXERCISE: no channel works' };
  expect(await move(french, 'close', id, '03T11:10', reason)).toMatchObject([{ code: 'WRONG_STATE' }]);
  await send(id, 'csirt-pl');
  const failed = { recipient: 'csirt-de', expectedVersion: 2, channels: ['EXERCISE: telephone'] };
  expect(await move(french, 'fail', id, '03T12:00', failed)).toEqual([]);
  const again = { recipient: 'csirt-de', expectedVersion: 3, channel: 'EXERCISE: radio' };
  expect(await move(french, 'retry', id, '03T12:30', again)).toEqual([]);
  expect(await move(french, 'fail', id, '03T13:00', { ...failed, expectedVersion: 4 })).toEqual([]);
  expect(await move(german, 'close', id, '03T13:10', reason)).toMatchObject([{ code: 'NOT_ALLOWED' }]);
  expect(await move(french, 'close', id, '03T13:10', reason)).toEqual([]);
  expect(await statesOf(id, '03T13:10')).toEqual(['CLOSED', 'UNREACHABLE', 'TOLD']);
});

test('does not notify a recipient again without end, and still takes its acknowledgement', async () => {
  const id = await opened(['csirt-de']);
  await send(id, 'csirt-de');
  const tries = { fail: { channels: ['EXERCISE: telephone'] }, retry: { channel: 'EXERCISE: radio' } };
  const again = async (version: number) => {
    const [name, input] =
      version % 2 === 0 ? (['fail', tries.fail] as const) : (['retry', tries.retry] as const);
    return await move(french, name, id, '03T11:30', {
      recipient: 'csirt-de',
      expectedVersion: version,
      ...input,
    });
  };
  for (let version = 2; version < 50; version += 1) expect(await again(version)).toEqual([]);
  expect(await again(50)).toMatchObject([{ code: 'CLOSED' }]);
  expect(await move(germanOnDuty, 'ack', id, '03T11:30', { expectedVersion: 50 })).toEqual([]);
  expect(await statesOf(id, '03T11:30')).toEqual(['SETTLED', 'ACKNOWLEDGED']);
});

test('is a task and a deadline of the obliged until it is sent, and of the recipient until it acknowledges', async () => {
  const id = await opened(['csirt-de']);
  const listed = async (reader: typeof french, time: string) =>
    (await dueFor(reader, at(time))).filter(({ recordId }) => recordId === id);
  const obliged = { obliged: { id: 'Organisation:csirt-fr' }, name: 'late', dueAt };
  expect(await listed(french, '03T10:00')).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ mutations: ['sendNotificationDuty', 'skipNotificationDuty'] }),
      expect.objectContaining({ workflow: 'told-list', ...obliged }),
    ]),
  );
  await send(id, 'csirt-de');
  expect(await listed(french, '03T11:00')).not.toContainEqual(expect.objectContaining({ name: 'late' }));
  const acknowledging = { name: 'silent', dueAt: '2026-11-03T15:00:00.000Z' };
  expect(await listed(germanOnDuty, '03T11:00')).toEqual([
    expect.objectContaining({ mutations: ['ackNotificationDuty'] }),
    expect.objectContaining({ ...acknowledging, obliged: { id: 'Organisation:csirt-de' } }),
  ]);
  expect(await move(germanOnDuty, 'ack', id, '03T12:00', { expectedVersion: 2 })).toEqual([]);
  expect(await listed(germanOnDuty, '03T12:00')).toEqual([]);
  expect(await listed(french, '03T12:00')).toEqual([]);
});

test('tells the obliged organisation once that a clock was missed, however often it is looked at', async () => {
  const id = await opened();
  await send(id, 'csirt-de');
  const missed = async (reader: typeof french, time: string) =>
    (await noticesOf(store, reader, at(time), id))
      .filter(({ event }) => event === 'STATE')
      .map(({ thread, name }) => `${thread?.id ?? 'record'} ${name}`);
  for (const time of ['03T14:59', '03T15:00', '06T08:59']) await passTo(store, at(time));
  expect(await missed(french, '06T08:59')).toEqual(['Organisation:csirt-de silent']);
  expect(await statesOf(id, '06T08:59')).toEqual(['OPEN', 'SILENT', 'TO_TELL']);
  for (const time of ['06T09:00', '06T09:00', '20T10:00']) await passTo(store, at(time));
  expect(await statesOf(id, '20T10:00')).toEqual(['LATE', 'SILENT', 'LATE']);
  expect((await missed(french, '20T10:00')).toSorted()).toEqual([
    'Organisation:csirt-de silent',
    'Organisation:csirt-pl late',
    'record late',
  ]);
  expect(await missed(germanOnDuty, '20T10:00')).toEqual(['Organisation:csirt-de silent']);
  await send(id, 'csirt-pl', '20T11:00');
  expect(await statesOf(id, '20T11:00')).toEqual(['RUNNING', 'SILENT', 'TOLD']);
});

test('opens to each of two recipients that are notified at one time', async () => {
  const id = await opened();
  await race(2, async (racer) => await send(id, racer === 0 ? 'csirt-de' : 'csirt-pl'));
  for (const one of [germanOnDuty, polishOnDuty])
    expect(await seen(one, id, at('03T11:00'))).toMatchObject({ threads: [{ state: 'TOLD' }] });
  expect(await statesOf(id, '03T11:00')).toEqual(['RUNNING', 'TOLD', 'TOLD']);
});

test('is notified by persons of the obliged organisation only', async () => {
  const id = await opened();
  const given = { recipient: 'csirt-pl', ...sent };
  for (const other of [german, stranger])
    expect(await move(other, 'send', id, '03T10:30', given)).toMatchObject([{ code: 'NOT_FOUND' }]);
  for (const more of [{ roles: ['external-auditor'] }, { client: 'machine' as const }])
    await expect(move({ ...french, ...more }, 'send', id, '03T10:30', given)).rejects.toThrow();
  expect(await move(french, 'send', id, '03T10:30', { ...given, recipient: 'csirt-ee' })).toMatchObject([
    { code: 'NOT_FOUND' },
  ]);
});

async function act(source: string, reader: typeof french, input: object) {
  return (await askAt<Payload>({ store, reader, now: at('03T10:05') }, source, { input })).userErrors;
}

test('is neither written nor marked by hand while it runs', async () => {
  const id = await opened();
  const base = { key: randomUUID(), id, expectedVersion: 1 };
  const update = `mutation U($input: UpdateNotificationDutyInput!) {
    updateNotificationDuty(input: $input) { userErrors { code path } } }`;
  expect(await act(update, french, { ...base, content: { text: 'EXERCISE: other' } })).toEqual([
    { code: 'NOT_ALLOWED', path: ['content', 'text'] },
  ]);
  const mark = `mutation M($input: MarkRecordInput!) { markJointUnitRecord(input: $input) { userErrors { code } } }`;
  const reading = {
    marking: { tlp: 'AMBER' },
    audience: { reach: 'NAMED', organisations: ['csirt-fr', 'csirt-pl'] },
  };
  expect(await act(mark, french, { ...base, key: randomUUID(), reading })).toEqual([{ code: 'WRONG_STATE' }]);
  const create = `mutation C($input: CreateNotificationDutyInput!) {
    createNotificationDuty(input: $input) { userErrors { code } } }`;
  const operator = csirt('joint-unit', { roles: ['community-operator'] });
  expect(await act(create, operator, { key: randomUUID(), content, reading })).toEqual([
    { code: 'NOT_ALLOWED' },
  ]);
});
