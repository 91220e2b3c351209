import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Db, MongoClient } from 'mongodb';
import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { Trial } from '../../docker/trial/trial.ts';
import { parseAccess } from '../../gateway/audit/parse-entry.ts';
import { readEntries } from '../../gateway/audit/store.ts';
import { type Received, type Receiver, startReceiver } from '../gateway/webhooks/receiver.ts';
import { ask, type Asked } from '../helpers/ask.ts';
import { runHub } from '../helpers/command-line.ts';
import { requestContent } from '../helpers/information-request.ts';
import { sendMove } from '../helpers/send-move.ts';
import { startExercise } from '../helpers/standing.ts';
import { until } from '../helpers/until.ts';

/** Webhooks of a whole trial: moves through the endpoint, receivers over HTTP. */

const folder = mkdtempSync(join(tmpdir(), 'jcu-webhooks-'));
const secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;
const secretsFile = join(folder, 'secrets.json');
let trial: Trial;
let asked: Asked;
let client: MongoClient;
let db: Db;
let polish: Receiver;
let certEu: Receiver;

beforeAll(async () => {
  writeFileSync(secretsFile, JSON.stringify({ exercise: [secret] }));
  [polish, certEu] = [await startReceiver(), await startReceiver()];
  trial = await startExercise({ env: { JCU_WEBHOOK_SECRETS_FILE: secretsFile } });
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
  client = await new MongoClient(trial.stores.uris.hub).connect();
  db = client.db();
  await register('pl-desk', { organisation: 'csirt-pl', subject: 'u-84d13b9f60ca', url: polish.url });
  await register('cert-eu-soc', { organisation: 'cert-eu', subject: 'm-41d8a7c05be2', url: certEu.url });
}, 600_000);

afterAll(async () => {
  await client.close();
  await trial.stop();
  for (const receiver of [polish, certEu]) await receiver[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const picture = 'exercise:trial-2026';
const purpose = 'incident-response';
const french = { as: 'fr-csirt-analyst', picture, purpose };

async function register(_id: string, entry: object): Promise<void> {
  const whole = { purpose, picture, secret: 'exercise', from: new Date(), until: null, ...entry };
  await db.collection<{ _id: string }>('webhooks').insertOne({ _id, ...whole });
}

async function sent(): Promise<string> {
  const input = { content: requestContent(), addressees: ['csirt-pl', 'cert-eu'] };
  const { record } = await sendMove(asked, french, 'sendInformationRequest', input).catch(() => ({}));
  return record?.id ?? '';
}

type Data = { readonly id: string; readonly recordId: string; readonly name: string };

/** Returns the notices on a record that a receiver got, each verified by the library of Standard Webhooks. */
function onRecord({ received }: Receiver, recordId: string): readonly Data[] {
  return received.flatMap(({ body, headers }: Received) => {
    const { data } = new Webhook(secret).verify(body, headers) as { readonly data: Data };
    return data.recordId === recordId ? [data] : [];
  });
}

/** Sends requests until both receivers get one: from then on the hub collects the notices. */
async function untilCollected(): Promise<string> {
  let id = '';
  await until(
    'a message at both receivers',
    async () => {
      id = await sent();
      const hasAll = () => [polish, certEu].every((one) => id !== '' && onRecord(one, id).length > 0);
      await until('a message', hasAll, { withinMs: 5000 }).catch(() => undefined);
      return hasAll();
    },
    { withinMs: 90_000 },
  );
  return id;
}

const countOf = async (state: string) => await db.collection('webhookDeliveries').countDocuments({ state });

async function extend(id: string, expectedVersion: number): Promise<void> {
  const answerBy = new Date(Date.now() + expectedVersion * 30 * 86_400_000).toISOString();
  const input = { id, expectedVersion, answerBy, reason: 'EXERCISE' };
  expect((await sendMove(asked, french, 'extendInformationRequest', input)).userErrors).toEqual([]);
}

test('sends each organisation its notices, signed, and nothing of a record that it may not see any more', async () => {
  const id = await untilCollected();
  const [notice] = onRecord(polish, id);
  const message = JSON.parse(polish.received.find(({ body }) => body.includes(id))?.body ?? '{}');
  expect(message.extensions).toMatchObject({ picture, holds: { tlp: expect.stringContaining('AMBER') } });
  expect(notice).toEqual({
    community: 'joint-unit',
    id: expect.stringMatching(/^JointUnitNotice:/),
    recordId: id,
    thread: { id: 'Organisation:csirt-pl' },
    workflow: 'information-thread',
    event: 'MOVE',
    name: 'send',
    happenedAt: expect.any(String),
    at: expect.any(String),
  });
  const mark = `mutation M($input: MarkRecordInput!) { markJointUnitRecord(input: $input) { userErrors { code } } }`;
  const audience = { reach: 'NAMED', organisations: ['csirt-fr', 'cert-eu'] };
  const input = {
    key: randomUUID(),
    id,
    expectedVersion: 1,
    reading: { marking: { tlp: 'AMBER' }, audience },
  };
  const marked = await ask(asked, french, mark, { input });
  expect(marked.body.data.markJointUnitRecord.userErrors).toEqual([]);
  await extend(id, 2);
  await until('the extension', () => onRecord(certEu, id).some(({ name }) => name === 'extend'));
  await until('the notice that is withheld', async () => (await countOf('withheld')) === 1);
  expect(onRecord(polish, id).map(({ name }) => name)).toEqual(['send']);
}, 600_000);

test('records each message under the name of its reader', async () => {
  const id = await untilCollected();
  const subjects = new Set<string>();
  for await (const { bytes } of readEntries(db, 'trial')) {
    const entry = parseAccess(bytes);
    if (entry?.disclosed.some((one) => one.id === id)) subjects.add(entry.reader.organisation);
  }
  expect([...subjects].toSorted()).toEqual(['cert-eu', 'csirt-fr', 'csirt-pl']);
}, 600_000);

test('sends every notice when hub and subgraph are killed', async () => {
  await untilCollected();
  const missed = await sent();
  for (const part of ['hub', 'joint-unit'] as const) {
    await trial.parts.get(part)?.kill();
    await trial.restart(part);
  }
  const names = () => [polish, certEu].map((one) => onRecord(one, missed)[0]?.name);
  await until('the messages', () => !names().includes(undefined), { withinMs: 120_000 });
  expect(names()).toEqual(['send', 'send']);
}, 600_000);

test('keeps what a receiver refuses for good, lists it, and sends it again', async () => {
  // A message that was being sent when the hub was killed waits until its claim ends.
  await until('nothing waits', async () => (await countOf('pending')) === 0, { withinMs: 120_000 });
  polish.answer = (response) => void response.writeHead(410).end();
  const id = await sent();
  await until('a dead delivery', async () => (await countOf('dead')) === 1);
  expect((await runHub(asked.home, 'webhooks', 'list')).out).toMatch(/pl-desk .*disabled \(410\).* 1 dead/);
  expect((await runHub(asked.home, 'webhooks', 'dead')).out).toMatch(/msg_[\w-]+ pl-desk .*status 410/);
  polish.answer = (response) => void response.writeHead(204).end();
  const before = onRecord(polish, id).length;
  expect(await runHub(asked.home, 'webhooks', 'enable', 'pl-desk')).toMatchObject({ code: 0 });
  expect((await runHub(asked.home, 'webhooks', 'resend', '--webhook', 'pl-desk')).out).toBe(
    '1 will be sent again\n',
  );
  await until('the message', () => onRecord(polish, id).length > before);
  expect((await runHub(asked.home, 'webhooks', 'resend', '--webhook', 'pl-desk')).code).toBe(1);
}, 600_000);

test('sends nothing for a member whose membership has ended', async () => {
  await untilCollected();
  await db
    .collection<{ _id: string }>('memberships')
    .updateOne({ _id: 'u-84d13b9f60ca' }, { $set: { until: new Date(0) } });
  const id = await sent();
  await until('the message at the other receiver', () => onRecord(certEu, id).length > 0);
  const own = { webhook: 'pl-desk', state: 'pending' };
  await until('an outcome', async () => (await db.collection('webhookDeliveries').countDocuments(own)) === 0);
  expect(onRecord(polish, id)).toEqual([]);
}, 600_000);
