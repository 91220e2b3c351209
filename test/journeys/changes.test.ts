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
}, 240_000);

afterAll(async () => await trial.stop());

/** An answer's bytes without what is drawn anew for each. */
function withoutId(text: string): string {
  return text.replace(/"correlationId":"[^"]+"/, '');
}

test('an operator creates a record: others read it as marked, joined under what it names', async () => {
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

test('the same key gives the same answer, and makes one record', async () => {
  const input = assessment();
  const answers = await Promise.all([1, 2, 3].map(async () => await ask(asked, operator, create, { input })));
  const ids = answers.map(({ body }) => body.data.createDefenceAssessment.record.id);
  expect(new Set(ids).size).toBe(1);
});

test('the same key with other content is refused as a value', async () => {
  const input = assessment();
  await ask(asked, operator, create, { input });
  const other = { ...input, content: { ...input.content, judgement: 'EXERCISE: another' } };
  const { body } = await ask(asked, operator, create, { input: other });
  expect(body.data.createDefenceAssessment).toMatchObject({
    record: null,
    userErrors: [{ code: 'KEY_REUSED' }],
  });
});

test('a change on a stale version is refused, and changes nothing', async () => {
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

test('another community’s operator is refused whole, whether the record is there or not', async () => {
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

test('a reader of another kind may not even ask to create', async () => {
  const { body } = await ask(asked, milcert, create, { input: assessment() });
  expect(body.data).toEqual({ createDefenceAssessment: null });
  expect(body.errors).toHaveLength(1);
  expect(body.errors[0].extensions.code).toBe('REFUSED');
});

test('linked to a joint case, a record stands under it; unlinked it does not', async () => {
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

test('what was retracted is changed no more', async () => {
  const id = await created(asked);
  const input = { id, reason: 'EXERCISE' };
  await ask(asked, operator, retract, { input: { ...input, key: randomUUID(), expectedVersion: 1 } });
  const again = await ask(asked, operator, retract, {
    input: { ...input, key: randomUUID(), expectedVersion: 2 },
  });
  expect(again.body.data.retractDefenceRecord.userErrors).toEqual([{ code: 'CLOSED' }]);
});

test('content that makes no sense is told by its place, without a value', async () => {
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

test('classified content given by hand is kept nowhere', async () => {
  const bad = assessment({ content: { ...assessment().content, judgement: 'SECRET UE/EU SECRET' } });
  const { body } = await ask(asked, operator, create, { input: bad });
  expect(body.data.createDefenceAssessment.record).toBeNull();
  expect(body.data.createDefenceAssessment.userErrors[0].code).toBe('INVALID');
});

test('an input that this kind of reader may not write is refused before it is sent', async () => {
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

test('the trail has a change before it is sent and what came of it after, and nothing of its content', async () => {
  const said = `EXERCISE: ${randomUUID()}`;
  const { headers } = await ask(asked, operator, create, {
    input: assessment({ content: { ...assessment().content, judgement: said } }),
  });
  const client = new MongoClient(trial.stores.uris.hub);
  try {
    const entries = await client.db().collection('trail').find().toArray();
    const told = entries.map((entry) => JSON.stringify(entry) + asText(entry['bytes']));
    const own = told.filter((entry) => entry.includes(headers.get('x-correlation-id') ?? 'none'));
    expect(own.map((entry) => /"kind":"(\w+)"/.exec(entry)?.[1])).toEqual(['intent', 'access']);
    const everything = await client.db().collections();
    for (const one of everything)
      for (const document of await one.find().toArray())
        expect(Object.values(document).map(asText).join() + JSON.stringify(document)).not.toContain(said);
  } finally {
    await client.close();
  }
});

/** What a stored value says, where it is bytes. */
function asText(value: unknown): string {
  return value instanceof Binary ? Buffer.from(value.buffer).toString('utf8') : '';
}
