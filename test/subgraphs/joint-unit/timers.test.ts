import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import { type CommunityStore, openStore } from '../../../subgraphs/serve/store/store.ts';
import { noticesIn } from '../../../subgraphs/serve/workflow/notices.ts';
import { workflowRulesOf } from '../../../subgraphs/serve/workflow/rules.ts';
import { fireDue, runTimers } from '../../../subgraphs/serve/workflow/run-timers.ts';
import { timersIn } from '../../../subgraphs/serve/workflow/timers.ts';
import { requestContent } from '../../helpers/information-request.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { readerOf } from '../../helpers/records.ts';
import { until } from '../../helpers/until.ts';
import { namesOf, noticesOf } from './inbox-of.ts';
import { askAt, makeMove, type Payload, type ShownRecord } from './moves-of.ts';

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const rules = workflowRulesOf('joint-unit');
const faults: unknown[] = [];
const log = { error: (details: object) => void faults.push(details) };

const purpose = 'incident-response' as const;
const csirt = (organisation: string) =>
  readerOf({ organisation, subject: organisation, roles: ['csirt-analyst'], purpose });
const asker = csirt('csirt-fr');
const german = csirt('csirt-de');
const polish = csirt('csirt-pl');

const at = (time: string) => new Date(`2026-11-03T${time}:00Z`);
const text = (time: string) => at(time).toISOString();
const reason = 'EXERCISE';
const answer = { text: reason, grading: 'B2', statementKind: 'fact' };

async function sent(more: object = { answerBy: text('16:00') }, addressees = ['csirt-de', 'csirt-pl']) {
  const content = requestContent(more);
  const now = { store, reader: asker, now: at('10:00') };
  const { record, userErrors } = await makeMove(now, 'InformationRequest', 'send', { content, addressees });
  expect(userErrors).toEqual([]);
  return record?.id ?? '';
}

async function asked(): Promise<string> {
  const content = {
    on: { kind: 'TAKEDOWN', what: 'EXERCISE: a server' },
    until: text('20:00'),
    contact: 'EXERCISE desk',
  };
  const input = { content, addressees: ['csirt-de'], act: reason, telephone: '+32 2 000 00 00' };
  const now = { store, reader: asker, now: at('10:00') };
  return (await makeMove(now, 'DeconflictionHold', 'ask', input)).record?.id ?? '';
}

async function move(reader: Reader, name: string, id: string, time: string, input: object = {}) {
  const type = id.slice(0, id.indexOf(':'));
  const { userErrors } = await makeMove({ store, reader, now: at(time) }, type, name, { id, ...input });
  expect(userErrors).toEqual([]);
}

/** Lets the clock run to an instant, and fires all that is due. */
async function passTo(now: Date): Promise<void> {
  while ((await fireDue(store, rules, now, log)).tried > 0);
}

/** Returns the notices on a record to a reader that no move gave, by their names and times. */
async function timed(reader: Reader, id: string): Promise<readonly string[]> {
  const notices = await noticesOf(store, reader, new Date('2026-11-20T00:00:00Z'), id);
  return notices
    .filter(({ event }) => event !== 'MOVE')
    .map((notice) => `${namesOf([notice]).join('')} ${String(notice['at']).slice(11, 16)}`)
    .toSorted();
}

/** Returns what is stored for the asker on a record, without the ids. */
const stored = async (record: string) => {
  const members = { _id: 0, admits: 0, admitsEarly: 0 };
  const rows = [store.connection.collection('notices'), store.connection.collection('parties')];
  const find = rows.map(
    async (one) =>
      await one.find({ record, party: 'csirt-fr' }).sort({ sortAt: 1 }).project(members).toArray(),
  );
  return JSON.stringify(await Promise.all(find))
    .replaceAll(record, '')
    .replaceAll(/"_id":"[^"]*"/g, '');
};

test('reminds an addressee, and shows the asker one outcome for each hidden reason', async () => {
  const [declined, nothing, silent] = [await sent(), await sent(), await sent()];
  for (const id of [declined, nothing, silent]) await move(polish, 'answer', id, '10:30', answer);
  await move(german, 'decline', declined, '11:00', { reason });
  await move(german, 'nothing', nothing, '12:30', { searched: reason });
  for (const time of ['12:59', '13:00', '14:29', '14:30', '15:59']) await passTo(at(time));
  for (const id of [declined, nothing, silent]) expect(await timed(asker, id)).toEqual([]);
  expect(await timed(german, silent)).toEqual(['csirt-de half 13:00', 'csirt-de three-quarters 14:30']);
  await passTo(at('16:03'));
  expect(await timed(german, silent)).toEqual([
    'csirt-de due 16:00',
    'csirt-de half 13:00',
    'csirt-de lapsed 16:00',
    'csirt-de three-quarters 14:30',
  ]);
  expect([await timed(german, declined), await timed(german, nothing)]).toEqual([[], []]);
  const shown = async (id: string) => {
    const notices = await noticesOf(store, asker, at('17:00'), id);
    return JSON.stringify(notices).replaceAll(id, '');
  };
  expect(await shown(silent)).toContain('no-information-provided');
  for (const id of [declined, nothing]) {
    expect(await shown(id)).toBe(await shown(silent));
    expect(await stored(id)).toBe(await stored(silent));
  }
  expect(faults).toEqual([]);
});

test('closes a request at its time without a reader, as a move with a history', async () => {
  const id = await sent();
  await passTo(new Date('2026-11-04T15:59:59Z'));
  const query = `query Q($id: ID!) { informationRequest(id: $id) {
    progress { state possibleMoves moves { move by { id } happenedAt recordedAt } }
  } }`;
  const progress = async () =>
    (
      await askAt<ShownRecord>({ store, reader: asker, now: new Date('2026-11-05T00:00:00Z') }, query, { id })
    )['progress'];
  expect(await progress()).toMatchObject({ state: 'SENT' });
  await passTo(new Date('2026-11-04T18:00:00Z'));
  expect(await progress()).toEqual({
    state: 'CLOSED',
    possibleMoves: [],
    moves: [
      expect.objectContaining({ move: 'send' }),
      {
        move: 'closeByClock',
        by: null,
        happenedAt: '2026-11-04T16:00:00.000Z',
        recordedAt: '2026-11-04T18:00:00.000Z',
      },
    ],
  });
  for (const reader of [asker, german, polish])
    expect(namesOf(await noticesOf(store, reader, new Date('2026-11-05T00:00:00Z'), id))).toContain(
      'closeByClock',
    );
  expect(await timersIn(store).countDocuments({ record: id })).toBe(0);
});

test('voids the timers of a time for answers that is extended, and of a request that is closed', async () => {
  const [extended, closed] = [await sent(), await sent()];
  await move(asker, 'extend', extended, '12:00', { answerBy: text('20:00'), reason });
  await move(asker, 'close', closed, '12:00');
  await passTo(at('17:00'));
  expect(await timed(asker, extended)).toEqual([]);
  expect(await timed(german, extended)).toEqual(['csirt-de half 16:00']);
  await passTo(at('21:00'));
  expect(await timed(asker, extended)).toEqual([
    'csirt-de no-information-provided 20:00',
    'csirt-pl no-information-provided 20:00',
  ]);
  await passTo(new Date('2026-11-05T00:00:00Z'));
  const names = namesOf(await noticesOf(store, german, new Date('2026-11-05T00:00:00Z'), closed));
  expect(names).not.toContain('closeByClock');
});

test('keeps the period of a reminder when a move keeps its end', async () => {
  const id = await sent();
  await passTo(at('13:00'));
  await move(german, 'ack', id, '14:00');
  await passTo(at('17:00'));
  expect(await timed(german, id)).toContain('csirt-de three-quarters 14:30');
  expect((await timed(german, id)).filter((name) => name.includes('half'))).toEqual(['csirt-de half 13:00']);
});

test('tells both sides that a hold was not answered, or that it ended', async () => {
  const [unanswered, agreed] = [await asked(), await asked()];
  await move(german, 'agree', agreed, '10:30', { scope: reason, until: text('18:30') });
  await passTo(at('19:00'));
  expect(await timed(asker, unanswered)).toEqual(['csirt-de unanswered 12:00']);
  expect(await timed(german, unanswered)).toEqual([
    'csirt-de due 12:00',
    'csirt-de half 11:00',
    'csirt-de three-quarters 11:30',
    'csirt-de unanswered 12:00',
  ]);
  expect(await timed(german, agreed)).toEqual(['csirt-de lapsed 18:30']);
  // The asker must extend the hold before its end.
  expect(await timed(asker, agreed)).toEqual([
    'csirt-de due 18:30',
    'csirt-de half 14:30',
    'csirt-de lapsed 18:30',
    'csirt-de three-quarters 16:30',
  ]);
});

test('does nothing for a record that was retracted', async () => {
  const id = await sent();
  const source = `mutation M($input: RetractRecordInput!) {
    retractJointUnitRecord(input: $input) { userErrors { code path } }
  }`;
  const input = { key: randomUUID(), id, expectedVersion: 1, reason };
  const retracted = await askAt<Payload>({ store, reader: asker, now: at('11:00') }, source, { input });
  expect(retracted.userErrors).toEqual([]);
  await passTo(new Date('2026-11-06T00:00:00Z'));
  expect(await noticesIn(store).countDocuments({ record: id, event: { $ne: 'move' } })).toBe(0);
  expect(await timersIn(store).countDocuments({ record: id })).toBe(0);
});

test('fires each of many timers once, in two processes at the same time', async () => {
  const other = openStore(own.uri, community.kinds, (error) => {
    throw error;
  });
  await other.connection.asPromise();
  const ids: string[] = [];
  for (let count = 0; count < 20; count += 1) ids.push(await sent());
  const pending = await timersIn(store).countDocuments({ record: { $in: ids } });
  const [before] = [await noticesIn(store).countDocuments({ record: { $in: ids } })];
  const now = new Date('2026-11-06T00:00:00Z');
  const run = async (one: CommunityStore) => {
    let sum = 0;
    for (;;) {
      const { tried, fired } = await fireDue(one, rules, now, log);
      sum += fired;
      if (tried === 0) return sum;
    }
  };
  const fired = await Promise.all([run(store), run(other)]);
  // Each request: three reminders and one change of state for two threads, and the move of the clock.
  expect([pending, fired.reduce((sum, one) => sum + one, 0)]).toEqual([20 * 9, 20 * 9]);
  // Of each request: three reminders and `lapsed` to each addressee, two outcomes to the asker, the move to all three.
  const after = await noticesIn(store).countDocuments({ record: { $in: ids } });
  expect(after - before).toBe(20 * 13);
  expect(faults).toEqual([]);
  await other.connection.close();
});

test('fires late timers after a restart, goes on after a timer that fails, and stops', async () => {
  const [id, hold] = [await sent(), await asked()];
  const [some] = await timersIn(store).find({ record: hold }).limit(1).toArray();
  if (some === undefined) throw new Error('expected a timer');
  await timersIn(store).insertOne({
    ...some,
    _id: 'broken',
    kind: 'Nothing',
    nextAt: at('09:00'),
  });
  const running = runTimers(store, rules, log, { now: () => new Date('2026-11-09T00:00:00Z'), everyMs: 10 });
  await until(
    'all timers but the broken one',
    async () => (await timersIn(store).countDocuments({ record: { $in: [id, hold] } })) === 1,
  );
  await running.stop();
  expect(faults).toEqual([expect.objectContaining({ timer: 'broken' })]);
  faults.length = 0;
  await timersIn(store).deleteOne({ _id: 'broken' });
  const later = await sent();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await timersIn(store).countDocuments({ record: later })).toBeGreaterThan(0);
});

test('runs a month of routine requests through', async () => {
  const ids: string[] = [];
  for (let count = 0; count < 3; count += 1) ids.push(await sent({ priority: 'ROUTINE' }, ['csirt-de']));
  for (let day = 3; day < 34; day += 1) await passTo(new Date(Date.UTC(2026, 10, day)));
  for (const id of ids) {
    expect((await timed(german, id)).length).toBe(4);
    expect(namesOf(await noticesOf(store, asker, new Date('2026-12-05T00:00:00Z'), id))).toEqual([
      'csirt-de no-information-provided',
      'closeByClock',
    ]);
  }
});

test('runs nothing for a community without workflows', async () => {
  const none = { ...rules, workflows: new Map() };
  const unreachable = {} as CommunityStore;
  await runTimers(unreachable, none, log).stop();
  expect(faults).toEqual([]);
});
