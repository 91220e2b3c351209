import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Trial } from '../../docker/trial/trial.ts';
import { type As, ask, type Asked } from '../helpers/ask.ts';
import { sendMove } from '../helpers/send-move.ts';
import { startExercise } from '../helpers/standing.ts';

/** A run of a procedure in the hands of three organisations, from its start to its end, through the one endpoint. */

let trial: Trial;
let asked: Asked;

beforeAll(async () => {
  trial = await startExercise({});
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
}, 600_000);

afterAll(async () => await trial.stop());

const picture = 'exercise:trial-2026';
const reader = (as: string, purpose = 'incident-response') => ({ as, picture, purpose });
const operator = reader('joint-unit-operator', 'crisis-coordination');
const coordinator = reader('joint-coordinator', 'crisis-coordination');
const french = reader('fr-csirt-analyst');
const secondFrench = reader('fr-csirt-analyst-2');
const polish = reader('pl-csirt-analyst');
const italian = reader('it-cyclone-officer', 'crisis-coordination');
/** The subject of the French analyst's token. */
const frenchSubject = 'u-5e6c27a0f18d';

const organisations = ['joint-unit', 'csirt-fr', 'csirt-pl'];
const reading = { marking: { tlp: 'AMBER' }, audience: { reach: 'NAMED', organisations } };
const reason = 'EXERCISE';

const steps = [
  { no: 1, role: 'analyst', action: 'EXERCISE: confirm the incident', dueWithin: 'PT30M' },
  { no: 2, role: 'analyst', action: 'EXERCISE: inform the network', dependsOn: [1], mandatory: true },
  { no: 3, role: 'partner', action: 'EXERCISE: call the ministries', dueWithin: 'PT2H', dependsOn: [1] },
  { no: 4, role: 'partner', action: 'EXERCISE: collect the indicators', evidence: reason, dependsOn: [2, 3] },
  { no: 5, action: 'EXERCISE: write the summary', dueWithin: 'P1D', dependsOn: [4] },
];

async function made(who: As, mutation: string, input: object): Promise<string> {
  const { record, userErrors } = await sendMove(asked, who, mutation, input);
  expect([mutation, userErrors]).toEqual([mutation, []]);
  return record.id;
}

async function openCase(): Promise<string> {
  const id = await made(coordinator, 'draftJointCaseRecord', {
    content: { case: 'JC-2026-0043', title: 'EXERCISE Grey Heron' },
    why: reason,
    proposedLead: 'joint-unit',
    reading,
  });
  await made(coordinator, 'openJointCaseRecord', {
    id,
    expectedVersion: 1,
    lead: 'joint-unit',
    invited: ['csirt-fr', 'csirt-pl'],
    purposes: ['incident-response'],
    highestMarking: 'AMBER',
    nextReviewAt: new Date(Date.now() + 86_400_000).toISOString(),
  });
  return id;
}

const query = `query R($id: ID!) { procedureRun(id: $id) {
  lead { id } steps { no dueAt } progress { state moves { move } }
  threads { step version state performer performerPerson possibleMoves }
} }`;

async function seenBy(who: As, id: string) {
  return (await ask(asked, who, query, { id })).body.data.procedureRun;
}

type Thread = { readonly step: string; readonly version: number; readonly state: string };

/** Makes a move of a step on its current version. Returns the reasons of a refusal. */
async function move(who: As, name: string, id: string, step: string, input: object = {}) {
  const { threads } = await seenBy(coordinator, id);
  const { version: expectedVersion } = (threads as readonly Thread[]).find((one) => one.step === step) ?? {};
  const given = { id, step, expectedVersion, ...input };
  return (await sendMove(asked, who, `${name}StepProcedureRun`, given)).userErrors;
}

async function statesOf(id: string): Promise<readonly string[]> {
  const { progress, threads } = await seenBy(coordinator, id);
  return [progress.state, ...(threads as readonly Thread[]).map(({ state }) => state)];
}

test('runs a procedure of five steps in the hands of three organisations', async () => {
  const caseRecord = await openCase();
  const procedure = await made(operator, 'createProcedure', {
    content: { title: { value: 'EXERCISE', lang: 'en' }, trigger: reason, steps },
    reading,
  });
  const start = {
    content: {
      procedure,
      caseRecord,
      event: 'EXERCISE: an early warning',
      eventAt: new Date(Date.now() - 60_000).toISOString(),
      performers: [
        { role: 'analyst', organisation: 'csirt-fr', person: frenchSubject },
        { role: 'partner', organisation: 'csirt-pl' },
      ],
    },
    reading,
  };
  // A person outside gets the answer for a procedure that does not exist.
  const refusal = async (of: string) =>
    (
      await sendMove(asked, italian, 'startProcedureRun', {
        ...start,
        content: { ...start.content, procedure: of },
      })
    ).userErrors;
  expect(await refusal(procedure)).toEqual(await refusal(`Procedure:${randomUUID()}`));
  const id = await made(coordinator, 'startProcedureRun', start);
  expect(await seenBy(italian, id)).toBeNull();
  expect(await statesOf(id)).toEqual(['RUNNING', 'READY', 'WAITING', 'WAITING', 'WAITING', 'WAITING']);

  expect(await move(polish, 'finish', id, 'step-3')).toEqual([
    {
      code: 'WRONG_STATE',
      path: ['step'],
      message: 'it depends on steps that are neither done nor skipped: 1 (EXERCISE: confirm the incident)',
    },
  ]);
  for (const other of [secondFrench, polish, coordinator])
    expect(await move(other, 'finish', id, 'step-1')).toEqual([
      expect.objectContaining({ code: 'NOT_ALLOWED' }),
    ]);
  expect(await move(french, 'finish', id, 'step-1')).toEqual([]);

  expect(await move(french, 'skip', id, 'step-2', { reason })).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED' }),
  ]);
  expect(await move(french, 'askSkip', id, 'step-2', { skipAsked: reason })).toEqual([]);
  expect(await move(coordinator, 'skip', id, 'step-2', { reason })).toEqual([]);
  expect(await move(polish, 'finish', id, 'step-3')).toEqual([]);
  expect(await statesOf(id)).toEqual(['RUNNING', 'DONE', 'SKIPPED', 'DONE', 'READY', 'WAITING']);

  const offer = { recipient: 'csirt-fr', recipientPerson: frenchSubject, note: reason };
  expect(await move(polish, 'offer', id, 'step-4', { ...offer, recipient: 'crisis-it' })).toEqual([
    expect.objectContaining({ code: 'INVALID', path: ['recipient'] }),
  ]);
  expect(await move(polish, 'offer', id, 'step-4', offer)).toEqual([]);
  expect(await move(french, 'accept', id, 'step-4')).toEqual([]);
  expect(await move(polish, 'finish', id, 'step-4')).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED' }),
  ]);
  expect(await move(french, 'finish', id, 'step-4', { evidence: reason })).toEqual([]);
  expect(await move(coordinator, 'finish', id, 'step-5')).toEqual([]);
  expect(await statesOf(id)).toEqual(['COMPLETED', 'DONE', 'SKIPPED', 'DONE', 'DONE', 'DONE']);
  expect((await seenBy(polish, id)).progress.moves).toEqual([{ move: 'start' }, { move: 'complete' }]);
  expect(await seenBy(italian, id)).toBeNull();
}, 600_000);
