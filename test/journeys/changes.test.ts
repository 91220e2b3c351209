import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Binary, MongoClient } from 'mongodb';
import { randomUUID } from 'node:crypto';
import type { Trial } from '../../docker/trial/trial.ts';
import { ask, type Asked } from '../helpers/ask.ts';
import { create, link, mark, retract, update } from '../helpers/change-documents.ts';
import { startExercise } from '../helpers/standing.ts';

let trial: Trial;
let asked: Asked;

beforeAll(async () => {
  trial = await startExercise({});
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
}, 240_000);

afterAll(async () => await trial.stop());

const picture = 'exercise:trial-2026';
const operator = { as: 'defence-operator', picture, purpose: 'cyber-defence' };
const milcert = { as: 'ee-milcert-analyst', picture, purpose: 'cyber-defence' };
const stranger = { as: 'eeas-operator', picture, purpose: 'diplomatic-response' };

function assessment(over: object = {}) {
  return {
    key: randomUUID(),
    content: {
      subject: { vulnerability: 'CVE-2099-10001' },
      judgement: 'EXERCISE: the gateway of the exercise network is exposed',
      missionImpact: 'DEGRADED',
    },
    reading: { marking: { tlp: 'GREEN' } },
    ...over,
  };
}

async function created(over: object = {}): Promise<string> {
  const { body } = await ask(asked, operator, create, { input: assessment(over) });
  expect(body.errors).toBeUndefined();
  expect(body.data.createDefenceAssessment.userErrors).toEqual([]);
  return body.data.createDefenceAssessment.record.id;
}

function retraction(id: string) {
  return { input: { key: randomUUID(), id, expectedVersion: 1, reason: 'EXERCISE' } };
}

async function readAs(who: object, id: string) {
  const { body } = await ask(
    asked,
    who as never,
    `query Q($id: ID!) { defenceAssessment(id: $id) { id judgement } }`,
    { id },
  );
  return body.data.defenceAssessment;
}

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
  const id = await created();
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
  expect((await readAs(operator, id)).judgement).toBe('EXERCISE: one');
});

test('another community’s operator is refused whole, whether the record is there or not', async () => {
  const id = await created();
  const there = await ask(asked, stranger, retract, retraction(id));
  const absent = await ask(asked, stranger, retract, retraction(`DefenceAssessment:${randomUUID()}`));
  expect(there.body.data.retractDefenceRecord).toEqual({
    id: null,
    version: null,
    userErrors: [{ code: 'NOT_FOUND' }],
  });
  expect(withoutId(there.text)).toBe(withoutId(absent.text));
  expect(await readAs(operator, id)).not.toBeNull();
});

test('a reader of another kind may not even ask to create', async () => {
  const { body } = await ask(asked, milcert, create, { input: assessment() });
  expect(body.data).toEqual({ createDefenceAssessment: null });
  expect(body.errors).toHaveLength(1);
  expect(body.errors[0].extensions.code).toBe('REFUSED');
});

test('marked up, a record is gone for those whom it no longer reaches; marked down it is by its originator', async () => {
  const id = await created();
  expect(await readAs(milcert, id)).not.toBeNull();
  const up = await ask(asked, operator, mark, {
    input: { key: randomUUID(), id, expectedVersion: 1, reading: { marking: { tlp: 'AMBER' } } },
  });
  expect(up.body.data.markDefenceRecord).toEqual({ id, version: 2, userErrors: [] });
  expect(await readAs(milcert, id)).toBeNull();
  const down = await ask(asked, operator, mark, {
    input: { key: randomUUID(), id, expectedVersion: 2, reading: { marking: { tlp: 'CLEAR' } } },
  });
  expect(down.body.data.markDefenceRecord).toEqual({ id, version: 3, userErrors: [] });
  expect(await readAs(milcert, id)).not.toBeNull();
});

test('linked to a joint case, a record stands under it; unlinked it does not', async () => {
  const id = await created();
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
  const id = await created();
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

const secretariat = { as: 'enisa-operator', picture, purpose: 'incident-response' };
const contactPoint = { as: 'fr-contact-point', picture, purpose: 'incident-response' };

async function notification(who: object) {
  const { body } = await ask(
    asked,
    who as never,
    '{ notificationFiles { nodes { id entityName rootCause envelope { version } } } }',
  );
  return body.data.notificationFiles.nodes[0];
}

test('what is hidden from whoever changes a record stays as it was', async () => {
  const before = await notification(secretariat);
  expect(before.entityName).toBeNull();
  expect((await notification(contactPoint)).entityName).toBe('EXERCISE: Hôpital fictif');
  const change = `mutation ($input: UpdateNotificationFileInput!) {
    updateNotificationFile(input: $input) { record { rootCause } userErrors { code path message } } }`;
  const content = {
    memberState: 'FR',
    entityPseudonym: 'EX-ENTITY-01',
    awareAt: '2026-09-17T06:20:00Z',
    rootCause: 'THIRD_PARTY',
    // What decides who may read it stays.
    crossBorder: 'YES',
    otherStatesAffected: ['PL'],
    otherStatesInformedAt: '2026-09-18T10:00:00Z',
  };
  const { version } = before.envelope;
  const input = { key: randomUUID(), id: before.id, expectedVersion: version, content };
  const { body } = await ask(asked, secretariat, change, { input });
  expect(body.data.updateNotificationFile).toEqual({ record: { rootCause: 'THIRD_PARTY' }, userErrors: [] });
  expect(await notification(contactPoint)).toMatchObject({
    entityName: 'EXERCISE: Hôpital fictif',
    rootCause: 'THIRD_PARTY',
  });
});

test('the custodian’s operator marks up, and never down what another organisation asserts', async () => {
  const { id, envelope } = await notification(secretariat);
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

test('an input that this kind of reader may not write is refused before it is sent', async () => {
  const change = `mutation ($input: UpdateNotificationFileInput!) {
    updateNotificationFile(input: $input) { record { id } userErrors { code } } }`;
  const { id, envelope } = await notification(secretariat);
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

async function listedUnder(vulnerability: string, list: string): Promise<readonly string[]> {
  const query = `query Q($id: String!) { vulnerability(id: $id) { ${list}(first: 100) { nodes { id } total { value } } } }`;
  const { body } = await ask(asked, milcert, query, { id: vulnerability });
  const { nodes, total } = body.data.vulnerability[list];
  expect(total.value).toBe(nodes.length);
  return nodes.map(({ id }: { id: string }) => id);
}

test('a record is not listed under what only a field of it names that is marked by itself, until that is opened', async () => {
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
  const id = await created({ reading });
  expect(await readAs(milcert, id)).not.toBeNull();
  expect(await listedUnder('CVE-2099-10001', 'defenceAssessments')).not.toContain(id);
  const opened = { key: randomUUID(), id, expectedVersion: 1, reading: { marking: { tlp: 'GREEN' } } };
  await ask(asked, operator, mark, { input: opened });
  expect(await listedUnder('CVE-2099-10001', 'defenceAssessments')).toContain(id);
  const closed = { key: randomUUID(), id, expectedVersion: 2, reading };
  await ask(asked, operator, mark, { input: closed });
  expect(await listedUnder('CVE-2099-10001', 'defenceAssessments')).not.toContain(id);
});

test('a feed’s record that is marked by hand is found under all that it names as before', async () => {
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

test('whom a record lets in is decided by its originator, by what it says as by its marking', async () => {
  const change = `mutation ($input: UpdateNotificationFileInput!) {
    updateNotificationFile(input: $input) { record { id } userErrors { code path } } }`;
  const { id, envelope } = await notification(secretariat);
  const content = { memberState: 'DE', entityPseudonym: 'X', awareAt: '2026-09-17T06:20:00Z' };
  const input = { key: randomUUID(), id, expectedVersion: envelope.version, content };
  const { body } = await ask(asked, secretariat, change, { input });
  expect(body.data.updateNotificationFile).toEqual({
    record: null,
    userErrors: [{ code: 'NOT_ALLOWED', path: ['content'] }],
  });
});

test('marked up, a record is shown to nobody new: a name is let in by the originator alone', async () => {
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

/** Has an event of the exercise asserted by another organisation, as if it had come from there. */
async function assertedBy(id: string, originator: string): Promise<void> {
  const client = new MongoClient(trial.stores.uris['cert-eu']);
  try {
    const events = client.db().collection<{ _id: string }>('mispEvents');
    await events.updateOne({ _id: id }, { $set: { 'envelope.originator': originator } });
  } finally {
    await client.close();
  }
}

test('a part for one named person is opened by no colleague, nor told to be there', async () => {
  const persons = { marking: { tlp: 'RED' }, audience: { reach: 'NAMED', persons: ['u-84d13b9f60ca'] } };
  const portions = [{ path: 'question', ...persons }];
  const content = { ...assessment().content, question: 'EXERCISE: who?' };
  const id = await created({ content, reading: { marking: { tlp: 'GREEN' }, portions } });
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

test('a record that its reader may not see is changed by nobody of its originator, and told of to nobody', async () => {
  const id = await created();
  const red = { marking: { tlp: 'RED' }, audience: { reach: 'NAMED', persons: ['u-84d13b9f60ca'] } };
  const up = await ask(asked, operator, mark, {
    input: { ...retraction(id).input, reason: undefined, reading: red },
  });
  expect(up.body.data.markDefenceRecord).toMatchObject({ version: 2, userErrors: [] });
  expect(await readAs(operator, id)).toBeNull();
  const { body } = await ask(asked, operator, retract, {
    input: { ...retraction(id).input, expectedVersion: 2 },
  });
  expect(body.data.retractDefenceRecord).toEqual({
    id: null,
    version: null,
    userErrors: [{ code: 'NOT_FOUND' }],
  });
});
