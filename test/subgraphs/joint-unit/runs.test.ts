import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { casesIn, refusedAs, secondLead, stranger } from './case-of.ts';
import { makeMove } from './moves-of.ts';
import {
  analyst,
  at,
  colleague,
  coordinator,
  desk,
  lead,
  leadOfficer,
  onlooker,
  runsIn,
  steps,
} from './run-of.ts';

/** Runs of procedures: the moves of their steps. */

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const { change, started, find, seen, step, move, abort, states } = runsIn(() => store);

const { move: moveCase } = casesIn(() => store);

const evidence = 'EXERCISE: message 17';
const reason = 'EXERCISE';
const telling = (text: string) => ({ message: expect.stringContaining(text) });

async function finished(id: string, name: string, time: string, by = analyst): Promise<void> {
  expect(await move(by, 'finish', id, time, { step: name, evidence })).toEqual([]);
}

test('copies the steps of the procedure with their due times, and each begins as its steps before allow', async () => {
  const id = await started();
  const run = await seen(onlooker, id, '03T13:01');
  expect(run).toMatchObject({ lead: { id: 'Organisation:enisa' }, eventAt: '2026-11-03T12:30:00.000Z' });
  expect(run.steps.map(({ no, action, dueAt }) => [no, action, dueAt])).toEqual([
    [1, steps[0]?.action, '2026-11-03T13:00:00.000Z'],
    [2, steps[1]?.action, '2026-11-03T13:30:00.000Z'],
    [3, steps[2]?.action, '2026-11-03T14:30:00.000Z'],
    [4, steps[3]?.action, '2026-11-04T12:30:00.000Z'],
  ]);
  expect(run.steps.map(({ mandatory }) => mandatory)).toEqual([false, true, false, false]);
  expect(
    run.threads.map(({ step: name, performer, performerPerson }) => [name, performer, performerPerson]),
  ).toEqual([
    ['step-1', 'csirt-fr', 'f-1'],
    ['step-2', 'csirt-fr', 'f-1'],
    ['step-3', 'csirt-pl', null],
    ['step-4', 'enisa', null],
  ]);
});

test('keeps the steps of a run when the procedure changes', async () => {
  const id = await started();
  const before = await seen(onlooker, id, '03T13:01');
  const { id: procedure } = before['procedure'] as { readonly id: string };
  const { record, userErrors } = await change(
    { ...analyst, organisation: 'joint-unit', roles: ['community-operator'] },
    'updateProcedure',
    {
      id: procedure,
      expectedVersion: 1,
      content: { title: { value: 'EXERCISE' }, trigger: 'EXERCISE', steps: [] },
    },
  );
  expect([record?.id, userErrors]).toEqual([procedure, []]);
  expect((await seen(onlooker, id, '03T13:01')).steps).toEqual(before.steps);
});

test('lets the performer alone move a step, and any person of an organisation that performs it', async () => {
  const id = await started();
  for (const other of [colleague, desk, lead, onlooker, { ...desk, subject: 'f-1' }])
    expect(await move(other, 'start', id, '03T13:01')).toEqual(refusedAs('NOT_ALLOWED'));
  expect((await step(analyst, id, '03T13:01', 'step-1')).possibleMoves).toEqual([
    'startStepProcedureRun',
    'finishStepProcedureRun',
    'offerStepProcedureRun',
    'skipStepProcedureRun',
    'failStepProcedureRun',
  ]);
  expect((await step(colleague, id, '03T13:01', 'step-1')).possibleMoves).toEqual([]);
  expect(await move(analyst, 'start', id, '03T13:01')).toEqual([]);
  await finished(id, 'step-1', '03T13:02');
  for (const person of [desk, { ...desk, subject: 'p-2' }])
    expect((await step(person, id, '03T13:03', 'step-3')).possibleMoves).toContain('startStepProcedureRun');
  await finished(id, 'step-3', '03T13:03', { ...desk, subject: 'p-2' });
});

test('refuses a step out of order with the numbers and actions of the open steps', async () => {
  const id = await started();
  const open = 'it depends on steps that are neither done nor skipped: 1 (EXERCISE: confirm the incident)';
  for (const name of ['start', 'finish'])
    expect(await move(analyst, name, id, '03T13:01', { step: 'step-2' })).toEqual(
      refusedAs('WRONG_STATE', { path: ['step'], message: open }),
    );
  expect(await move(lead, 'finish', id, '03T13:01', { step: 'step-4' })).toEqual(
    refusedAs('WRONG_STATE', telling('2 (EXERCISE: inform the network), 3 (EXERCISE: call the ministries)')),
  );
  expect(await move(colleague, 'finish', id, '03T13:01', { step: 'step-2' })).toEqual(
    refusedAs('NOT_ALLOWED'),
  );
  expect(await states(id, '03T13:01')).toEqual(['BEHIND', 'OVERDUE', 'WAITING', 'WAITING', 'WAITING']);
});

test('makes steps ready in the move that closes the last step before them, and completes the run', async () => {
  const id = await started();
  await finished(id, 'step-1', '03T13:01');
  expect(await states(id, '03T13:01')).toEqual(['RUNNING', 'DONE', 'READY', 'READY', 'WAITING']);
  await finished(id, 'step-3', '03T13:03', desk);
  expect((await step(lead, id, '03T13:03', 'step-4')).state).toBe('WAITING');
  await finished(id, 'step-2', '03T13:05');
  expect(await step(lead, id, '03T13:05', 'step-4')).toMatchObject({
    state: 'READY',
    since: '2026-11-03T13:05:00.000Z',
  });
  await finished(id, 'step-4', '03T13:06', { ...leadOfficer, subject: 'any' });
  const run = await seen(onlooker, id, '03T13:07');
  expect(run.progress).toMatchObject({ state: 'COMPLETED' });
  expect((run.progress['moves'] as Step[]).map((one) => [one['move'], one['by']])).toEqual([
    ['start', { id: 'Organisation:enisa' }],
    ['complete', null],
  ]);
  expect(await move(lead, 'reopen', id, '03T13:08', { step: 'step-4', reason })).toEqual(
    refusedAs('WRONG_STATE', telling('the run is over')),
  );
});

type Step = Readonly<Record<string, unknown>>;

test('needs the evidence that the step asks for', async () => {
  const id = await started();
  await finished(id, 'step-1', '03T13:01');
  expect(await move(analyst, 'finish', id, '03T13:02', { step: 'step-2' })).toEqual(
    refusedAs('INVALID', { path: ['evidence'] }),
  );
  await finished(id, 'step-2', '03T13:02');
  expect(await step(onlooker, id, '03T13:03', 'step-2')).toMatchObject({ state: 'DONE', evidence });
});

test('hands a step over to a person who accepts, and to nobody who cannot read the run', async () => {
  const id = await started();
  const offer = { recipient: 'csirt-pl', recipientPerson: 'p-1', note: 'EXERCISE' };
  expect(await move(analyst, 'offer', id, '03T13:01', { ...offer, recipient: 'csirt-ee' })).toEqual(
    refusedAs('INVALID', { path: ['recipient'] }),
  );
  expect(await move(analyst, 'offer', id, '03T13:01', offer)).toEqual([]);
  expect(await move({ ...desk, subject: 'p-2' }, 'accept', id, '03T13:02')).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await move(desk, 'accept', id, '03T13:02')).toEqual([]);
  expect(await step(onlooker, id, '03T13:03', 'step-1')).toMatchObject({
    performer: 'csirt-pl',
    performerPerson: 'p-1',
    recipient: null,
    recipientPerson: null,
  });
  expect(await move(analyst, 'finish', id, '03T13:03')).toEqual(refusedAs('NOT_ALLOWED'));
  await finished(id, 'step-1', '03T13:04', desk);
});

test('lets the recipient return a step, and the performer finish it while it is offered', async () => {
  const id = await started();
  const offer = { recipient: 'csirt-pl', note: 'EXERCISE' };
  expect(await move(analyst, 'offer', id, '03T13:01', offer)).toEqual([]);
  expect(await move(desk, 'return', id, '03T13:02', { reason })).toEqual([]);
  expect(await step(onlooker, id, '03T13:02', 'step-1')).toMatchObject({
    performer: 'csirt-fr',
    recipient: null,
  });
  expect(await move(desk, 'accept', id, '03T13:03')).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await move(analyst, 'offer', id, '03T13:03', offer)).toEqual([]);
  await finished(id, 'step-1', '03T13:04');
  expect((await step(desk, id, '03T13:05', 'step-1')).possibleMoves).toEqual([]);
});

test('skips a must step by two persons: the performer asks and the lead decides', async () => {
  const id = await started({
    performers: [
      { role: 'analyst', organisation: 'enisa', person: 'l' },
      { role: 'crisis desk', organisation: 'csirt-pl' },
    ],
  });
  const on = { step: 'step-2' };
  expect(await move(lead, 'skip', id, '03T13:01', { ...on, reason })).toEqual(
    refusedAs('WRONG_STATE', telling('its performer asks to skip it first')),
  );
  expect(await move(lead, 'askSkip', id, '03T13:01', { ...on, skipAsked: reason })).toEqual([]);
  expect(await move(lead, 'skip', id, '03T13:02', { ...on, reason })).toEqual(
    refusedAs('NOT_ALLOWED', telling('second person')),
  );
  for (const other of [coordinator, leadOfficer, stranger, desk])
    expect((await move(other, 'skip', id, '03T13:02', { ...on, reason }))[0]?.code).toMatch(/^NOT_/);
  expect(await move(secondLead, 'skip', id, '03T13:02', { ...on, reason })).toEqual([]);
  expect((await states(id, '03T13:02'))[2]).toBe('SKIPPED');
});

test('skips another step by its performer alone', async () => {
  const id = await started();
  expect(await move(lead, 'skip', id, '03T13:01', { reason })).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await move(analyst, 'askSkip', id, '03T13:01', { skipAsked: reason })).toEqual(
    refusedAs('NOT_ALLOWED'),
  );
  expect(await move(analyst, 'skip', id, '03T13:01', { reason })).toEqual([]);
  expect(await states(id, '03T13:01')).toEqual(['RUNNING', 'SKIPPED', 'READY', 'READY', 'WAITING']);
});

test('lets the lead retry a failed step, and nobody else', async () => {
  const id = await started();
  const failed = { reason, fallback: 'EXERCISE: telephone' };
  expect(await move(analyst, 'fail', id, '03T13:01', failed)).toEqual([]);
  expect((await states(id, '03T13:01'))[0]).toBe('RUNNING');
  for (const other of [analyst, coordinator, leadOfficer])
    expect(await move(other, 'retry', id, '03T13:02')).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await move(lead, 'retry', id, '03T13:02')).toEqual([]);
  expect(await states(id, '03T13:02')).toEqual(['BEHIND', 'OVERDUE', 'WAITING', 'WAITING', 'WAITING']);
});

test('flags the steps that started after a step that the lead opens again, and undoes none', async () => {
  const id = await started();
  await finished(id, 'step-1', '03T13:01');
  await finished(id, 'step-2', '03T13:02');
  expect(await move(desk, 'start', id, '03T13:03', { step: 'step-3' })).toEqual([]);
  expect(await move(analyst, 'reopen', id, '03T13:04', { reason })).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await move(lead, 'reopen', id, '03T13:04', { reason })).toEqual([]);
  const { threads } = await seen(onlooker, id, '03T13:05');
  expect(threads.map(({ state, flagged }) => [state, flagged])).toEqual([
    ['OVERDUE', false],
    ['DONE', true],
    ['STARTED', true],
    ['WAITING', false],
  ]);
  expect(await move(desk, 'finish', id, '03T13:06', { step: 'step-3' })).toEqual(
    refusedAs('WRONG_STATE', telling('1 (EXERCISE: confirm the incident)')),
  );
  await finished(id, 'step-1', '03T13:07');
  await finished(id, 'step-3', '03T13:08', desk);
  expect(await step(onlooker, id, '03T13:08', 'step-3')).toMatchObject({ state: 'DONE', flagged: false });
});

test('skips the open steps of a run that the lead aborts, with its reason', async () => {
  const id = await started();
  await finished(id, 'step-1', '03T13:01');
  for (const other of [analyst, coordinator, leadOfficer, { ...desk, offices: lead.offices }])
    expect(await abort(other, id, '03T13:02')).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await abort(lead, id, '03T13:02')).toEqual([]);
  expect(await states(id, '03T13:03')).toEqual(['ABORTED', 'DONE', 'SKIPPED', 'SKIPPED', 'SKIPPED']);
  expect(await step(onlooker, id, '03T13:03', 'step-4')).toMatchObject({ reason: 'EXERCISE: false alarm' });
  expect(await move(analyst, 'start', id, '03T13:04', { step: 'step-2' })).toEqual(refusedAs('WRONG_STATE'));
});

test('lets the organisation that takes the lead of the case lead its runs', async () => {
  const id = await started();
  const { id: ofCase } = (await seen(onlooker, id, '03T13:01'))['caseRecord'] as { readonly id: string };
  const next = { ...desk, offices: lead.offices };
  expect(await abort(next, id, '03T13:01')).toEqual(refusedAs('NOT_ALLOWED'));
  const offer = { organisation: 'csirt-pl', note: reason };
  expect(await moveCase(lead, 'offerLead', ofCase, '03T13:02', offer)).toEqual([]);
  expect(await moveCase(next, 'takeLead', ofCase, '03T13:03')).toEqual([]);
  expect(await abort(lead, id, '03T13:04')).toEqual(refusedAs('NOT_ALLOWED'));
  expect((await seen(next, id, '03T13:04')).progress.possibleMoves).toEqual(['abortProcedureRun']);
  expect(await move(analyst, 'fail', id, '03T13:04', { reason, fallback: reason })).toEqual([]);
  expect(await move(lead, 'retry', id, '03T13:05')).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await move(next, 'retry', id, '03T13:05')).toEqual([]);
  expect(await abort(next, id, '03T13:06')).toEqual([]);
});

test('shows nothing of a run to a reader outside it, and answers as for nothing', async () => {
  const id = await started();
  expect(await find(stranger, id, '03T13:01')).toBeNull();
  const given = { id, step: 'step-1', expectedVersion: 1 };
  const on = { store, reader: stranger, now: at('03T13:01') };
  const answer = await makeMove(on, 'ProcedureRun', 'startStep', given);
  expect(answer).toEqual(
    await makeMove(on, 'ProcedureRun', 'startStep', { ...given, id: 'ProcedureRun:none' }),
  );
  expect(answer.userErrors).toEqual(refusedAs('NOT_FOUND'));
});
