import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import type { Trial } from '../../docker/trial/trial.ts';
import { type As, ask, type Asked } from '../helpers/ask.ts';
import { runHub } from '../helpers/command-line.ts';
import { readRecipe } from '../helpers/cookbook.ts';
import { requestContent } from '../helpers/information-request.ts';
import { sendMove } from '../helpers/send-move.ts';
import { startExercise } from '../helpers/standing.ts';
import { until } from '../helpers/until.ts';

/** Workflows in the hands of several readers, through the one endpoint. */

let trial: Trial;
let asked: Asked;

beforeAll(async () => {
  trial = await startExercise({});
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
}, 600_000);

afterAll(async () => await trial.stop());

const picture = 'exercise:trial-2026';
const europol = { as: 'europol-analyst', picture, purpose: 'threat-analysis' };
const french = { as: 'fr-csirt-analyst', picture, purpose: 'incident-response' };
const polish = { as: 'pl-csirt-analyst', picture, purpose: 'incident-response' };
const certEu = { as: 'cert-eu-analyst', picture, purpose: 'incident-response' };
const auditor = { as: 'policy-auditor', picture, purpose: 'audit' };

/** Makes a move and returns its payload. */
async function move(who: As, mutation: string, input: Readonly<Record<string, unknown>>) {
  return await sendMove(asked, who, mutation, input);
}

const later = (ms: number) => new Date(Date.now() + ms).toISOString();

const holdQuery = `query H($id: ID!) { deconflictionHold(id: $id) {
  reason threads { addressee { id } version state until extension possibleMoves }
} }`;

async function holdSeenBy(who: As, id: string) {
  return (await ask(asked, who, holdQuery, { id })).body.data.deconflictionHold;
}

test('holds back a takedown until its end, which an extension that is refused does not move', async () => {
  const end = later(20_000);
  const { record, userErrors } = await move(europol, 'askDeconflictionHold', {
    content: {
      on: { kind: 'TAKEDOWN', what: 'EXERCISE: a command server' },
      until: end,
      contact: 'EXERCISE desk',
      reason: 'EXERCISE: arrests are planned',
    },
    addressees: ['csirt-fr', 'csirt-pl'],
    act: 'EXERCISE: the takedown of the server',
    telephone: '+32 2 000 00 00',
  });
  expect(userErrors).toEqual([]);
  const { id } = record;
  const [own, ...others] = (await holdSeenBy(french, id)).threads;
  expect([own.addressee.id, own.state, others]).toEqual(['Organisation:csirt-fr', 'ASKED', []]);
  expect((await holdSeenBy(french, id)).reason).toBeNull();
  expect(await holdSeenBy(certEu, id)).toBeNull();

  const agreed = { id, expectedVersion: 1, scope: 'EXERCISE: all of it', until: end };
  expect((await move(french, 'agreeDeconflictionHold', agreed)).userErrors).toEqual([]);
  const extension = {
    id,
    expectedVersion: 1,
    addressee: 'csirt-fr',
    extensionUntil: later(3_600_000),
    reason: 'EXERCISE',
  };
  expect((await move(europol, 'extendDeconflictionHold', extension)).userErrors).toEqual([]);
  const answer = {
    id,
    expectedVersion: 3,
    extension: 'REFUSED',
    reason: 'EXERCISE: our constituents are hit',
  };
  expect((await move(french, 'answerExtensionDeconflictionHold', answer)).userErrors).toEqual([]);
  expect((await holdSeenBy(europol, id)).threads).toEqual([
    expect.objectContaining({ state: 'AGREED', extension: 'REFUSED', until: end }),
    expect.objectContaining({ state: 'ASKED' }),
  ]);
  await pause(Date.parse(end) - Date.now());
  expect((await holdSeenBy(french, id)).threads[0].state).toBe('LAPSED');
  expect(
    (await move(french, 'liftDeconflictionHold', { id, expectedVersion: 4, reason: 'EXERCISE' })).userErrors,
  ).toEqual([
    { code: 'WRONG_STATE', path: [], message: 'its state is lapsed: from here you can make no move' },
  ]);
});

const requestQuery = `query R($id: ID!) { informationRequest(id: $id) {
  envelope { version } to { id } progress { state }
  threads { addressee { id } version state since text possibleMoves moves { move } }
} }`;

async function requestSeenBy(who: As, id: string) {
  return (await ask(asked, who, requestQuery, { id })).body.data.informationRequest;
}

test('tells the asker an answer at once, and never who declined and who stayed silent', async () => {
  const answerBy = later(15_000);
  const { record, userErrors } = await move(french, 'sendInformationRequest', {
    content: requestContent({ priority: 'FLASH', answerBy }),
    addressees: ['cert-eu', 'csirt-pl', 'enisa'],
  });
  expect(userErrors).toEqual([]);
  const { id } = record;
  const decline = { id, expectedVersion: 1, reason: 'EXERCISE: we may not say' };
  expect((await move(polish, 'declineInformationRequest', decline)).userErrors).toEqual([]);
  const answer = {
    id,
    expectedVersion: 1,
    text: 'EXERCISE: seen twice',
    grading: 'B2',
    statementKind: 'fact',
  };
  expect((await move(certEu, 'answerInformationRequest', answer)).userErrors).toEqual([]);
  expect((await requestSeenBy(polish, id)).to).toEqual([{ id: 'Organisation:csirt-pl' }]);

  const [answered, declined, silent] = (await requestSeenBy(french, id)).threads;
  expect([answered.state, answered.text]).toEqual(['ANSWERED', 'EXERCISE: seen twice']);
  expect({ ...declined, addressee: null }).toEqual({ ...silent, addressee: null });
  await pause(Date.parse(answerBy) - Date.now());
  const [, declinedLater, silentLater] = (await requestSeenBy(french, id)).threads;
  expect({ ...declinedLater, addressee: null }).toEqual({ ...silentLater, addressee: null });
  expect([declinedLater.state, declinedLater.since]).toEqual(['NO_INFORMATION_PROVIDED', answerBy]);
});

test('refuses addressees that the registry does not have, and every move of an auditor', async () => {
  const content = {
    question: { value: 'EXERCISE', lang: 'en' },
    purpose: 'incident-response',
    priority: 'ROUTINE',
    maxMarkingUsable: 'AMBER',
  };
  const unknown = await move(french, 'sendInformationRequest', { content, addressees: ['nobody'] });
  expect(unknown.errors[0].extensions.code).toBe('UNKNOWN_RECIPIENT');
  const refused = await move(auditor, 'sendInformationRequest', { content, addressees: ['cert-eu'] });
  expect(refused.errors[0].extensions.code).toBe('REFUSED');
});

test('keeps an acknowledged move when the subgraph is killed, with its entry in the audit log', async () => {
  const { record } = await move(europol, 'askDeconflictionHold', {
    content: { on: { kind: 'TAKEDOWN', what: 'EXERCISE' }, until: later(60_000), contact: 'EXERCISE' },
    addressees: ['csirt-fr'],
    act: 'EXERCISE',
    telephone: '+32 2 000 00 00',
  });
  await trial.parts.get('joint-unit')?.kill();
  await trial.restart('joint-unit');
  await until('the thread after a restart', async () => {
    const { body } = await ask(asked, french, holdQuery, { id: record.id });
    return body.data?.deconflictionHold?.threads?.[0]?.state === 'ASKED';
  });
  const { code, out } = await runHub(asked.home, 'trail', 'verify', '--json');
  expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ ok: true })]);
}, 600_000);

const inboxQuery = `query I($from: DateTime!, $to: DateTime!) {
  inbox { id jointUnit(first: 100) { nodes { recordId name thread { id } informationRequest { id purpose } } } }
  myTasks { jointUnit { recordId mutations } }
  deadlines(from: $from, to: $to) { jointUnit { recordId name obliged { id } } }
}`;

test('lists the tasks and deadlines of an organisation by the operation of the cookbook', async () => {
  const { record } = await move(certEu, 'sendInformationRequest', {
    content: requestContent({ answerBy: later(86_400_000) }),
    addressees: ['csirt-fr'],
  });
  const { text, reader } = readRecipe('10-tasks-and-deadlines');
  const { body } = await ask(asked, reader, text, { from: later(0), to: later(7 * 86_400_000), first: 100 });
  expect(body.errors).toBeUndefined();
  const { myTasks, deadlines } = body.data;
  const task = { recordId: record.id, mutations: expect.arrayContaining(['answerInformationRequest']) };
  expect(myTasks.jointUnit).toContainEqual(expect.objectContaining(task));
  const due = { recordId: record.id, name: 'lapsed', obliged: { name: 'National CSIRT (FR)' } };
  expect(deadlines.jointUnit).toContainEqual(expect.objectContaining(due));
});

test('lists who is on duty at an instant', async () => {
  const query = `query D($at: DateTime) { onDuty(at: $at) { id jointUnit { organisation { id } function } } }`;
  const on = async (at: string) => (await ask(asked, polish, query, { at })).body.data.onDuty;
  expect(await on('2026-09-20T02:00:00+02:00')).toEqual({
    id: 'OnDuty:2026-09-20T00:00:00.000Z',
    jointUnit: [{ organisation: { id: 'Organisation:csirt-fr' }, function: 'DUTY_OFFICER' }],
  });
  expect((await on('2026-09-24T00:00:00Z')).jointUnit).toEqual([]);
  expect((await ask(asked, polish, '{ onDuty { id } }')).body.data.onDuty.id).toMatch(/^OnDuty:2/);
});

test('gives an addressee a notice, a task and a deadline of a request, and an auditor none', async () => {
  const input = { content: requestContent(), addressees: ['csirt-pl'] };
  const { record } = await move(french, 'sendInformationRequest', input);
  const period = { from: later(0), to: later(86_400_000) };
  const { data } = (await ask(asked, polish, inboxQuery, period)).body;
  const onRecord = ({ recordId }: { readonly recordId: string }) => recordId === record.id;
  expect(data.inbox.jointUnit.nodes.filter(onRecord)).toEqual([
    {
      recordId: record.id,
      name: 'send',
      thread: { id: 'Organisation:csirt-pl' },
      informationRequest: { id: record.id, purpose: 'incident-response' },
    },
  ]);
  expect(data.myTasks.jointUnit.find(onRecord).mutations).toContain('answerInformationRequest');
  expect(data.deadlines.jointUnit.find(onRecord)).toEqual({
    recordId: record.id,
    name: 'lapsed',
    obliged: { id: 'Organisation:csirt-pl' },
  });
  const refused = (await ask(asked, auditor, inboxQuery, period)).body;
  expect(refused.data.inbox).toEqual({ id: 'Inbox:own', jointUnit: null });
  const reversed = { from: period.to, to: period.from };
  expect((await ask(asked, polish, inboxQuery, reversed)).body.errors[0].extensions.code).toBe(
    'BAD_USER_INPUT',
  );
});
