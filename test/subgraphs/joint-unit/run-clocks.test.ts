import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { deadlinesKey } from '../../../schema/workflow/deadline-key.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { workflowRulesOf } from '../../../subgraphs/serve/workflow/rules.ts';
import { fireDue } from '../../../subgraphs/serve/workflow/run-timers.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { stranger } from './case-of.ts';
import { noticesOf } from './inbox-of.ts';
import { askAt } from './moves-of.ts';
import { analyst, at, desk, lead, onlooker, runsIn } from './run-of.ts';

/** The clocks of a run: steps that are overdue, handovers that nobody accepts, and what is due for whom. */

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const { started, seen, step, move, states } = runsIn(() => store);
const faults: unknown[] = [];
const log = { error: (details: object) => void faults.push(details) };

async function fireAt(time: string): Promise<void> {
  await fireDue(store, workflowRulesOf('joint-unit'), at(time), log);
  expect(faults).toEqual([]);
}

/** Returns the notices of a reader on a run, by the part and the event. */
async function told(reader: Reader, id: string, time: string): Promise<readonly string[]> {
  const notices = await noticesOf(store, reader, at(time), id);
  return notices.map(({ workflow, event, name }) => `${String(workflow)} ${event} ${name}`);
}

const isReturn = (name: string): boolean => name.endsWith(' returnByClock');

test('returns a step that nobody accepts in 15 minutes, once, and informs the performer and the lead', async () => {
  const id = await started();
  const offer = { recipient: 'csirt-pl', recipientPerson: 'p-1', note: 'EXERCISE' };
  expect(await move(analyst, 'offer', id, '03T13:10', offer)).toEqual([]);
  await fireAt('03T13:24');
  expect((await step(onlooker, id, '03T13:24', 'step-1')).recipient).toBe('csirt-pl');
  await fireAt('03T13:25');
  await fireAt('03T13:26');
  expect(await step(analyst, id, '03T13:26', 'step-1')).toMatchObject({
    performer: 'csirt-fr',
    performerPerson: 'f-1',
    recipient: null,
    recipientPerson: null,
  });
  for (const reader of [analyst, lead])
    expect((await told(reader, id, '03T13:30')).filter(isReturn)).toHaveLength(1);
  expect(await move(desk, 'accept', id, '03T13:27')).toHaveLength(1);
  expect(await move(analyst, 'start', id, '03T13:27')).toEqual([]);
});

test('shows a step as overdue and its run as behind, and informs the performer and the lead once', async () => {
  const id = await started();
  // Step 1 was due at 13:00, the time of the start; step 2 is due at 13:30.
  expect(await move(analyst, 'finish', id, '03T13:05')).toEqual([]);
  expect(await states(id, '03T13:29')).toEqual(['RUNNING', 'DONE', 'READY', 'READY', 'WAITING']);
  expect(await states(id, '03T13:30')).toEqual(['BEHIND', 'DONE', 'OVERDUE', 'READY', 'WAITING']);
  await fireAt('03T13:31');
  await fireAt('03T13:40');
  const overdue = 'procedure-step STATE overdue';
  for (const reader of [analyst, lead])
    expect((await told(reader, id, '03T13:41')).filter((name) => name === overdue)).toHaveLength(1);
  expect((await told(desk, id, '03T13:41')).filter((name) => name === overdue)).toEqual([]);
  expect(
    (await told(lead, id, '03T13:41')).filter((name) => name === 'procedure-run STATE behind'),
  ).toHaveLength(1);
  expect((await seen(lead, id, '03T13:41')).steps[1]).toMatchObject({ ifMissed: 'EXERCISE: call the chair' });
  expect(await move(analyst, 'finish', id, '03T13:42', { step: 'step-2', evidence: 'EXERCISE' })).toEqual([]);
  expect(await states(id, '03T13:42')).toEqual(['RUNNING', 'DONE', 'DONE', 'READY', 'WAITING']);
});

test('lists the steps among the tasks and the deadlines of their performers', async () => {
  const id = await started();
  const source = `query Q($representations: [_Any!]!) { _entities(representations: $representations) {
    ... on Tasks { jointUnit(first: 100) { recordId part mutations } }
    ... on Deadlines { jointUnit(first: 100) { recordId part name dueAt obliged { id } } }
  } }`;
  const listed = async (reader: Reader, entity: object) => {
    const now = { store, reader, now: at('03T13:01') };
    const [found] = await askAt<readonly { readonly jointUnit: readonly Listed[] }[]>(now, source, {
      representations: [entity],
    });
    return found?.jointUnit.filter(({ recordId }) => recordId === id) ?? [];
  };
  const tasks = { __typename: 'Tasks', id: 'Tasks:own' };
  expect(await listed(analyst, tasks)).toContainEqual(
    expect.objectContaining({
      part: 'step-1',
      mutations: expect.arrayContaining(['finishStepProcedureRun']),
    }),
  );
  expect((await listed(desk, tasks)).filter(({ part }) => part === 'step-1')).toEqual([]);
  const period = { __typename: 'Deadlines', id: deadlinesKey({ from: at('03T13:02'), to: at('03T20:00') }) };
  expect((await listed(analyst, period)).filter(({ part }) => part === 'step-2')).toEqual([
    expect.objectContaining({
      name: 'overdue',
      dueAt: '2026-11-03T13:30:00.000Z',
      obliged: { id: 'Organisation:csirt-fr' },
    }),
  ]);
  expect((await listed(desk, period)).filter(({ part }) => part === 'step-3')).toEqual([
    expect.objectContaining({ dueAt: '2026-11-03T14:30:00.000Z', obliged: { id: 'Organisation:csirt-pl' } }),
  ]);
  for (const entity of [tasks, period]) expect(await listed(stranger, entity)).toEqual([]);
});

type Listed = { readonly recordId: string; readonly part: string | null } & Readonly<Record<string, unknown>>;
