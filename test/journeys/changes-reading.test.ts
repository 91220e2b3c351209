import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { randomUUID } from 'node:crypto';
import type { Trial } from '../../docker/trial/trial.ts';
import { ask, type Asked } from '../helpers/ask.ts';
import {
  assessment,
  contactPoint,
  created,
  mark,
  milcert,
  notification,
  operator,
  picture,
  readAs,
  retract,
  retraction,
  secretariat,
} from '../helpers/changes.ts';
import { startExercise } from '../helpers/standing.ts';

let trial: Trial;
let asked: Asked;

beforeAll(async () => {
  trial = await startExercise({});
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
}, 600_000);

afterAll(async () => await trial.stop());

test('hides a record that is marked up, and lets only its originator mark it down', async () => {
  const id = await created(asked);
  expect(await readAs(asked, milcert, id)).not.toBeNull();
  const up = await ask(asked, operator, mark, {
    input: { key: randomUUID(), id, expectedVersion: 1, reading: { marking: { tlp: 'AMBER' } } },
  });
  expect(up.body.data.markDefenceRecord).toEqual({ id, version: 2, userErrors: [] });
  expect(await readAs(asked, milcert, id)).toBeNull();
  const down = await ask(asked, operator, mark, {
    input: { key: randomUUID(), id, expectedVersion: 2, reading: { marking: { tlp: 'CLEAR' } } },
  });
  expect(down.body.data.markDefenceRecord).toEqual({ id, version: 3, userErrors: [] });
  expect(await readAs(asked, milcert, id)).not.toBeNull();
});

test('keeps the fields that the reader who changes a record may not read', async () => {
  const before = await notification(asked, secretariat);
  expect(before.entityName).toBeNull();
  expect((await notification(asked, contactPoint)).entityName).toBe('EXERCISE: Hôpital fictif');
  const change = `mutation ($input: UpdateNotificationFileInput!) {
    updateNotificationFile(input: $input) { record { rootCause } userErrors { code path message } } }`;
  const content = {
    entityPseudonym: 'EX-ENTITY-01',
    rootCause: 'THIRD_PARTY',
    // The value that decides who may read the field stays.
    crossBorder: 'YES',
  };
  const { version } = before.envelope;
  const input = { key: randomUUID(), id: before.id, expectedVersion: version, content };
  const { body } = await ask(asked, secretariat, change, { input });
  expect(body.data.updateNotificationFile).toEqual({ record: { rootCause: 'THIRD_PARTY' }, userErrors: [] });
  expect(await notification(asked, contactPoint)).toMatchObject({
    entityName: 'EXERCISE: Hôpital fictif',
    rootCause: 'THIRD_PARTY',
  });
});

test('lets the custodian’s operator mark up, but never down, another organisation’s record', async () => {
  const { id, envelope } = await notification(asked, secretariat);
  const set = async (expectedVersion: number, reading: object) => {
    const mutation = `mutation ($input: MarkRecordInput!) {
      markEnisaRecord(input: $input) { version userErrors { code path } } }`;
    const { body } = await ask(asked, secretariat, mutation, {
      input: { key: randomUUID(), id, expectedVersion, reading },
    });
    return body.data.markEnisaRecord;
  };
  const lower = { marking: { tlp: 'GREEN' } };
  expect(await set(envelope.version, lower)).toEqual({
    version: null,
    userErrors: [{ code: 'NOT_ALLOWED', path: ['reading'] }],
  });
  const wider = { marking: { tlp: 'AMBER' }, audience: { reach: 'NAMED', organisations: ['csirt-at'] } };
  expect((await set(envelope.version, wider)).userErrors).toEqual([
    { code: 'NOT_ALLOWED', path: ['reading'] },
  ]);
  const stricter = {
    marking: { tlp: 'AMBER_STRICT' },
    audience: { reach: 'NAMED', organisations: ['csirt-fr'] },
    purposes: ['incident-response'],
  };
  expect(await set(envelope.version, stricter)).toEqual({ version: envelope.version + 1, userErrors: [] });
});

async function listedUnder(vulnerability: string, list: string): Promise<readonly string[]> {
  const query = `query Q($id: String!) { vulnerability(id: $id) { ${list}(first: 100) { nodes { id } total { value } } } }`;
  const { body } = await ask(asked, milcert, query, { id: vulnerability });
  const { nodes, total } = body.data.vulnerability[list];
  expect(total.value).toBe(nodes.length);
  return nodes.map(({ id }: { id: string }) => id);
}

test('does not list a record under a key that only a hidden portion names, until the portion is opened', async () => {
  const reading = {
    marking: { tlp: 'GREEN' },
    portions: [
      {
        path: 'subject',
        marking: { tlp: 'AMBER' },
        audience: { reach: 'NAMED', organisations: ['defence'] },
      },
    ],
  };
  const id = await created(asked, { reading });
  expect(await readAs(asked, milcert, id)).not.toBeNull();
  expect(await listedUnder('CVE-2099-10001', 'defenceAssessments')).not.toContain(id);
  const opened = { key: randomUUID(), id, expectedVersion: 1, reading: { marking: { tlp: 'GREEN' } } };
  await ask(asked, operator, mark, { input: opened });
  expect(await listedUnder('CVE-2099-10001', 'defenceAssessments')).toContain(id);
  const closed = { key: randomUUID(), id, expectedVersion: 2, reading };
  await ask(asked, operator, mark, { input: closed });
  expect(await listedUnder('CVE-2099-10001', 'defenceAssessments')).not.toContain(id);
});

test('still finds a feed’s record under all of its keys after a manual marking', async () => {
  const certEu = { as: 'cert-eu-operator', picture, purpose: 'incident-response' };
  const [id] = await listedUnder('CVE-2099-10001', 'advisories');
  const shown = await ask(
    asked,
    certEu,
    `{ advisory(id: "${id}") { envelope { version } vulnerabilities { name } } }`,
  );
  const { envelope, vulnerabilities } = shown.body.data.advisory;
  const input = {
    key: randomUUID(),
    id,
    expectedVersion: envelope.version,
    reading: { marking: { tlp: 'GREEN' } },
  };
  const marked = `mutation Mark($input: MarkRecordInput!) { markCertEuRecord(input: $input) { version userErrors { code message } } }`;
  const { body } = await ask(asked, certEu, marked, { input });
  expect(body.data.markCertEuRecord).toEqual({ version: envelope.version + 1, userErrors: [] });
  expect(vulnerabilities.length).toBeGreaterThan(0);
  for (const { name } of vulnerabilities) expect(await listedUnder(name, 'advisories')).toContain(id);
});

test('lets only the originator change who may read a record, by content or by marking', async () => {
  const change = `mutation ($input: UpdateNotificationFileInput!) {
    updateNotificationFile(input: $input) { record { id } userErrors { code path } } }`;
  const { id, envelope } = await notification(asked, secretariat);
  const content = { entityPseudonym: 'X', crossBorder: 'NO' };
  const input = { key: randomUUID(), id, expectedVersion: envelope.version, content };
  const { body } = await ask(asked, secretariat, change, { input });
  expect(body.data.updateNotificationFile).toEqual({
    record: null,
    userErrors: [{ code: 'NOT_ALLOWED', path: ['content'] }],
  });
});

test('adds no reader to a record by marking it up: only the originator adds names', async () => {
  const certEu = { as: 'cert-eu-operator', picture, purpose: 'incident-response' };
  const marked = `mutation Mark($input: MarkRecordInput!) { markCertEuRecord(input: $input) { version userErrors { code } } }`;
  const query = '{ mispEvents(first: 50) { nodes { id envelope { version marking { tlp } } } } }';
  type Event = {
    readonly id: string;
    readonly envelope: { readonly version: number; readonly marking: object };
  };
  const found = (await ask(asked, certEu, query)).body.data.mispEvents.nodes as readonly Event[];
  const green = found.find(({ envelope }) => (envelope.marking as { tlp: string }).tlp === 'GREEN');
  await assertedBy(green?.id ?? '', 'csirt-pl');
  const set = async (organisations: readonly string[]) => {
    const audience = { reach: 'NAMED', organisations };
    const reading = { marking: { tlp: 'AMBER' }, audience, purposes: ['incident-response'] };
    const input = { key: randomUUID(), id: green?.id, expectedVersion: green?.envelope.version, reading };
    return (await ask(asked, certEu, marked, { input })).body.data.markCertEuRecord.userErrors;
  };
  expect(await set(['nordsee-energy'])).toEqual([{ code: 'NOT_ALLOWED' }]);
  expect(await set([])).toEqual([]);
});

/** Changes the originator of an event of the exercise, as if another organisation had sent it. */
async function assertedBy(id: string, originator: string): Promise<void> {
  const client = new MongoClient(trial.stores.uris['cert-eu']);
  try {
    const events = client.db().collection<{ _id: string }>('mispEvents');
    await events.updateOne({ _id: id }, { $set: { 'envelope.originator': originator } });
  } finally {
    await client.close();
  }
}

test('does not let a colleague open a portion for one named person, or learn that it exists', async () => {
  const persons = { marking: { tlp: 'RED' }, audience: { reach: 'NAMED', persons: ['u-84d13b9f60ca'] } };
  const portions = [{ path: 'question', ...persons }];
  const content = { ...assessment().content, question: 'EXERCISE: who?' };
  const id = await created(asked, { content, reading: { marking: { tlp: 'GREEN' }, portions } });
  const input = { key: randomUUID(), id, expectedVersion: 1, reading: { marking: { tlp: 'AMBER' } } };
  const { body } = await ask(asked, operator, mark, { input });
  expect(body.data.markDefenceRecord).toMatchObject({ version: 2, userErrors: [] });
  const shown = await ask(
    asked,
    operator,
    `{ defenceAssessment(id: "${id}") { question envelope { version } } }`,
  );
  expect(shown.body.data.defenceAssessment).toEqual({ question: null, envelope: { version: 2 } });
});

test('does not let a reader of the originator change a hidden record, or learn that it exists', async () => {
  const id = await created(asked);
  const red = { marking: { tlp: 'RED' }, audience: { reach: 'NAMED', persons: ['u-84d13b9f60ca'] } };
  const up = await ask(asked, operator, mark, {
    input: { ...retraction(id).input, reason: undefined, reading: red },
  });
  expect(up.body.data.markDefenceRecord).toMatchObject({ version: 2, userErrors: [] });
  expect(await readAs(asked, operator, id)).toBeNull();
  const { body } = await ask(asked, operator, retract, {
    input: { ...retraction(id).input, expectedVersion: 2 },
  });
  expect(body.data.retractDefenceRecord).toEqual({
    id: null,
    version: null,
    userErrors: [{ code: 'NOT_FOUND' }],
  });
});

test('refuses a manual portion on a field that sorts a list', async () => {
  const certEu = { as: 'cert-eu-operator', picture, purpose: 'incident-response' };
  const [id] = await listedUnder('CVE-2099-10001', 'advisories');
  const shown = await ask(asked, certEu, `{ advisory(id: "${id}") { envelope { version } } }`);
  const { version } = shown.body.data.advisory.envelope;
  const portions = [{ path: 'publishedAt', marking: { tlp: 'AMBER' } }];
  const input = {
    key: randomUUID(),
    id,
    expectedVersion: version,
    reading: { marking: { tlp: 'GREEN' }, portions },
  };
  const marked = `mutation Mark($input: MarkRecordInput!) { markCertEuRecord(input: $input) { version userErrors { code path } } }`;
  const { body } = await ask(asked, certEu, marked, { input });
  expect(body.data.markCertEuRecord).toEqual({
    version: null,
    userErrors: [{ code: 'INVALID', path: ['reading', 'portions'] }],
  });
});
