import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Binary, MongoClient } from 'mongodb';
import { randomUUID } from 'node:crypto';
import type { Trial } from '../../docker/trial/trial.ts';
import { ask, type Asked } from '../helpers/ask.ts';
import {
  assessment,
  create,
  created,
  link,
  milcert,
  notification,
  operator,
  readAs,
  retract,
  retraction,
  secretariat,
  stranger,
  update,
} from '../helpers/changes.ts';
import { startExercise } from '../helpers/standing.ts';

let trial: Trial;
let asked: Asked;

beforeAll(async () => {
  trial = await startExercise({});
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
}, 600_000);

afterAll(async () => await trial.stop());

/** Returns an answer's bytes without its random values. */
function withoutId(text: string): string {
  return text.replace(/"correlationId":"[^"]+"/, '');
}

test('creates a record, which others read as marked, joined under its shared keys', async () => {
  const { body } = await ask(asked, operator, create, { input: assessment() });
  expect(body.errors).toBeUndefined();
  const { record } = body.data.createDefenceAssessment;
  expect(record).toMatchObject({
    subject: { vulnerability: { id: 'Vulnerability:CVE-2099-10001' } },
    envelope: { version: 1, marking: { tlp: 'GREEN' }, originator: { id: 'Organisation:defence' } },
  });
  const joined = await ask(
    asked,
    milcert,
    `{ vulnerability(id: "CVE-2099-10001") { defenceAssessments { nodes { id } } } }`,
  );
  const ids = joined.body.data.vulnerability.defenceAssessments.nodes.map(({ id }: { id: string }) => id);
  expect(ids).toContain(record.id);
});

test('refuses an audience with an organisation that the registry does not have, and changes nothing', async () => {
  const reading = { marking: { tlp: 'AMBER' }, audience: { organisations: ['Organisation:nobody'] } };
  const count = '{ defenceAssessments { total { value } } }';
  const before = (await ask(asked, operator, count)).body.data;
  const { status, body } = await ask(asked, operator, create, { input: assessment({ reading }) });
  expect(status).toBe(400);
  expect(body.errors).toMatchObject([
    { extensions: { code: 'UNKNOWN_RECIPIENT', unknown: ['audience.organisations: nobody'] } },
  ]);
  expect((await ask(asked, operator, count)).body.data).toEqual(before);
});

test('returns the same answer for the same key, and makes one record', async () => {
  const input = assessment();
  const answers = await Promise.all([1, 2, 3].map(async () => await ask(asked, operator, create, { input })));
  const ids = answers.map(({ body }) => body.data.createDefenceAssessment.record.id);
  expect(new Set(ids).size).toBe(1);
});

test('reports the same key with other content as a user error', async () => {
  const input = assessment();
  await ask(asked, operator, create, { input });
  const other = { ...input, content: { ...input.content, judgement: 'EXERCISE: another' } };
  const { body } = await ask(asked, operator, create, { input: other });
  expect(body.data.createDefenceAssessment).toMatchObject({
    record: null,
    userErrors: [{ code: 'KEY_REUSED' }],
  });
});

test('refuses a change of a stale version, and changes nothing', async () => {
  const id = await created(asked);
  const change = (expectedVersion: number, judgement: string) => ({
    input: { key: randomUUID(), id, expectedVersion, content: { ...assessment().content, judgement } },
  });
  const first = await ask(asked, operator, update, change(1, 'EXERCISE: one'));
  expect(first.body.data.updateDefenceAssessment.record.envelope.version).toBe(2);
  const second = await ask(asked, operator, update, change(1, 'EXERCISE: two'));
  expect(second.body.data.updateDefenceAssessment).toEqual({
    record: null,
    userErrors: [{ code: 'STALE_VERSION', path: ['expectedVersion'] }],
  });
  expect((await readAs(asked, operator, id)).judgement).toBe('EXERCISE: one');
});

test('refuses another community’s operator, whether or not the record exists', async () => {
  const id = await created(asked);
  const there = await ask(asked, stranger, retract, retraction(id));
  const absent = await ask(asked, stranger, retract, retraction(`DefenceAssessment:${randomUUID()}`));
  expect(there.body.data.retractDefenceRecord).toEqual({
    id: null,
    version: null,
    userErrors: [{ code: 'NOT_FOUND' }],
  });
  expect(withoutId(there.text)).toBe(withoutId(absent.text));
  expect(await readAs(asked, operator, id)).not.toBeNull();
});

test('refuses the create mutation to a reader of another kind', async () => {
  const { body } = await ask(asked, milcert, create, { input: assessment() });
  expect(body.data).toEqual({ createDefenceAssessment: null });
  expect(body.errors).toHaveLength(1);
  expect(body.errors[0].extensions.code).toBe('REFUSED');
});

test('lists a record under its joint case until the link is removed', async () => {
  const id = await created(asked);
  const under = async () => {
    const { body } = await ask(
      asked,
      operator,
      `{ jointCase(id: "JC-2099-0042") { id defenceAssessments { nodes { id } } } }`,
    );
    return body.data.jointCase.defenceAssessments.nodes.map((node: { id: string }) => node.id);
  };
  await ask(asked, operator, link, {
    input: { key: randomUUID(), id, expectedVersion: 1, case: 'JC-2099-0042' },
  });
  expect(await under()).toEqual([id]);
  await ask(asked, operator, link, { input: { key: randomUUID(), id, expectedVersion: 2, case: null } });
  expect(await under()).toEqual([]);
});

test('refuses to change a retracted record, and shows its readers the reason', async () => {
  const id = await created(asked);
  const input = { id, reason: 'EXERCISE' };
  await ask(asked, operator, retract, { input: { ...input, key: randomUUID(), expectedVersion: 1 } });
  const again = await ask(asked, operator, retract, {
    input: { ...input, key: randomUUID(), expectedVersion: 2 },
  });
  expect(again.body.data.retractDefenceRecord.userErrors).toEqual([{ code: 'CLOSED' }]);
  const question = `{ defenceAssessment(id: "${id}") { envelope { recordState retractionReason } } }`;
  const { body } = await ask(asked, operator, question);
  expect(body.data.defenceAssessment.envelope).toEqual({
    recordState: 'RETRACTED',
    retractionReason: 'EXERCISE',
  });
});

test('reports invalid content by its path, without the value', async () => {
  const bad = assessment({ content: { subject: { vulnerability: 'not-a-cve' }, judgement: 'EXERCISE' } });
  const { body } = await ask(asked, operator, create, { input: bad });
  expect(body.data.createDefenceAssessment).toEqual({
    record: null,
    userErrors: [
      {
        code: 'INVALID',
        path: ['content', 'subject', 'vulnerability'],
        message: 'expected a key of Vulnerability',
      },
    ],
  });
});

test('keeps nothing of classified content in a change', async () => {
  const bad = assessment({ content: { ...assessment().content, judgement: 'SECRET UE/EU SECRET' } });
  const { body } = await ask(asked, operator, create, { input: bad });
  expect(body.data.createDefenceAssessment.record).toBeNull();
  expect(body.data.createDefenceAssessment.userErrors[0].code).toBe('INVALID');
});

test('refuses an input that this kind of reader may not write, before it is sent', async () => {
  const change = `mutation ($input: UpdateNotificationFileInput!) {
    updateNotificationFile(input: $input) { record { id } userErrors { code } } }`;
  const { id, envelope } = await notification(asked, secretariat);
  const content = {
    memberState: 'FR',
    entityPseudonym: 'X',
    awareAt: '2026-09-17T06:20:00Z',
    entityName: 'X',
  };
  const { body } = await ask(asked, secretariat, change, {
    input: { key: randomUUID(), id, expectedVersion: envelope.version, content },
  });
  expect(body.data.updateNotificationFile).toBeNull();
  expect(body.errors[0].extensions.code).toBe('REFUSED');
});

test('logs a change before it is sent and its result afterwards, without its content', async () => {
  const judgement = `EXERCISE: ${randomUUID()}`;
  const { headers } = await ask(asked, operator, create, {
    input: assessment({ content: { ...assessment().content, judgement } }),
  });
  const client = new MongoClient(trial.stores.uris.hub);
  try {
    const entries = await client.db().collection('trail').find().toArray();
    const texts = entries.map((entry) => JSON.stringify(entry) + asText(entry['bytes']));
    const own = texts.filter((entry) => entry.includes(headers.get('x-correlation-id') ?? 'none'));
    expect(own.map((entry) => /"kind":"(\w+)"/.exec(entry)?.[1])).toEqual(['intent', 'access']);
    const everything = await client.db().collections();
    for (const one of everything)
      for (const document of await one.find().toArray())
        expect(Object.values(document).map(asText).join() + JSON.stringify(document)).not.toContain(
          judgement,
        );
  } finally {
    await client.close();
  }
});

/** Returns a stored value as text if it is bytes. */
function asText(value: unknown): string {
  return value instanceof Binary ? Buffer.from(value.buffer).toString('utf8') : '';
}
