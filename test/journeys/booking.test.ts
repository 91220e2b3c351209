import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Trial } from '../../docker/trial/trial.ts';
import { type As, ask, type Asked } from '../helpers/ask.ts';
import { sendMove } from '../helpers/send-move.ts';
import { startExercise } from '../helpers/standing.ts';

/** An expert whom two desks want at once, through a hub of two processes. */

let trial: Trial;
let asked: Asked;

beforeAll(async () => {
  trial = await startExercise({ env: { JCU_PROCESSES: '2' } });
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
});

afterAll(async () => await trial.stop());

const picture = 'exercise:trial-2026';
const reader = (as: string, purpose = 'incident-response') => ({ as, picture, purpose });
const operator = reader('joint-unit-operator', 'crisis-coordination');
const provider = reader('reserve-provider');
const state = (code: string, organisation: string) => ({
  organisation,
  analyst: reader(`${code}-csirt-analyst`),
  contactPoint: reader(`${code}-contact-point`),
});
const [french, polish] = [state('fr', 'csirt-fr'), state('pl', 'csirt-pl')];
type State = typeof french;

const organisations = ['csirt-fr', 'csirt-pl', 'leuchtfeuer-security', 'joint-unit'];
const reading = { marking: { tlp: 'AMBER' }, audience: { reach: 'NAMED', organisations } };
const dayMs = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * dayMs).toISOString();

async function enteredTeam(name: string): Promise<string> {
  const text = `mutation C($input: CreateResponseTeamInput!) {
    createResponseTeam(input: $input) { record { id } userErrors { code path message } }
  }`;
  const members = [{ pseudonym: 'EX-M7', profile: 'forensics', languages: ['fr', 'pl'] }];
  const content = { name, kind: 'MUTUAL_ASSISTANCE', provider: 'leuchtfeuer-security', members };
  const input = { key: randomUUID(), content, reading };
  const { body } = await ask(asked, operator, text, { input });
  const { record, userErrors } = body.data.createResponseTeam;
  expect(userErrors).toEqual([]);
  return record.id;
}

/** Returns a mobilisation that one state asked for and another one accepted. */
async function accepted(by: State, asker: State): Promise<string> {
  const drafted = await sendMove(asked, asker.analyst, 'draftMobilisation', {
    content: { mechanism: 'MUTUAL_ASSISTANCE', via: asker.organisation, profilesNeeded: ['forensics'] },
    decider: by.organisation,
    reading,
  });
  expect(drafted.userErrors).toEqual([]);
  const { id } = drafted.record;
  const texts = ['EXERCISE'];
  const accept = { to: 'ACCEPTED', services: texts, provider: 'leuchtfeuer-security', from: inDays(1) };
  const steps: readonly [As, string, object][] = [
    [asker.contactPoint, 'requestMobilisation', { estimatedNeeds: 'EXERCISE' }],
    [by.contactPoint, 'assessMobilisation', { criteria: texts, available: texts, reasons: texts }],
    [by.analyst, 'acceptMobilisation', accept],
  ];
  for (const [at, [who, mutation, input]] of steps.entries())
    expect(await sendMove(asked, who, mutation, { id, expectedVersion: at + 1, ...input })).toMatchObject({
      userErrors: [],
    });
  return id;
}

async function unitOf(who: As, id: string) {
  const text = `query Q($id: ID!) { responseTeam(id: $id) {
    members { pseudonym } threads { unit version state mobilisation until possibleMoves moves { move } }
  } }`;
  return (await ask(asked, who, text, { id })).body.data.responseTeam.threads[0];
}

test('lets one of two desks book an expert who is in two teams', async () => {
  const teams = [await enteredTeam('EXERCISE: team one'), await enteredTeam('EXERCISE: team two')] as const;
  const desks = [
    { desk: french, team: teams[0], mobilisation: await accepted(french, polish) },
    { desk: polish, team: teams[1], mobilisation: await accepted(polish, french) },
  ];
  const period = { from: inDays(2), until: inDays(9) };
  const outcomes = await Promise.all(
    desks.map(async (one) => {
      const { mobilisation, team: id } = one;
      const input = { id, unit: 'EX-M7', expectedVersion: 0, mobilisation, ...period, reasons: 'EXERCISE' };
      return { ...one, ...(await sendMove(asked, one.desk.analyst, 'offerResponseTeam', input)) };
    }),
  );
  const [made, ...others] = outcomes.filter(({ userErrors }) => userErrors.length === 0);
  expect([made?.record.id, others]).toEqual([made?.team, []]);
  const refused = outcomes.find(({ userErrors }) => userErrors.length > 0);
  expect(refused?.userErrors).toEqual([
    {
      code: 'WRONG_STATE',
      path: ['from'],
      message: `the person or unit is taken in that time: free from ${period.until}`,
    },
  ]);

  const booked = made?.team ?? '';
  const confirm = { id: booked, unit: 'EX-M7', expectedVersion: 1 };
  expect(await sendMove(asked, provider, 'confirmResponseTeam', confirm)).toMatchObject({ userErrors: [] });
  expect(await unitOf(provider, booked)).toMatchObject({
    state: 'COMMITTED',
    mobilisation: made?.mobilisation,
    until: period.until,
    moves: [{ move: 'offer' }, { move: 'confirm' }],
  });
  // The other desk reads the team, and learns only that the expert is taken.
  expect(await unitOf(refused?.desk.analyst ?? operator, booked)).toMatchObject({
    state: 'COMMITTED',
    mobilisation: null,
    until: null,
    moves: [],
  });
}, 600_000);
