import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import { progressIn } from '../../../subgraphs/serve/workflow/progress-store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { readerOf } from '../../helpers/records.ts';
import { askAt, makeMove, type Payload } from './moves-of.ts';

/** The records that plans and their moves name: a version that is replaced, and the exercise that tested the plan. */

let own: OwnStore;
beforeAll(async () => (own = await openOwnStore('joint-unit', community.kinds)));
afterAll(async () => await own.stop());

const at = (time: string) => new Date(`2026-11-${time}:00Z`);
const planner = readerOf({
  organisation: 'crisis-pl',
  subject: 'p-1',
  roles: ['cyclone-officer'],
  memberState: 'PL',
});
const second = { ...planner, subject: 'p-2' };
const director = readerOf({ organisation: 'enisa', subject: 'd-1', roles: ['exercise-director'] });
const operator = readerOf({
  organisation: 'joint-unit',
  subject: 'o-1',
  roles: ['community-operator'],
  memberState: null,
});
const exercise = 'exercise:e-1';
const audience = { reach: 'NAMED', organisations: ['enisa', 'crisis-pl'] };
const reading = { marking: { tlp: 'AMBER' }, audience };
const refusedAt = (...path: readonly string[]) => [expect.objectContaining({ code: 'INVALID', path })];

async function tryDraft(content: object = {}, reader: Reader = planner): Promise<Payload> {
  const plan = { title: { value: 'EXERCISE', lang: 'en' }, kind: 'NATIONAL', memberState: 'PL' };
  const input = { content: { ...plan, basis: 'EXERCISE', ...content }, reading };
  return await makeMove({ store: own.store, reader, now: at('03T10:00') }, 'ResponsePlan', 'draft', input);
}

async function draft(reader: Reader = planner): Promise<string> {
  const { record, userErrors } = await tryDraft({}, reader);
  expect(userErrors).toEqual([]);
  return record?.id ?? '';
}

async function move(reader: Reader, name: string, id: string, expectedVersion: number, input: object) {
  const given = { id, expectedVersion, ...input };
  const now = { store: own.store, reader, now: at('14T10:00') };
  return (await makeMove(now, 'ResponsePlan', name, given)).userErrors;
}

/** Returns a plan that is in force, in version 3. */
async function inForce(): Promise<string> {
  const id = await draft();
  const adopted = { adoptedAt: '2026-11-01T00:00:00.000Z', body: 'EXERCISE', reference: 'EXERCISE' };
  expect(await move(planner, 'adopt', id, 1, adopted)).toEqual([]);
  expect(await move(planner, 'force', id, 2, { runningChecklists: 'EXERCISE' })).toEqual([]);
  const stored = await progressIn(own.store).findOne({ _id: id });
  const proposal = stored?.proposals?.[0]?.id;
  expect(await move(second, 'confirmProposed', id, 2, { proposal })).toEqual([]);
  return id;
}

async function tested(id: string, by: string, reader: Reader = director) {
  return await move(reader, 'tested', id, 3, { exercise: by, parts: ['EXERCISE'] });
}

/** Enters an exercise that was evaluated, for the readers of the plans. */
async function exercisePlan(content: object = {}, more: object = {}, picture = 'real'): Promise<string> {
  const mutation = `mutation C($input: CreateExercisePlanInput!) {
    createExercisePlan(input: $input) { record { id } userErrors { code message } }
  }`;
  const evaluated = { series: 'EXERCISE', kind: 'TABLE_TOP', state: 'EVALUATED', ...content };
  const input = { key: randomUUID(), content: evaluated, reading: { ...reading, ...more } };
  const by = { store: own.store, reader: { ...operator, picture } as Reader, now: at('03T10:00') };
  const { record, userErrors } = await askAt<Payload>(by, mutation, { input });
  expect(userErrors).toEqual([]);
  return record?.id ?? '';
}

test('takes the time of the last exercise from the director of an exercise only', async () => {
  const id = await inForce();
  expect(await tested(id, await exercisePlan({ state: 'RUNNING' }))).toEqual(refusedAt('exercise'));
  const evaluated = await exercisePlan();
  expect(await tested(id, evaluated, planner)).toEqual([expect.objectContaining({ code: 'NOT_ALLOWED' })]);
  expect(await tested(id, evaluated)).toEqual([]);
  expect((await progressIn(own.store).findOne({ _id: id }))?.progress.facts).toMatchObject({
    lastExercised: at('14T10:00'),
  });
});

test('takes an exercise that its director may not read for one that does not exist', async () => {
  const id = await inForce();
  const others = { audience: { ...audience, organisations: ['crisis-pl'] } };
  const portions = [{ path: 'state', marking: { tlp: 'AMBER_STRICT' }, ...others }];
  const answers = [
    await tested(id, 'ExercisePlan:00000000-0000-4000-8000-000000000007'),
    await tested(id, await exercisePlan({}, others)),
    await tested(id, await exercisePlan({}, { portions })),
    await tested(id, await exercisePlan({}, {}, exercise)),
  ];
  expect(answers[0]).toEqual(refusedAt('exercise'));
  expect(answers).toEqual(answers.map(() => answers[0]));
});

test('takes a plan of another picture for one that does not exist', async () => {
  const inExercise = { ...planner, picture: exercise } as Reader;
  const parent = await draft(inExercise);
  const missing = await tryDraft({ parent: 'ResponsePlan:00000000-0000-4000-8000-000000000000' });
  expect(missing.userErrors).toEqual(refusedAt('content', 'parent'));
  expect((await tryDraft({ parent })).userErrors).toEqual(missing.userErrors);
  expect((await tryDraft({ parent }, inExercise)).userErrors).toEqual([]);
});
