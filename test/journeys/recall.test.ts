import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Trial } from '../../docker/trial/trial.ts';
import { type As, ask, type Asked } from '../helpers/ask.ts';
import { sendMove } from '../helpers/send-move.ts';
import { startExercise } from '../helpers/standing.ts';

/**
 * The recall of an indicator that partners block, and a duty to notify partners, from the first move to the end, through the
 * one endpoint.
 */

let trial: Trial;
let asked: Asked;

beforeAll(async () => {
  trial = await startExercise({});
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
}, 600_000);

afterAll(async () => await trial.stop());

const picture = 'exercise:trial-2026';
const purpose = 'incident-response';
const analyst = { as: 'cert-eu-analyst', picture, purpose };
const head = { as: 'cert-eu-head', picture, purpose };
const french = { as: 'fr-csirt-analyst', picture, purpose };
const polish = { as: 'pl-csirt-analyst', picture, purpose };
const enisa = { as: 'enisa-analyst', picture, purpose };

type Event = { readonly id: string; readonly envelope: { readonly marking: { readonly tlp: string } } };

/** Returns the id of an event of CERT-EU with a colour. */
async function eventOf(tlp: string): Promise<string> {
  const query = '{ mispEvents { nodes { id envelope { marking { tlp } originator { id } } } } }';
  const { nodes } = (await ask(asked, analyst, query)).body.data.mispEvents;
  const event = (nodes as readonly Event[]).find(({ envelope }) => envelope.marking.tlp === tlp);
  if (event === undefined) throw new Error(`expected an event of ${tlp}`);
  return event.id;
}

async function read(who: As, id: string): Promise<unknown> {
  const query = 'query E($id: ID!) { mispEvent(id: $id) { id info { value } } }';
  return (await ask(asked, who, query, { id })).body.data.mispEvent;
}

function recallOf(recordId: string) {
  return { content: { recordId, reason: 'ERROR', action: 'UN_BLOCK', use: 'BLOCKING_OR_DETECTION' } };
}

const query = `query R($id: ID!) { recall(id: $id) {
  recordId reason action use dueAt
  recipients { organisation { id } acknowledgedAt }
  progress { state silent residualRisk proposal { id } }
  threads { recipient { id } version state done possibleMoves }
} }`;

async function seenBy(who: As, id: string) {
  return (await ask(asked, who, query, { id })).body.data.recall;
}

async function inboxOf(who: As): Promise<readonly string[]> {
  const source = '{ inbox { jointUnit { nodes { recordId name recall { recordId } } } } }';
  const { nodes } = (await ask(asked, who, source)).body.data.inbox.jointUnit;
  return (nodes as readonly { name: string; recordId: string }[])
    .filter(({ recordId }) => recordId.startsWith('Recall:'))
    .map(({ name }) => name);
}

/** Tries a recall. Returns the whole answer without the id of the request. */
async function refusalOf(who: As, recordId: string): Promise<unknown> {
  const text = `mutation I($input: IssueRecallInput!) {
    issueRecall(input: $input) { record { id } userErrors { code path message } }
  }`;
  const input = { key: recordId, ...recallOf(recordId) };
  const { status, body } = await ask(asked, who, text, { input });
  return { status, body: { ...body, extensions: { ...body.extensions, correlationId: null } } };
}

test('takes an indicator back from those who received it, and from nobody else', async () => {
  const record = await eventOf('GREEN');
  for (const who of [french, polish]) expect(await read(who, record)).toMatchObject({ id: record });

  const issued = await sendMove(asked, analyst, 'issueRecall', recallOf(record));
  expect(issued).toMatchObject({ userErrors: [] });
  const { id } = issued.record;
  expect(await seenBy(analyst, id)).toMatchObject({
    ...recallOf(record).content,
    progress: { state: 'RUNNING' },
    threads: [
      { recipient: { id: 'Organisation:csirt-fr' }, state: 'TOLD' },
      { recipient: { id: 'Organisation:csirt-pl' }, state: 'TOLD' },
    ],
  });
  expect(await seenBy(enisa, id)).toBeNull();
  expect(await inboxOf(enisa)).toEqual([]);
  expect(await inboxOf(polish)).toEqual(['issue']);

  const before = await seenBy(polish, id);
  expect(before).toMatchObject({
    recipients: [{ organisation: { id: 'Organisation:csirt-pl' } }],
    progress: null,
    threads: [{ recipient: { id: 'Organisation:csirt-pl' }, state: 'TOLD', possibleMoves: ['ackRecall'] }],
  });
  expect((await sendMove(asked, french, 'ackRecall', { id, expectedVersion: 1 })).userErrors).toEqual([]);
  const act = { id, expectedVersion: 2, done: 'EXERCISE: un-blocked', wentTo: ['EXERCISE: two proxies'] };
  expect((await sendMove(asked, french, 'actRecall', act)).userErrors).toEqual([]);
  expect(await seenBy(polish, id)).toEqual(before);

  const close = { id, expectedVersion: 1, silent: ['csirt-pl'], residualRisk: 'EXERCISE: still blocked' };
  expect((await sendMove(asked, analyst, 'closeRecall', close)).userErrors).toEqual([]);
  const { proposal } = (await seenBy(head, id)).progress;
  const confirmed = { id, expectedVersion: 1, proposal: proposal.id };
  expect((await sendMove(asked, head, 'confirmProposedRecall', confirmed)).userErrors).toEqual([]);
  expect((await seenBy(analyst, id)).progress).toMatchObject({
    state: 'CLOSED_INCOMPLETE',
    silent: ['csirt-pl'],
    residualRisk: close.residualRisk,
  });
  expect(await seenBy(polish, id)).toEqual(before);
  expect(await inboxOf(polish)).toEqual(['issue']);
});

test('answers a member who is not the originator the same for every record, and for none', async () => {
  const [readable, unreadable] = [await eventOf('GREEN'), await eventOf('AMBER')];
  expect(await read(polish, readable)).not.toBeNull();
  expect(await read(polish, unreadable)).toBeNull();
  const nothing = await refusalOf(polish, 'MispEvent:00000000-0000-4000-8000-000000000000');
  expect(nothing).toMatchObject({
    status: 200,
    body: { data: { issueRecall: { record: null, userErrors: [{ code: 'NOT_FOUND' }] } } },
  });
  expect(await refusalOf(polish, readable)).toEqual(nothing);
  expect(await refusalOf(polish, unreadable)).toEqual(nothing);
});

const onDuty = (organisation: string) => ({ as: `${organisation}-duty-officer`, picture, purpose });

const dutyQuery = `query D($id: ID!) { notificationDuty(id: $id) {
  trigger text dueAt envelope { version audience { organisations { id } } }
  progress { state } threads { recipient { id } version state possibleMoves }
} }`;

/** Returns all that a reader finds of a duty: the record, the list of duties, notices, tasks and deadlines. */
async function dutyFor(who: As, id: string) {
  const lists = `{
    notificationDuties { total { value } nodes { id } }
    inbox { jointUnit { nodes { recordId name } } }
    myTasks { jointUnit { recordId workflow } }
    deadlines(from: "2026-01-01T00:00:00Z", to: "2027-01-31T00:00:00Z") { jointUnit { recordId name } }
  }`;
  const { data } = (await ask(asked, who, dutyQuery, { id })).body;
  return { record: data.notificationDuty, found: (await ask(asked, who, lists)).body.data };
}

test('notifies each recipient separately, and shows it nothing of the others', async () => {
  const content = {
    trigger: 'PERSONAL_DATA_BREACH',
    eventAt: new Date(Date.now() - 3_600_000).toISOString(),
    text: 'EXERCISE: addresses of customers were read',
  };
  const unknown = { content, addressees: ['csirt-pl', 'csirt-nowhere'] };
  expect(await sendMove(asked, analyst, 'openNotificationDuty', unknown)).toMatchObject({
    errors: [
      { extensions: { code: 'UNKNOWN_RECIPIENT', unknown: ['audience.organisations: csirt-nowhere'] } },
    ],
  });
  const [frenchOnDuty, polishOnDuty] = [onDuty('csirt-fr'), onDuty('csirt-pl')];
  const nobodyYet = await dutyFor(polishOnDuty, 'NotificationDuty:00000000-0000-4000-8000-000000000000');
  const duty = { content, addressees: ['csirt-fr', 'csirt-pl'] };
  const opened = await sendMove(asked, analyst, 'openNotificationDuty', duty);
  expect(opened).toMatchObject({ userErrors: [] });
  const { id } = opened.record;
  const sent = { id, expectedVersion: 1, channel: 'EXERCISE: telephone', message: 'EXERCISE: as written' };
  const toFrench = { ...sent, recipient: 'csirt-fr' };
  expect((await sendMove(asked, analyst, 'sendNotificationDuty', toFrench)).userErrors).toEqual([]);
  expect(await dutyFor(polishOnDuty, id)).toEqual(nobodyYet);

  const before = await dutyFor(frenchOnDuty, id);
  expect(before.record).toMatchObject({
    trigger: content.trigger,
    text: content.text,
    envelope: { version: 1, audience: null },
    progress: null,
    threads: [
      { recipient: { id: 'Organisation:csirt-fr' }, state: 'TOLD', possibleMoves: ['ackNotificationDuty'] },
    ],
  });
  const toPolish = { ...sent, recipient: 'csirt-pl' };
  expect((await sendMove(asked, analyst, 'sendNotificationDuty', toPolish)).userErrors).toEqual([]);
  const acknowledge = { id, expectedVersion: 2 };
  expect((await sendMove(asked, polishOnDuty, 'ackNotificationDuty', acknowledge)).userErrors).toEqual([]);
  expect(await dutyFor(frenchOnDuty, id)).toEqual(before);
  expect((await sendMove(asked, frenchOnDuty, 'ackNotificationDuty', acknowledge)).userErrors).toEqual([]);
  expect((await dutyFor(analyst, id)).record).toMatchObject({
    progress: { state: 'SETTLED' },
    threads: [{ state: 'ACKNOWLEDGED' }, { state: 'ACKNOWLEDGED' }],
  });
});
