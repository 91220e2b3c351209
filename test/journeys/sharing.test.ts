import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Trial } from '../../docker/trial/trial.ts';
import { ask, type Asked } from '../helpers/ask.ts';
import { created, mark, operator, picture, readAs, update } from '../helpers/changes.ts';
import { sendMove } from '../helpers/send-move.ts';
import { startExercise } from '../helpers/standing.ts';
import { wsClient } from '../helpers/streams.ts';
import { until } from '../helpers/until.ts';

/** Recipients share onward, and originators release, to readers beyond the audience of a record. */

let trial: Trial;
let asked: Asked;

beforeAll(async () => {
  trial = await startExercise({});
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
}, 600_000);

afterAll(async () => await trial.stop());

const french = { as: 'fr-csirt-analyst', picture, purpose: 'incident-response' };
const polish = { ...french, as: 'pl-csirt-analyst' };

test('lets a client of a recipient read an AMBER record by an onward share, until the originator ends it', async () => {
  const client = { as: 'private-partner', picture, purpose: 'incident-response' };
  const audience = { reach: 'NAMED', organisations: ['csirt-fr', 'csirt-pl'] };
  const id = await created(asked, { reading: { marking: { tlp: 'AMBER' }, audience } });
  expect(await readAs(asked, client, id)).toBeNull();
  const onward = { key: randomUUID(), id, expectedVersion: 1, share: 'exercise-share-1' };
  const input = { ...onward, need: 'EXERCISE', permitted: 'EXERCISE: detect' };
  const share = `mutation S($input: ShareRecordInput!) { shareDefenceRecord(input: $input) { version userErrors { code } } }`;
  const asClient = await ask(asked, client, share, { input: { ...input, key: randomUUID() } });
  expect(asClient.body.errors[0].extensions).toEqual(
    expect.objectContaining({ code: 'UNKNOWN_RECIPIENT', unknown: ['share: exercise-share-1'] }),
  );
  const shared = await ask(asked, french, share, { input });
  expect(shared.body.data.shareDefenceRecord).toEqual({ version: 2, userErrors: [] });
  expect(await readAs(asked, client, id)).not.toBeNull();

  const query = `query Q($id: ID!) { defenceAssessment(id: $id) { envelope { onwardShares { id by { id } } } } }`;
  const seen = async (who: typeof french) =>
    (await ask(asked, who, query, { id })).body.data.defenceAssessment.envelope.onwardShares;
  const own = [{ id: 'exercise-share-1', by: { id: 'Organisation:csirt-fr' } }];
  expect([await seen(french), await seen(operator)]).toEqual([own, own]);
  expect((await seen(polish)) ?? []).toEqual([]);

  const end = `mutation E($input: EndShareOfRecordInput!) { endShareOfDefenceRecord(input: $input) { version userErrors { code } } }`;
  const ended = await ask(asked, operator, end, {
    input: { ...onward, key: randomUUID(), expectedVersion: 2, by: 'csirt-fr', reason: 'EXERCISE' },
  });
  expect(ended.body.data.endShareOfDefenceRecord).toEqual({ version: 3, userErrors: [] });
  expect(await readAs(asked, client, id)).toBeNull();
});

const release = `mutation R($input: ReleaseRecordInput!) { releaseDefenceRecord(input: $input) { version userErrors { code path } } }`;
const endRelease = `mutation E($input: EndReleaseOfRecordInput!) { endReleaseOfDefenceRecord(input: $input) { version userErrors { code } } }`;

type Seen = { judgement: string | null; envelope: { version: number } };

/** Returns the input of a release to the French CSIRT until tomorrow. */
function releaseOf(id: string, expectedVersion: number, more: object = {}) {
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
  const terms = { to: 'csirt-fr', until: tomorrow, purpose: 'EXERCISE: they defend the same network' };
  return { input: { key: randomUUID(), id, expectedVersion, ...terms, ...more } };
}

test('releases one field to one organisation until it is revoked, also on an open subscription', async () => {
  const audience = { reach: 'NAMED', organisations: ['defence', 'csirt-fr', 'csirt-pl'] };
  const own = { marking: { tlp: 'AMBER_STRICT' }, audience: { reach: 'NAMED', organisations: ['defence'] } };
  const portions = [{ path: 'judgement', ...own }];
  const reading = {
    marking: { tlp: 'AMBER' },
    audience,
    portions,
    purposes: ['incident-response', 'cyber-defence'],
  };
  const id = await created(asked, { reading });
  expect(await readAs(asked, french, id)).toEqual({ id, judgement: null });

  const fields = ['judgement'];
  const released = await ask(asked, operator, release, releaseOf(id, 1, { fields }));
  expect(released.body.data.releaseDefenceRecord).toEqual({ version: 2, userErrors: [] });
  expect(await readAs(asked, french, id)).toEqual({ id, judgement: expect.stringContaining('EXERCISE') });
  expect(await readAs(asked, polish, id)).toEqual({ id, judgement: null });

  const client = await wsClient(asked, french);
  const seen: { version: number; judgement: string | null }[] = [];
  const failed: unknown[] = [];
  const query = `subscription F($id: ID) { defenceAssessmentEvents(id: $id) { record { judgement envelope { version } } } }`;
  client.subscribe(
    { query, variables: { id } },
    {
      next: ({ data }) => {
        const { record } = (data as { defenceAssessmentEvents: { record: Seen } }).defenceAssessmentEvents;
        seen.push({ version: record.envelope.version, judgement: record.judgement });
      },
      error: (error) => void failed.push(error),
      complete: () => undefined,
    },
  );
  let version = 2;
  const change = async (): Promise<void> => {
    const input = { key: randomUUID(), id, expectedVersion: version, content: { missionImpact: 'NONE' } };
    const { body } = await ask(asked, operator, update, { input });
    expect(body.data.updateDefenceAssessment.userErrors).toEqual([]);
    version += 1;
  };
  await until('an event with the field', async () => {
    await change();
    return seen.some(({ judgement }) => judgement?.includes('EXERCISE') === true);
  });

  const releases = `query Q($id: ID!) { defenceAssessment(id: $id) { envelope { releases { id to { id } fields } } } }`;
  const shown = async (who: typeof french) =>
    (await ask(asked, who, releases, { id })).body.data.defenceAssessment.envelope.releases;
  const [made] = await shown(operator);
  expect(made).toEqual({ id: expect.any(String), to: { id: 'Organisation:csirt-fr' }, fields });
  expect((await shown(french)) ?? []).toEqual([]);
  const end = {
    key: randomUUID(),
    id,
    expectedVersion: version,
    release: made.id,
    reason: 'EXERCISE: an error',
  };
  const ended = await ask(asked, operator, endRelease, { input: end });
  expect(ended.body.data.endReleaseOfDefenceRecord).toEqual({ version: version + 1, userErrors: [] });
  version += 1;
  expect(await readAs(asked, french, id)).toEqual({ id, judgement: null });
  const revokedAt = version;
  const later = () => seen.filter((one) => one.version >= revokedAt);
  await until('an event without the field', async () => {
    await change();
    return later().length > 0;
  });
  expect(later().every(({ judgement }) => judgement === null)).toBe(true);
  expect(failed).toEqual([]);
  await client.dispose();
});

test('releases a record beyond its audience, and refuses a release by others as for a record that does not exist', async () => {
  const audience = { reach: 'NAMED', organisations: ['defence', 'csirt-pl'] };
  const id = await created(asked, { reading: { marking: { tlp: 'AMBER' }, audience } });
  const nothing = `DefenceAssessment:${randomUUID()}`;
  const attempts = [id, nothing].map(
    async (one) => await ask(asked, french, release, releaseOf(one, 1, { to: 'csirt-pl' })),
  );
  const [real, none] = await Promise.all(attempts);
  expect(real?.body.data).toEqual({
    releaseDefenceRecord: { version: null, userErrors: [{ code: 'NOT_FOUND', path: ['id'] }] },
  });
  expect(real?.body.data).toEqual(none?.body.data);
  const byRecipient = await ask(asked, polish, release, releaseOf(id, 1));
  expect(byRecipient.body.data.releaseDefenceRecord.userErrors).toEqual([
    { code: 'NOT_ALLOWED', path: ['id'] },
  ]);
  const unknown = await ask(asked, operator, release, releaseOf(id, 1, { to: 'nobody' }));
  expect(unknown.body.errors[0].extensions).toEqual({
    code: 'UNKNOWN_RECIPIENT',
    unknown: ['to: nobody'],
  });
  expect(await readAs(asked, french, id)).toBeNull();

  const released = await ask(asked, operator, release, releaseOf(id, 1));
  expect(released.body.data.releaseDefenceRecord).toEqual({ version: 2, userErrors: [] });
  expect(await readAs(asked, french, id)).not.toBeNull();
  expect(await readAs(asked, { ...french, as: 'private-partner' }, id)).toBeNull();
  const up = {
    key: randomUUID(),
    id,
    expectedVersion: 2,
    reading: { marking: { tlp: 'AMBER_STRICT' }, audience },
  };
  expect((await ask(asked, operator, mark, { input: up })).body.data.markDefenceRecord.userErrors).toEqual(
    [],
  );
  expect(await readAs(asked, french, id)).toBeNull();
});

const requestOf = `query Q($id: ID!) { releaseRequest(id: $id) { progress { state } threads { originator { id } state } } }`;

async function requestSeenBy(who: typeof french, id: string) {
  return (await ask(asked, who, requestOf, { id })).body.data.releaseRequest;
}

test('takes a request to the originator, who releases the field, and one for a hidden record to nobody', async () => {
  const request = async (who: typeof french, recordId: string) => {
    const about = { purpose: 'EXERCISE', need: 'EXERCISE: the same network', scope: 'FIELDS' };
    const content = { recordId, ...about, fields: ['judgement'], until: '2099-01-01T00:00:00Z' };
    const { record, userErrors } = await sendMove(asked, who, 'askReleaseRequest', { content });
    expect(userErrors).toEqual([]);
    return record.id as string;
  };
  const own = { marking: { tlp: 'AMBER_STRICT' }, audience: { reach: 'NAMED', organisations: ['defence'] } };
  const audience = { reach: 'NAMED', organisations: ['defence', 'csirt-fr'] };
  const reading = { marking: { tlp: 'AMBER' }, audience, portions: [{ path: 'judgement', ...own }] };
  const id = await created(asked, { reading });
  const [hidden, absent] = [
    await request(polish, id),
    await request(polish, `DefenceAssessment:${randomUUID()}`),
  ];
  const nobody = { progress: { state: 'ASKED' }, threads: [] };
  expect([await requestSeenBy(polish, hidden), await requestSeenBy(polish, absent)]).toEqual([
    nobody,
    nobody,
  ]);
  expect(await requestSeenBy(operator, hidden)).toBeNull();

  const asking = await request(french, id);
  const thread = { originator: { id: 'Organisation:defence' } };
  expect((await requestSeenBy(french, asking)).threads).toEqual([{ ...thread, state: 'ASKED' }]);
  expect((await requestSeenBy(operator, asking)).threads).toEqual([{ ...thread, state: 'RECEIVED' }]);
  const released = await ask(asked, operator, release, releaseOf(id, 1, { fields: ['judgement'] }));
  expect(released.body.data.releaseDefenceRecord.userErrors).toEqual([]);
  const releases = `query Q($id: ID!) { defenceAssessment(id: $id) { envelope { releases { id } } } }`;
  const [made] = (await ask(asked, operator, releases, { id })).body.data.defenceAssessment.envelope.releases;
  const granted = { id: asking, expectedVersion: 1, release: made.id };
  expect((await sendMove(asked, operator, 'grantReleaseRequest', granted)).userErrors).toEqual([]);
  expect((await requestSeenBy(french, asking)).progress).toEqual({ state: 'GRANTED' });
  expect(await readAs(asked, french, id)).toEqual({ id, judgement: expect.stringContaining('EXERCISE') });
});

const inEmergency = `mutation R($input: ReleaseRecordInEmergencyInput!) { releaseDefenceRecordInEmergency(input: $input) { version userErrors { code path } } }`;
const confirm = `mutation C($input: ConfirmEmergencyReleaseInput!) { confirmEmergencyReleaseOfDefenceRecord(input: $input) { version userErrors { code path } } }`;
const report = `mutation P($input: ReportEmergencyReleaseInput!) { reportEmergencyReleaseOfDefenceRecord(input: $input) { version userErrors { code path } } }`;

/** Returns the input of an emergency release to the French CSIRT for some hours. */
function emergencyOf(id: string, expectedVersion: number, more: object = {}, hours = 2) {
  const end = new Date(Date.now() + hours * 3_600_000).toISOString();
  const why = 'EXERCISE: a hospital fails in an hour';
  const terms = { to: 'csirt-fr', until: end, threat: 'LIFE', whyNotByRequest: why };
  return { input: { key: randomUUID(), id, expectedVersion, ...terms, ...more } };
}

const of = (code: string, name: string) => [{ code, path: [name] }];

test('lets the officer on duty release an embargoed record in an emergency, confirmed, revoked and reported by others', async () => {
  const officer = { as: 'defence-duty-officer', picture, purpose: 'incident-response', strong: true };
  const reading = {
    marking: { tlp: 'AMBER' },
    audience: { reach: 'NAMED', organisations: ['defence'] },
    embargoUntil: new Date(Date.now() + 7 * 86_400_000).toISOString(),
  };
  const id = await created(asked, { reading });
  const refused = async (who: typeof french | typeof operator, more: object = {}, hours = 2, one = id) =>
    (await ask(asked, who, inEmergency, emergencyOf(one, 1, more, hours))).body.data
      .releaseDefenceRecordInEmergency.userErrors;
  expect(await refused({ ...officer, strong: false } as typeof french)).toEqual(of('NOT_ALLOWED', 'id'));
  expect(await refused(operator)).toEqual(of('NOT_ALLOWED', 'id'));
  expect(await refused(officer, {}, 25)).toEqual(of('INVALID', 'until'));
  const stranger = { ...officer, as: 'csirt-fr-duty-officer' };
  const nothing = `DefenceAssessment:${randomUUID()}`;
  expect(await refused(stranger, { to: 'csirt-pl' })).toEqual(of('NOT_FOUND', 'id'));
  expect(await refused(stranger, { to: 'csirt-pl' }, 2, nothing)).toEqual(of('NOT_FOUND', 'id'));
  expect(await readAs(asked, french, id)).toBeNull();

  const released = await ask(asked, officer, inEmergency, emergencyOf(id, 1));
  expect(released.body.data.releaseDefenceRecordInEmergency).toEqual({ version: 2, userErrors: [] });
  expect(await readAs(asked, french, id)).toEqual({ id, judgement: expect.stringContaining('EXERCISE') });
  expect(await readAs(asked, polish, id)).toBeNull();

  const query = `query Q($id: ID!) { defenceAssessment(id: $id) { envelope { version releases { id emergency { state threat reportDueAt } } } } }`;
  const shown = async (who: typeof french) =>
    (await ask(asked, who, query, { id })).body.data.defenceAssessment.envelope.releases;
  const [made] = await shown(operator);
  expect(made.emergency).toEqual({ state: 'RELEASED', threat: 'LIFE', reportDueAt: null });
  expect((await shown(french)) ?? []).toEqual([]);
  const act = async (
    who: typeof french | typeof operator,
    mutation: string,
    expectedVersion: number,
    texts: object,
  ) => {
    const input = { key: randomUUID(), id, expectedVersion, release: made.id, ...texts };
    return Object.values((await ask(asked, who, mutation, { input })).body.data)[0];
  };
  const reason = { reason: 'EXERCISE' };
  expect(await act(officer, confirm, 2, reason)).toEqual({
    version: null,
    userErrors: of('NOT_ALLOWED', 'release'),
  });
  expect(await act(operator, confirm, 2, reason)).toEqual({ version: 3, userErrors: [] });
  expect(await act(operator, endRelease, 3, reason)).toEqual({ version: 4, userErrors: [] });
  expect(await readAs(asked, french, id)).toBeNull();
  expect((await shown(operator))[0].emergency).toMatchObject({
    state: 'REVOKED',
    reportDueAt: expect.any(String),
  });
  const texts = { used: 'EXERCISE: the address', outcome: 'EXERCISE: the hospital works' };
  expect(await act(operator, report, 4, texts)).toEqual({ version: 5, userErrors: [] });
});

const propose = `mutation P($input: ProposeReleaseInput!) { proposeReleaseOfDefenceRecord(input: $input) { version userErrors { code path } } }`;
const confirmRelease = `mutation C($input: ConfirmReleaseInput!) { confirmReleaseOfDefenceRecord(input: $input) { version userErrors { code path } } }`;

const refused = (code: string, name: string) => ({ version: null, userErrors: of(code, name) });

test('lets two persons release a RED record to one named person, who reads it until it is revoked', async () => {
  const first = { ...operator, strong: true };
  const second = { as: 'defence-duty-officer', picture, purpose: 'cyber-defence', strong: true };
  const named = { ...french, strong: true };
  const colleague = { ...named, as: 'fr-csirt-analyst-2' };
  const [person, other] = ['u-5e6c27a0f18d', 'u-ccc8bb954dfa'];
  const audience = { reach: 'NAMED', organisations: ['defence'] };
  const id = await created(asked, { reading: { marking: { tlp: 'AMBER' }, audience } });
  const persons = ['u-d1846ce20b9f', 'u-7d2e90b1c4fa'];
  const reading = { marking: { tlp: 'RED' }, audience: { ...audience, persons } };
  const up = { input: { key: randomUUID(), id, expectedVersion: 1, reading } };
  expect((await ask(asked, first, mark, up)).body.data.markDefenceRecord.userErrors).toEqual([]);

  const proposed = async (who: typeof first, more: object = {}, one = id) =>
    (await ask(asked, who, propose, releaseOf(one, 2, { person, ...more }))).body.data
      .proposeReleaseOfDefenceRecord;
  expect(await proposed(first, { person: null })).toEqual(refused('INVALID', 'person'));
  expect(await proposed(first, { to: 'csirt-pl' })).toEqual(refused('INVALID', 'person'));
  expect(await proposed({ ...operator, strong: false })).toEqual(refused('NOT_FOUND', 'id'));
  // A stranger learns neither that the record exists, nor whether a person is a member of an organisation.
  const nothing = `DefenceAssessment:${randomUUID()}`;
  const strangers = [
    await proposed(named, { to: 'csirt-pl', person: other }),
    await proposed(named, { to: 'csirt-pl', person: other }, nothing),
  ];
  for (const answer of strangers) expect(answer).toEqual(refused('NOT_FOUND', 'id'));
  expect(await proposed(first)).toEqual({ version: 2, userErrors: [] });
  expect(await readAs(asked, named, id)).toBeNull();

  const query = `query Q($id: ID!) { defenceAssessment(id: $id) { envelope { version releases { id proposal { state person } } } } }`;
  const shown = async () => (await ask(asked, second, query, { id })).body.data.defenceAssessment.envelope;
  const { version, releases: made } = await shown();
  expect({ version, made }).toEqual({
    version: 2,
    made: [{ id: expect.any(String), proposal: { state: 'PROPOSED', person } }],
  });
  const act = async (who: typeof first, mutation: string, expectedVersion: number) => {
    const input = { key: randomUUID(), id, expectedVersion, release: made[0].id, reason: 'EXERCISE' };
    return Object.values((await ask(asked, who, mutation, { input })).body.data)[0];
  };
  expect(await act(first, confirmRelease, 2)).toEqual(refused('NOT_ALLOWED', 'release'));
  expect(await act(second, confirmRelease, 2)).toEqual({ version: 3, userErrors: [] });
  expect(await readAs(asked, named, id)).toEqual({ id, judgement: expect.stringContaining('EXERCISE') });
  expect(await readAs(asked, { ...named, strong: false }, id)).toBeNull();
  for (const who of [colleague, { ...polish, strong: true }]) expect(await readAs(asked, who, id)).toBeNull();
  expect((await shown()).releases).toEqual([{ id: made[0].id, proposal: { state: 'ACTIVE', person } }]);

  expect(await act(first, endRelease, 3)).toEqual({ version: 4, userErrors: [] });
  expect(await readAs(asked, named, id)).toBeNull();
});
