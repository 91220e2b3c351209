import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { deadlinesKey, findWrongPeriod, readPeriod } from '../../../schema/workflow/deadline-key.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { workflowRulesOf } from '../../../subgraphs/serve/workflow/rules.ts';
import { fireDue } from '../../../subgraphs/serve/workflow/run-timers.ts';
import { requestContent } from '../../helpers/information-request.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { readerOf } from '../../helpers/records.ts';
import { namesOf, noticesOf } from './inbox-of.ts';
import { askAt, makeMove } from './moves-of.ts';

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const purpose = 'incident-response' as const;
const csirt = (organisation: string) =>
  readerOf({ organisation, subject: organisation, roles: ['csirt-analyst'], purpose });
const asker = csirt('csirt-fr');
const german = csirt('csirt-de');
const polish = csirt('csirt-pl');
const at = (time: string) => new Date(`2026-11-03T${time}:00Z`);
const answerBy = '2026-11-03T16:00:00.000Z';
const reason = 'EXERCISE';

async function sent(reader: Reader, addressees: readonly string[], reading: object | null = null) {
  const content = requestContent({ answerBy });
  const now = { store, reader, now: at('10:00') };
  const input = { content, addressees, reading };
  const { record, userErrors } = await makeMove(now, 'InformationRequest', 'send', input);
  expect(userErrors).toEqual([]);
  return record?.id ?? '';
}

async function move(reader: Reader, name: string, id: string, time: string, input: object) {
  const given = { id, ...input };
  const { userErrors } = await makeMove({ store, reader, now: at(time) }, 'InformationRequest', name, given);
  expect(userErrors).toEqual([]);
}

type Item = { readonly recordId: string } & Readonly<Record<string, unknown>>;

async function listed(reader: Reader, time: string, entity: object, fields: string, first = 100) {
  const source = `query Q($representations: [_Any!]!) { _entities(representations: $representations) {
    ... on Tasks { tasks: jointUnit(first: ${first}) { recordId thread { id } mutations informationRequest { id } } }
    ... on Deadlines { deadlines: jointUnit(first: ${first}) { ${fields} } }
  } }`;
  const now = { store, reader, now: at(time) };
  const [found] = await askAt<readonly Readonly<Record<string, readonly Item[] | null>>[]>(now, source, {
    representations: [entity],
  });
  return found?.['tasks'] ?? found?.['deadlines'] ?? null;
}

async function tasks(reader: Reader, time: string, first?: number) {
  return await listed(reader, time, { __typename: 'Tasks', id: 'Tasks:own' }, 'recordId', first);
}

const day = { from: at('00:00'), to: new Date('2026-11-05T00:00:00Z') };

async function deadlines(reader: Reader, time: string, id = deadlinesKey(day)) {
  const fields = 'recordId thread { id } workflow event name dueAt obliged { id }';
  return await listed(reader, time, { __typename: 'Deadlines', id }, fields);
}

test('lists what a reader can do now, by the names of the mutations', async () => {
  const id = await sent(asker, ['csirt-de', 'csirt-pl']);
  expect(await tasks(german, '10:01')).toEqual([
    {
      recordId: id,
      thread: { id: 'Organisation:csirt-de' },
      mutations: ['ack', 'answer', 'partly', 'decline', 'nothing'].map((name) => `${name}InformationRequest`),
      informationRequest: { id },
    },
  ]);
  expect((await tasks(asker, '10:01'))?.map(({ thread, mutations }) => [thread, mutations])).toEqual([
    [null, ['extend', 'cancel', 'close'].map((name) => `${name}InformationRequest`)],
  ]);
  await move(german, 'decline', id, '11:00', { reason });
  expect((await tasks(german, '11:01'))?.map(({ mutations }) => mutations)).toEqual([
    ['revealInformationRequest'],
  ]);
  expect(await tasks({ ...german, picture: 'exercise:e-1' }, '11:01')).toEqual([]);
  expect(await tasks({ ...german, purpose: null }, '11:01')).toEqual([]);
  expect(await tasks({ ...german, roles: ['csirt-analyst', 'external-auditor'] }, '11:01')).toBeNull();
  await sent(asker, ['csirt-pl']);
  expect(await tasks(polish, '10:01', 1)).toHaveLength(1);
});

test('shows the asker the same deadline, whether an addressee declined, holds nothing or stays silent', async () => {
  const reader = csirt('csirt-at');
  const ids = await Promise.all([0, 1, 2].map(async () => await sent(reader, ['csirt-it'])));
  const [declined = '', nothing = '', silent = ''] = ids;
  const italian = csirt('csirt-it');
  await move(italian, 'decline', declined, '11:00', { reason });
  await move(italian, 'nothing', nothing, '11:00', { searched: reason });
  const found = (await deadlines(reader, '12:00')) ?? [];
  const of = (id: string) =>
    found.filter(({ recordId }) => recordId === id).map(({ recordId: _id, ...rest }) => rest);
  expect(of(silent)).toEqual([
    {
      thread: { id: 'Organisation:csirt-it' },
      workflow: 'information-thread',
      event: 'STATE',
      name: 'no-information-provided',
      dueAt: answerBy,
      obliged: null,
    },
    {
      thread: null,
      workflow: 'information-request',
      event: 'MOVE',
      name: 'closeByClock',
      dueAt: '2026-11-04T16:00:00.000Z',
      obliged: null,
    },
  ]);
  expect(of(declined)).toEqual(of(silent));
  expect(of(nothing)).toEqual(of(silent));
  const times = found.map(({ dueAt }) => String(dueAt));
  expect(times).toEqual(times.toSorted());
  const mine = (await deadlines(italian, '12:00')) ?? [];
  expect(mine.filter(({ event }) => event === 'STATE')).toEqual([
    {
      recordId: silent,
      thread: { id: 'Organisation:csirt-it' },
      workflow: 'information-thread',
      event: 'STATE',
      name: 'lapsed',
      dueAt: answerBy,
      obliged: { id: 'Organisation:csirt-it' },
    },
  ]);
});

test('hides a deadline that depends on a hidden portion', async () => {
  const reader = csirt('csirt-ie');
  const marking = { tlp: 'AMBER_STRICT' };
  const reading = {
    marking: { tlp: 'AMBER' },
    audience: { reach: 'NAMED', organisations: ['csirt-ie', 'csirt-se'] },
    portions: [{ path: 'answerBy', marking, audience: { reach: 'NAMED', organisations: ['csirt-ie'] } }],
  };
  const id = await sent(reader, ['csirt-se'], reading);
  const addressee = csirt('csirt-se');
  expect(await deadlines(addressee, '11:00')).toEqual([]);
  // The times of reminders would tell it too.
  await fireDue(store, workflowRulesOf('joint-unit'), at('17:00'), { error: () => undefined });
  expect(namesOf(await noticesOf(store, addressee, at('17:00'), id))).toEqual(['csirt-se send']);
  expect(namesOf(await noticesOf(store, reader, at('17:00'), id))).toEqual([
    'csirt-se no-information-provided',
  ]);
  expect((await deadlines(reader, '11:00'))?.map(({ recordId }) => recordId)).toEqual([id, id]);
});

test('takes a period of 400 days at most that ends after its start', async () => {
  const from = new Date('2026-01-01T00:00:00Z');
  const after = (days: number) => ({ from, to: new Date(from.getTime() + days * 86_400_000) });
  expect([0, 400].map((days) => findWrongPeriod(after(days)))).toEqual([null, null]);
  expect([-1, 401].map((days) => findWrongPeriod(after(days)))).toEqual([
    'to: expected a time that is not before from',
    'to: expected at most 400 days after from',
  ]);
  expect(readPeriod(deadlinesKey(after(3)))).toEqual(after(3));
  for (const key of ['Deadlines:x', deadlinesKey(after(401)), `${deadlinesKey(after(1))}/x`, 'Tasks:own']) {
    expect(readPeriod(key)).toBeNull();
    await expect(deadlines(german, '11:00', key)).rejects.toThrow('expected a period');
  }
});
