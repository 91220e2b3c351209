import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Trial } from '../../docker/trial/trial.ts';
import type { Asked } from '../helpers/ask.ts';
import { jointCasesIn } from '../helpers/joint-case.ts';
import { startExercise } from '../helpers/standing.ts';

/** A joint case that nobody classifies until the prompt, and two states that differ while a third states nothing, through the one endpoint. */

let trial: Trial;
let asked: Asked;

beforeAll(async () => {
  trial = await startExercise({});
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
}, 600_000);

afterAll(async () => await trial.stop());

const picture = 'exercise:trial-2026';
const reader = (as: string, purpose = 'incident-response') => ({ as, picture, purpose });
const french = reader('fr-csirt-analyst');
const polish = reader('pl-csirt-analyst');
const coordinator = reader('joint-coordinator', 'crisis-coordination');
const german = reader('police-de-duty-officer', 'criminal-investigation');
const italian = reader('it-cyclone-officer', 'crisis-coordination');

const { seenBy, move, made } = jointCasesIn(
  () => asked,
  `envelope { version } workflow
  threads { assessor { id } version value memberState }
  levels { differ stated { value organisations { id } } }
  prompt { memberStates { id } wouldTell }`,
);

const assessment = (state: string, value: string) => ({
  value,
  about: 'MEMBER_STATE',
  memberState: state,
  criteria: ['EXERCISE criterion'],
  at: new Date().toISOString(),
});

const invited = ['csirt-fr', 'csirt-pl', 'police-de'];

test('prompts while nobody classifies, then shows two states that differ, a third that states nothing, and tells a fourth nothing', async () => {
  const id = await made(coordinator, 'draft', {
    content: { case: 'JC-2026-0042', title: 'EXERCISE Blue Heron' },
    why: 'EXERCISE: two hospitals',
    proposedLead: 'joint-unit',
    reading: {
      marking: { tlp: 'AMBER' },
      audience: { reach: 'NAMED', organisations: ['joint-unit', ...invited] },
    },
  });
  await made(coordinator, 'open', {
    id,
    lead: 'joint-unit',
    invited,
    purposes: ['incident-response', 'criminal-investigation'],
    highestMarking: 'AMBER',
    nextReviewAt: new Date(Date.now() + 86_400_000).toISOString(),
  });
  await made(reader('csirt-fr-duty-officer'), 'join', { id });
  await made(reader('csirt-pl-duty-officer'), 'join', { id });
  await made(german, 'join', { id });
  await made(coordinator, 'activate', { id, reason: 'EXERCISE' });

  await made(french, 'assessLevel', { id, ...assessment('FR', 'INCIDENT') });
  expect((await seenBy(coordinator, id)).prompt).toBeNull();
  // No state says anything about another one.
  const { userErrors } = await move(polish, 'assessLevel', { id, ...assessment('FR', 'INCIDENT') });
  expect(userErrors).toEqual([expect.objectContaining({ message: expect.stringContaining('FR') })]);
  await made(polish, 'assessLevel', { id, ...assessment('PL', 'INCIDENT') });
  const { prompt, levels } = await seenBy(coordinator, id);
  expect(levels.differ).toBe(false);
  expect(prompt).toEqual({
    memberStates: [{ id: 'MemberState:FR' }, { id: 'MemberState:PL' }],
    wouldTell: expect.arrayContaining([expect.any(String)]),
  });

  const own = (await seenBy(french, id)).threads.find(
    ({ version }: { readonly version: number | null }) => version !== null,
  );
  const raised = {
    id,
    expectedVersion: own.version,
    value: 'SIGNIFICANT_INCIDENT',
    criteria: ['EXERCISE criterion'],
    at: new Date().toISOString(),
    reason: 'EXERCISE',
  };
  await made(french, 'reviseLevel', raised);
  const after = await seenBy(coordinator, id);
  expect([after.prompt, after.levels]).toEqual([
    null,
    {
      differ: true,
      stated: expect.arrayContaining([
        { value: 'SIGNIFICANT_INCIDENT', organisations: [{ id: 'Organisation:csirt-fr' }] },
        { value: 'INCIDENT', organisations: [{ id: 'Organisation:csirt-pl' }] },
      ]),
    },
  ]);

  // A third state takes part and states nothing, as for national security: its silence is no level, and prompts nobody.
  for (const who of [german, coordinator]) {
    const { threads, levels: stated } = await seenBy(who, id);
    expect(JSON.stringify([threads, stated])).not.toContain('police-de');
  }

  // A fourth state takes no part: it sees nothing, and cannot say anything.
  expect(await seenBy(italian, id)).toBeNull();
  const refusal = async (of: string) =>
    (await move(italian, 'assessLevel', { id: of, ...assessment('IT', 'LARGE_SCALE_INCIDENT') })).userErrors;
  expect(await refusal(id)).toEqual(await refusal(`JointCaseRecord:${randomUUID()}`));
}, 600_000);
