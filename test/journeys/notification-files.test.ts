import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Trial } from '../../docker/trial/trial.ts';
import { type As, ask, type Asked } from '../helpers/ask.ts';
import { sendMove } from '../helpers/send-move.ts';
import { startExercise } from '../helpers/standing.ts';

/** Notification files and CRA notifications in the hands of several authorities, through the one endpoint. */

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
const polishContact = reader('pl-contact-point');
const enisa = reader('enisa-analyst');
const supervisor = reader('fr-supervisor');

async function move(who: As, mutation: string, input: Readonly<Record<string, unknown>>) {
  return await sendMove(asked, who, mutation, input);
}

const later = (ms: number) => new Date(Date.now() + ms).toISOString();
const day = 86_400_000;

/** All that a reader gets on CRA notifications without naming one. */
async function traces(who: As) {
  const query = `query T($from: DateTime!, $to: DateTime!) {
    craNotifications { nodes { id envelope { version } } total { value } }
    vulnerability(id: "CVE-2099-40404") { craNotifications { nodes { id } } }
    organisation(id: "csirt-fr") { craNotifications { nodes { id } } }
    inbox { enisa(first: 100) { nodes { recordId name } } }
    myTasks { enisa { recordId } }
    deadlines(from: $from, to: $to) { enisa { recordId } }
  }`;
  const { body } = await ask(asked, who, query, { from: later(0), to: later(60 * day) });
  const { data, extensions } = body;
  return { data, holds: extensions.holds };
}

const craQuery = `query N($id: ID!) {
  craNotification(id: $id) { envelope { version } manufacturer vulnerabilities { id } progress { state ground } }
}`;

async function craSeenBy(who: As, id: string) {
  return (await ask(asked, who, craQuery, { id })).body.data.craNotification;
}

test('withholds an exploited vulnerability from a CSIRT that is itself hit, until it is disseminated', async () => {
  const before = await traces(polish);
  const { record, userErrors } = await move(french, 'receiveCraNotification', {
    content: {
      kind: 'ACTIVELY_EXPLOITED_VULNERABILITY',
      manufacturer: 'EXERCISE: a manufacturer',
      product: 'EXERCISE: Gate 7',
      awareAt: '2026-01-12T08:00:00Z',
      vulnerabilities: ['CVE-2099-40404'],
    },
  });
  expect(userErrors).toEqual([]);
  const { id } = record;
  const withheld = {
    id,
    expectedVersion: 1,
    ground: 'A4_INCIDENT_AT_CSIRT',
    doubt: 'EXERCISE: the mail of this CSIRT is read by the attackers',
    from: ['csirt-pl'],
    until: later(7 * day),
    reviewAt: later(2 * day),
  };
  expect((await move(french, 'withholdCraNotification', withheld)).userErrors).toEqual([]);
  const atEnisa = await traces(enisa);
  const isOfRecord = ({ recordId }: { readonly recordId: string }) => recordId === id;
  expect(atEnisa.data.inbox.enisa.nodes.filter(isOfRecord).map(({ name }: { name: string }) => name)).toEqual(
    ['withhold', 'receive'],
  );
  expect(atEnisa.data.myTasks.enisa.filter(isOfRecord)).toHaveLength(1);
  expect((await craSeenBy(enisa, id)).progress.ground).toBe('A4_INCIDENT_AT_CSIRT');

  expect(await craSeenBy(polish, id)).toBeNull();
  expect(await traces(polish)).toEqual(before);
  const extended = { id, expectedVersion: 2, groundRemains: 'EXERCISE', until: later(9 * day) };
  expect((await move(french, 'extendCraNotification', extended)).userErrors).toEqual([]);
  expect(await traces(polish)).toEqual(before);
  const attempt = { id, expectedVersion: 3, relevantCsirts: ['csirt-pl'] };
  expect((await move(polish, 'disseminateCraNotification', attempt)).userErrors).toEqual([
    expect.objectContaining({ code: 'NOT_FOUND' }),
  ]);

  expect((await move(french, 'disseminateCraNotification', attempt)).userErrors).toEqual([]);
  expect(await craSeenBy(polish, id)).toMatchObject({
    manufacturer: 'EXERCISE: a manufacturer',
    progress: { state: 'DISSEMINATED', ground: null },
  });
  const after = await traces(polish);
  expect(after.data.inbox.enisa.nodes.filter(isOfRecord)).toEqual([{ recordId: id, name: 'disseminate' }]);
});

test('opens a notification to no organisation that the registry does not have', async () => {
  const input = { id: `CraNotification:${randomUUID()}`, expectedVersion: 1, relevantCsirts: ['nobody'] };
  const { errors } = await move(french, 'disseminateCraNotification', input);
  expect(errors[0].extensions.code).toBe('UNKNOWN_RECIPIENT');
});

const fileQuery = `query F($id: ID!) {
  notificationFile(id: $id) {
    envelope { version } entityName sector progress { state }
    threads { stage version state startedAt latestAt late }
  }
}`;

async function fileSeenBy(who: As, id: string) {
  return (await ask(asked, who, fileQuery, { id })).body.data.notificationFile;
}

async function stageOf(id: string, stage: string) {
  const { threads } = await fileSeenBy(french, id);
  return threads.find((one: { readonly stage: string }) => one.stage === stage);
}

async function moveStage(who: As, mutation: string, id: string, stage: string, input: object) {
  const { version: expectedVersion } = await stageOf(id, stage);
  return (await move(who, mutation, { id, stage, expectedVersion, ...input })).userErrors;
}

test('counts a final report past a holiday, after a progress report while the incident still ran', async () => {
  const { record, userErrors } = await move(french, 'openNotificationFile', {
    underRegime: 'NIS2',
    content: {
      memberState: 'FR',
      entityPseudonym: 'EX-ENTITY-77',
      entityName: 'EXERCISE: a water utility',
      entityClass: 'ESSENTIAL',
      sector: 'water',
      awareAt: '2025-06-12T08:00:00Z',
    },
  });
  expect(userErrors).toEqual([]);
  const { id } = record;
  const notified = { submittedAt: '2025-06-14T08:00:00Z', minimumContent: ['EXERCISE'] };
  const notification = 'incident-notification-1';
  expect(await moveStage(supervisor, 'submitNotificationFile', id, notification, notified)).toEqual([]);
  expect((await stageOf(id, notification)).late).toBe(false);
  // One month later is 14 July, a holiday of the addressee: the period ends with 15 July, in summer time.
  expect(await stageOf(id, 'final-1')).toMatchObject({
    state: 'OVERDUE',
    startedAt: '2025-06-14T08:00:00.000Z',
    latestAt: '2025-07-15T22:00:00.000Z',
  });
  const final = { submittedAt: '2025-07-10T08:00:00Z', minimumContent: ['EXERCISE'] };
  expect(await moveStage(french, 'submitNotificationFile', id, 'final-1', final)).toEqual([
    expect.objectContaining({ code: 'WRONG_STATE', message: expect.stringContaining('progress') }),
  ]);
  const report = { stillRuns: true, status: 'EXERCISE: pumps run by hand' };
  expect(await moveStage(french, 'progressNotificationFile', id, 'final-1', report)).toEqual([]);
  expect(await stageOf(id, 'final-2')).toMatchObject({ state: 'WAITING', latestAt: null });
  const handled = { id, expectedVersion: 1, handledAt: '2025-10-01T08:00:00Z' };
  expect((await move(french, 'handledNotificationFile', handled)).userErrors).toEqual([]);
  // 1 November is a holiday and a Saturday: the period ends with Monday, 3 November, in winter time.
  expect((await stageOf(id, 'final-2')).latestAt).toBe('2025-11-03T23:00:00.000Z');
  const last = { ...final, submittedAt: '2025-11-03T22:59:00Z' };
  expect(await moveStage(french, 'submitNotificationFile', id, 'final-2', last)).toEqual([]);
  expect((await stageOf(id, 'final-2')).late).toBe(false);
  expect((await move(french, 'closeNotificationFile', { id, expectedVersion: 2 })).userErrors).toEqual([]);
  expect((await fileSeenBy(french, id)).progress.state).toBe('CLOSED');
});

test('tells the contact point of another state the stated fields, and lets neither it nor ENISA change the file', async () => {
  const { record } = await move(french, 'openNotificationFile', {
    underRegime: 'NIS2',
    content: {
      memberState: 'FR',
      entityPseudonym: 'EX-ENTITY-78',
      entityName: 'EXERCISE: a railway',
      entityClass: 'ESSENTIAL',
      sector: 'transport',
      awareAt: '2026-01-12T08:00:00Z',
    },
  });
  const { id } = record;
  for (const other of [polish, polishContact, enisa]) expect(await fileSeenBy(other, id)).toBeNull();
  const tell = {
    id,
    expectedVersion: 1,
    otherStatesAffected: ['PL'],
    recipients: ['csirt-pl'],
    fields: ['sector', 'progress', 'threads', 'awareAt'],
  };
  expect((await move(supervisor, 'tellStatesNotificationFile', tell)).userErrors).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED' }),
  ]);
  expect((await move(french, 'tellStatesNotificationFile', tell)).userErrors).toEqual([]);
  for (const other of [polish, polishContact, enisa]) {
    expect(await fileSeenBy(other, id)).toMatchObject({ sector: 'transport', entityName: null });
    const input = { id, expectedVersion: 2, reason: 'EXERCISE' };
    const outcome = await move(other, 'withdrawNotificationFile', input);
    expect(JSON.stringify(outcome)).toMatch(/NOT_FOUND|NOT_ALLOWED|REFUSED/);
  }
  expect((await fileSeenBy(french, id)).progress.state).toBe('OPEN');
});
