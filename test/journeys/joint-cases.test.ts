import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Trial } from '../../docker/trial/trial.ts';
import { type As, ask, type Asked } from '../helpers/ask.ts';
import { jointCasesIn } from '../helpers/joint-case.ts';
import { sendMove } from '../helpers/send-move.ts';
import { startExercise } from '../helpers/standing.ts';

/** A posture, a split and a merge through the one endpoint: nobody learns of a case that it may not read. */

let trial: Trial;
let asked: Asked;

beforeAll(async () => {
  trial = await startExercise({});
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
}, 600_000);

afterAll(async () => await trial.stop());

const picture = 'exercise:trial-2026';
const reader = (as: string, purpose = 'crisis-coordination') => ({ as, picture, purpose });
const coordinator = reader('joint-coordinator');
const secretariat = reader('network-secretariat');
const french = reader('fr-csirt-analyst', 'incident-response');
const polish = reader('pl-csirt-analyst', 'incident-response');

const readersOf = (...organisations: readonly string[]) => ({
  marking: { tlp: 'AMBER' },
  audience: { reach: 'NAMED', organisations },
});

const { seenBy, move, made } = jointCasesIn(
  () => asked,
  `id envelope { version } title workflow
  splitFrom { id } splitInto { id } mergeProposed { id } mergedInto { id } mergedFrom { id title }
  progress { state joined moves { move values { name values } } }`,
);

async function open(id: string, invited: readonly string[]): Promise<void> {
  await made(coordinator, 'open', {
    id,
    lead: 'joint-unit',
    invited,
    purposes: ['incident-response'],
    highestMarking: 'AMBER',
    nextReviewAt: new Date(Date.now() + 86_400_000).toISOString(),
  });
}

/** Lets organisations read a case, as its originator. */
async function letRead(id: string, ...organisations: readonly string[]): Promise<void> {
  const expectedVersion = (await seenBy(coordinator, id)).envelope.version;
  const input = { key: randomUUID(), id, expectedVersion, reading: readersOf(...organisations) };
  const text = `mutation M($input: MarkRecordInput!) {
    markJointUnitRecord(input: $input) { userErrors { message } }
  }`;
  const { body } = await ask(asked, coordinator, text, { input });
  expect(body.data?.markJointUnitRecord).toEqual({ userErrors: [] });
}

async function openedFor(organisation: string, title: string, joint: string): Promise<string> {
  const id = await made(coordinator, 'draft', {
    content: { case: joint, title },
    why: 'EXERCISE: two hospitals',
    proposedLead: 'joint-unit',
    reading: readersOf('joint-unit', organisation),
  });
  await open(id, [organisation]);
  await made(reader(`${organisation}-duty-officer`), 'join', { id });
  return id;
}

test('records a posture by who keeps the records of the network, and refuses one that is not on its list', async () => {
  const content = {
    network: 'EU_CYCLONE',
    posture: 'full',
    since: new Date(Date.now() - 3_600_000).toISOString(),
    reference: 'EXERCISE: minutes 12',
    decidedBy: 'EXERCISE: EU-CyCLONe',
    case: 'JC-2099-0042',
  };
  const record = async (who: As, more: object = {}) =>
    await sendMove(asked, who, 'recordPosture', {
      content: { ...content, ...more },
      reading: readersOf('enisa', 'csirt-fr'),
    });
  expect((await record(french)).userErrors).toEqual([
    expect.objectContaining({ message: expect.stringContaining('only network-secretariat') }),
  ]);
  expect((await record(secretariat, { posture: 'off' })).userErrors).toEqual([
    expect.objectContaining({ message: expect.stringContaining('normal, alert, full') }),
  ]);
  expect((await record(secretariat, { reference: '' })).userErrors).toHaveLength(1);
  const { record: posture, userErrors } = await record(secretariat);
  expect(userErrors).toEqual([]);
  const list = `{ postures(first: 1, filter: { network: EU_CYCLONE }) { nodes { id posture progress { state } } } }`;
  expect((await ask(asked, french, list)).body.data.postures.nodes).toEqual([
    { id: posture.id, posture: 'full', progress: { state: 'RECORDED' } },
  ]);
  const shown = JSON.stringify((await ask(asked, polish, list)).body);
  expect(shown).not.toContain(posture.id);
}, 600_000);

test('lets the lead open a case that it split off, which a participant of the first one never sees', async () => {
  const id = await openedFor('csirt-fr', 'EXERCISE Blue Heron', 'JC-2099-0042');
  const split = { childCase: 'JC-2099-0043', codename: 'EXERCISE Grey Heron', reason: 'EXERCISE' };
  expect((await move(french, 'split', { id, ...split })).userErrors).toHaveLength(1);
  await made(coordinator, 'split', { id, ...split });
  const [{ id: child }] = (await seenBy(coordinator, id)).splitInto;
  expect(await seenBy(coordinator, child)).toMatchObject({ workflow: 'SPLIT_FROM', splitFrom: { id } });
  await letRead(child, 'joint-unit', 'csirt-pl');
  await open(child, ['csirt-pl']);
  expect(await seenBy(coordinator, child)).toMatchObject({
    workflow: 'OPEN',
    progress: { joined: ['joint-unit'] },
  });
  expect(await seenBy(polish, child)).toMatchObject({ workflow: 'OPEN', splitFrom: null });
  expect(await seenBy(french, child)).toBeNull();
  const text = JSON.stringify(await seenBy(french, id));
  for (const secret of [child, split.codename, split.childCase]) expect(text).not.toContain(secret);
  expect((await move(french, 'join', { id: child })).userErrors).toEqual(
    (await move(french, 'join', { id: `JointCaseRecord:${randomUUID()}` })).userErrors,
  );
}, 600_000);

test('merges two cases, and shows a participant of one of them nothing of the other', async () => {
  const merged = await openedFor('csirt-fr', 'EXERCISE Red Kite', 'JC-2099-0044');
  const surviving = await openedFor('csirt-pl', 'EXERCISE Black Stork', 'JC-2099-0045');
  await made(coordinator, 'proposeMerge', { id: merged, surviving, reason: 'EXERCISE: one cause' });
  const { envelope } = await seenBy(coordinator, merged);
  await made(coordinator, 'agreeMerge', { id: surviving, merged, mergedVersion: envelope.version });
  expect(await seenBy(coordinator, surviving)).toMatchObject({
    workflow: 'OPEN',
    mergedFrom: [{ id: merged, title: 'EXERCISE Red Kite' }],
  });
  const left = await seenBy(french, merged);
  expect(left).toMatchObject({ workflow: 'MERGED_INTO', mergedInto: null });
  expect(JSON.stringify(left)).not.toContain(surviving);
  expect(await seenBy(french, surviving)).toBeNull();
  const kept = await seenBy(polish, surviving);
  expect(kept).toMatchObject({ mergedFrom: [], progress: { joined: ['joint-unit', 'csirt-pl'] } });
  expect(JSON.stringify(kept)).not.toContain(merged);
  expect(await seenBy(polish, merged)).toBeNull();
}, 600_000);
