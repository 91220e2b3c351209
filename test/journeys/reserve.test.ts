import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Trial } from '../../docker/trial/trial.ts';
import { type As, ask, type Asked } from '../helpers/ask.ts';
import { sendMove } from '../helpers/send-move.ts';
import { startExercise } from '../helpers/standing.ts';

/** Two requests for the EU Cybersecurity Reserve, in the hands of all who take part, through the one endpoint. */

let trial: Trial;
let asked: Asked;

beforeAll(async () => {
  trial = await startExercise({});
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
}, 600_000);

afterAll(async () => await trial.stop());

const picture = 'exercise:trial-2026';
const reader = (as: string, purpose = 'incident-response') => ({ as, picture, purpose });
const csirt = reader('fr-csirt-analyst');
const contactPoint = reader('fr-contact-point');
const [decider, otherDecider, assessor] = ['reserve-desk', 'reserve-desk-2', 'reserve-desk-3'].map((as) =>
  reader(as),
) as [As, As, As];
const provider = reader('reserve-provider');
const polish = reader('pl-csirt-analyst');

const query = `query Q($id: ID!) { mobilisation(id: $id) {
  envelope { version } state answerDueAt
  progress { state possibleMoves proposal { id } moves { move stage by { id } values { name values } } }
} }`;

async function seenBy(who: As, id: string) {
  return (await ask(asked, who, query, { id })).body.data.mobilisation;
}

/** Makes a move on the version that the reader sees, and returns its payload. */
async function move(who: As, mutation: string, input: Readonly<Record<string, unknown>>) {
  const { id } = input;
  const version = typeof id === 'string' ? (await seenBy(who, id))?.envelope.version : undefined;
  return await sendMove(asked, who, mutation, {
    ...(version !== undefined && { expectedVersion: version }),
    ...input,
  });
}

async function requested(): Promise<string> {
  const { record, userErrors } = await move(csirt, 'draftMobilisation', {
    content: {
      mechanism: 'RESERVE',
      via: 'csirt-fr',
      memberState: 'FR',
      situationLevel: 'SIGNIFICANT_INCIDENT',
    },
    decider: 'enisa',
    reading: {
      marking: { tlp: 'AMBER' },
      audience: { reach: 'NAMED', organisations: ['csirt-fr', 'enisa', 'leuchtfeuer-security'] },
    },
  });
  expect(userErrors).toEqual([]);
  const request = {
    id: record.id,
    affectedEntity: 'EXERCISE hospital',
    impact: 'EXERCISE: surgery is postponed',
    services: ['EXERCISE: incident response'],
    plannedUse: 'EXERCISE: forensics on site',
    measuresTaken: ['EXERCISE: network separated'],
    otherSupport: 'EXERCISE: none',
    estimatedNeeds: 'EXERCISE: four experts',
  };
  expect((await move(csirt, 'requestMobilisation', request)).userErrors).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED' }),
  ]);
  expect((await move(contactPoint, 'requestMobilisation', request)).userErrors).toEqual([]);
  return record.id;
}

test('declines an incomplete request by its criteria, and offers another mechanism', async () => {
  const id = await requested();
  const { answerDueAt } = await seenBy(csirt, id);
  await move(assessor, 'incompleteMobilisation', { id, missing: 'EXERCISE: contracts' });
  expect(await seenBy(csirt, id)).toMatchObject({ state: 'INCOMPLETE', answerDueAt });
  const decline = {
    id,
    grounds: ['own measures: EXERCISE not exhausted'],
    otherMechanism: 'csirts-network-peer',
  };
  expect((await move(decider, 'declineMobilisation', decline)).userErrors).toEqual([]);
  // Before the second person confirms, nobody else learns of the decision.
  const before = await seenBy(csirt, id);
  expect(before).toMatchObject({ state: 'INCOMPLETE', progress: { proposal: null } });
  const proposal = (await seenBy(otherDecider, id)).progress.proposal.id;
  expect((await move(decider, 'confirmProposedMobilisation', { id, proposal })).userErrors).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED' }),
  ]);
  expect((await move(otherDecider, 'confirmProposedMobilisation', { id, proposal })).userErrors).toEqual([]);
  const after = await seenBy(csirt, id);
  expect(after.state).toBe('DECLINED');
  expect(after.progress.moves.at(-1)).toEqual({
    move: 'decline',
    stage: 'MADE',
    by: { id: 'Organisation:enisa' },
    values: [
      { name: 'grounds', values: decline.grounds },
      { name: 'otherMechanism', values: ['csirts-network-peer'] },
    ],
  });
}, 600_000);

test('accepts a request in part, by two persons who did not assess it, up to the report on the help', async () => {
  const id = await requested();
  const assessed = { id, criteria: ['EXERCISE'], available: ['EXERCISE'], reasons: ['EXERCISE'] };
  expect((await move(assessor, 'assessMobilisation', assessed)).userErrors).toEqual([]);
  const accepted = {
    id,
    to: 'PARTLY_ACCEPTED',
    services: ['EXERCISE: two experts'],
    provider: 'leuchtfeuer-security',
    from: new Date(Date.now() + 3_600_000).toISOString(),
  };
  expect((await move(decider, 'acceptMobilisation', accepted)).userErrors).toEqual([]);
  const proposal = (await seenBy(otherDecider, id)).progress.proposal.id;
  expect((await move(otherDecider, 'confirmProposedMobilisation', { id, proposal })).userErrors).toEqual([]);
  const steps: readonly (readonly [As, string, object])[] = [
    [
      provider,
      'prepareMobilisation',
      { agreement: 'EXERCISE', hostConsent: 'EXERCISE', contact: 'EXERCISE', checked: true },
    ],
    [csirt, 'startMobilisation', { mode: 'REMOTE_START', access: ['EXERCISE'] }],
    [csirt, 'endMobilisation', { endedAt: new Date().toISOString(), data: 'DELETED' }],
    [csirt, 'reportMobilisation', { service: 'EXERCISE', results: 'EXERCISE', lessons: ['EXERCISE'] }],
  ];
  for (const [who, mutation, input] of steps)
    expect([mutation, (await move(who, mutation, { id, ...input })).userErrors]).toEqual([mutation, []]);
  expect((await seenBy(provider, id)).state).toBe('REPORTED');
}, 600_000);

test('answers a reader who takes no part as for a mobilisation that does not exist', async () => {
  const id = await requested();
  const none = 'Mobilisation:00000000-0000-4000-8000-000000000000';
  expect(await seenBy(polish, id)).toBeNull();
  const refusal = async (of: string) =>
    (await move(polish, 'withdrawMobilisation', { id: of, expectedVersion: 1, reason: 'EXERCISE' }))
      .userErrors;
  expect(await refusal(id)).toEqual(await refusal(none));
}, 600_000);
