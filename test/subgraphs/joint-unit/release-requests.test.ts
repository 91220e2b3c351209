import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Addressed } from '../../../schema/protocol/addressed.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { namesOf, noticesOf } from './inbox-of.ts';
import { askAt, makeMove, type Payload } from './moves-of.ts';
import { passTo } from './pass-to.ts';
import { csirt, french, german, polish, stranger } from './recall-of.ts';

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const at = (time: string) => new Date(`2026-11-${time}:00Z`);
const record = 'MispEvent:0b6f1d0e-0000-4000-8000-000000000001';
const content = {
  recordId: record,
  purpose: 'EXERCISE: to warn the operators of a grid',
  need: 'EXERCISE: the same server was seen here',
  scope: 'FIELDS',
  fields: ['victims'],
  until: '2026-12-01T10:00:00.000Z',
};
/** The hub states that csirt-de asserts the record, which this reader may read. */
const toGerman: Addressed = { record, organisations: ['csirt-de'] };
/** Five working days after the start. */
const answerAt = '2026-11-10T23:00:00.000Z';
const [justBefore, then] = [at('10T22:59'), at('10T23:00')];

async function tryAsk(
  hub: Addressed | null,
  { reader = french, ...more }: { readonly reader?: Reader } & Record<string, unknown> = {},
) {
  const now = { store, reader, now: at('03T10:00'), ...(hub && { addressed: hub }) };
  return await makeMove(now, 'ReleaseRequest', 'ask', { content: { ...content, ...more } });
}

/** Asks for a record that no other test asks for. With `hub`, the hub states its originator. */
async function asked(hub: Addressed | null, more: object = {}): Promise<string> {
  const recordId = `MispEvent:${randomUUID()}`;
  const stated = hub?.record === record ? { ...hub, record: recordId } : hub;
  const { record: made, userErrors } = await tryAsk(stated, { recordId, ...more });
  expect(userErrors).toEqual([]);
  return made?.id ?? '';
}

type Seen = Readonly<Record<string, unknown>> & {
  readonly envelope: Readonly<Record<string, unknown>>;
  readonly progress: Readonly<Record<string, unknown>>;
  readonly threads: readonly Readonly<Record<string, unknown>>[];
};

const fields = `{
  id recordId from { id } purpose need forOrganisation { id } scope fields until answerAt
  envelope { version modifiedAt { utc } originator { id } audience { organisations { id } } }
  progress { state since possibleMoves moves { move } }
  threads { originator { id } version state since release possibleMoves moves { move values { name values } } }
}`;

async function seen(reader: Reader, id: string, now: Date): Promise<Seen | null> {
  const query = `query Q($id: ID!) { releaseRequest(id: $id) ${fields} }`;
  return await askAt<Seen | null>({ store, reader, now }, query, { id });
}

/** Returns what the asker has of a request, without its id and that of the record, to compare it with another one. */
async function sideOfAsker(id: string, now: Date) {
  const notices = namesOf(await noticesOf(store, french, now, id)).toSorted();
  return { ...(await seen(french, id, now)), id: null, recordId: null, notices };
}

async function move(reader: Reader, name: string, id: string, time: string, input: object = {}) {
  return (await makeMove({ store, reader, now: at(time) }, 'ReleaseRequest', name, { id, ...input }))
    .userErrors;
}

const instants = [at('03T10:00'), at('04T10:00'), justBefore, then, at('20T10:00')];

test('reaches the originator that the hub states, and shows the asker when the answer comes', async () => {
  const id = await asked(toGerman);
  const { recordId: _id, ...rest } = content;
  expect(await seen(french, id, at('03T10:00'))).toMatchObject({
    ...rest,
    from: { id: 'Organisation:csirt-fr' },
    answerAt,
    progress: { state: 'ASKED', moves: [{ move: 'ask' }] },
    threads: [{ originator: { id: 'Organisation:csirt-de' }, state: 'ASKED', possibleMoves: [] }],
  });
  const theirs = await seen(german, id, at('03T10:00'));
  expect(theirs).toMatchObject({ ...rest, threads: [{ state: 'RECEIVED' }] });
  expect(theirs?.threads[0]?.['possibleMoves']).toEqual([
    'reviewReleaseRequest',
    'grantReleaseRequest',
    'refuseReleaseRequest',
  ]);
  expect(namesOf(await noticesOf(store, german, at('03T10:00'), id))).toEqual(['csirt-de ask']);
  for (const other of [polish, stranger]) expect(await seen(other, id, at('03T10:00'))).toBeNull();
});

test('reaches nobody without a statement about this record, and shows no difference to nothing', async () => {
  const other = { ...toGerman, record: 'MispEvent:0b6f1d0e-0000-4000-8000-000000000002' };
  const [hidden, absent] = [await asked(null), await asked(other, { recordId: `MispEvent:${randomUUID()}` })];
  for (const now of instants) {
    await passTo(store, now);
    const shown = await sideOfAsker(hidden, now);
    expect(shown).toEqual(await sideOfAsker(absent, now));
    expect(shown).toMatchObject({
      answerAt,
      progress: { state: now < then ? 'ASKED' : 'NO_RELEASE' },
      threads: [],
    });
  }
  expect(await seen(german, hidden, at('03T10:00'))).toBeNull();
});

test('shows the asker of a refused request the same as of one that nobody answers, at every time', async () => {
  const [silent, reviewed, refused] = [await asked(toGerman), await asked(toGerman), await asked(toGerman)];
  expect(await move(german, 'review', reviewed, '04T09:00')).toEqual([]);
  expect(await move(german, 'review', refused, '04T09:00')).toEqual([]);
  const reason = 'EXERCISE: another service is not finished';
  expect(await move(german, 'refuse', refused, '04T09:30', { expectedVersion: 2, reason })).toEqual([]);
  for (const now of instants) {
    await passTo(store, now);
    const shown = await sideOfAsker(silent, now);
    expect(await sideOfAsker(reviewed, now)).toEqual(shown);
    expect(await sideOfAsker(refused, now)).toEqual(shown);
    expect(shown.threads).toMatchObject([{ state: now < then ? 'ASKED' : 'NO_RELEASE' }]);
  }
  expect((await seen(german, refused, then))?.threads).toMatchObject([{ state: 'REFUSED' }]);
  expect((await seen(german, silent, then))?.threads).toMatchObject([{ state: 'LAPSED' }]);
  expect(JSON.stringify(await seen(french, refused, then))).not.toContain('another service');
});

test('shows the asker at once that there is a release, also before the time for an answer', async () => {
  const id = await asked(toGerman);
  const release = randomUUID();
  expect(await move(german, 'grant', id, '04T09:00', { release })).toEqual([]);
  expect(await seen(french, id, at('04T09:00'))).toMatchObject({
    progress: { state: 'GRANTED', moves: [{ move: 'ask' }, { move: 'grant' }] },
    threads: [{ state: 'GRANTED', release }],
  });
  expect(namesOf(await noticesOf(store, french, at('04T09:00'), id))).toContain('csirt-de grant');
  await passTo(store, then);
  expect((await seen(french, id, then))?.progress).toMatchObject({ state: 'GRANTED' });
});

test('takes a grant that was made before the time for an answer and is entered after it, with its reason', async () => {
  const id = await asked(toGerman);
  await passTo(store, then);
  const late = { reason: 'EXERCISE: no network', channel: 'telephone' };
  const entered = { release: randomUUID(), happenedAt: '2026-11-10T22:00:00.000Z', late };
  expect(await move(german, 'grant', id, '11T01:00', entered)).toEqual([]);
  expect((await seen(french, id, at('11T01:00')))?.progress).toMatchObject({ state: 'GRANTED' });
});

test('takes only the id of a release for a grant', async () => {
  const id = await asked(toGerman);
  const refusal = await move(german, 'grant', id, '04T09:00', { release: 'EXERCISE: call this number' });
  expect(refusal).toMatchObject([{ code: 'INVALID', path: ['release'] }]);
});

test('takes one request for a record at a time, in the same words whomever the first one reached', async () => {
  for (const hub of [toGerman, null]) {
    const recordId = `MispEvent:${randomUUID()}`;
    const stated = hub && { ...hub, record: recordId };
    const id = await asked(stated, { recordId });
    const { userErrors } = await tryAsk(stated, { recordId });
    expect(userErrors).toEqual([
      {
        code: 'WRONG_STATE',
        path: ['content', 'recordId'],
        message: 'a request for this record waits for its answer (answerAt)',
      },
    ]);
    if (hub === null) continue;
    expect(await move(german, 'grant', id, '04T09:00', { release: randomUUID() })).toEqual([]);
    expect((await tryAsk(stated, { recordId })).userErrors).toEqual([]);
  }
});

test('takes at most a hundred requests of an organisation that wait for their answers', async () => {
  const reader = csirt('csirt-lt');
  for (let made = 0; made < 100; made += 1)
    expect((await tryAsk(null, { reader, recordId: `MispEvent:${randomUUID()}` })).userErrors).toEqual([]);
  const { userErrors } = await tryAsk(null, { reader, recordId: `MispEvent:${randomUUID()}` });
  expect(userErrors).toMatchObject([{ code: 'CLOSED' }]);
});

test('is marked and retracted once the time for an answer has passed, although no move ended it', async () => {
  const id = await asked(null);
  const retract = `mutation R($input: RetractRecordInput!) { retractJointUnitRecord(input: $input) { userErrors { code } } }`;
  const ask = async (now: Date) => {
    const input = { key: randomUUID(), id, expectedVersion: 1, reason: 'EXERCISE' };
    return (await askAt<Payload>({ store, reader: french, now }, retract, { input })).userErrors;
  };
  expect(await ask(justBefore)).toEqual([{ code: 'WRONG_STATE' }]);
  expect(await ask(then)).toEqual([]);
});

test('takes no answer from the time for an answer on', async () => {
  const id = await asked(toGerman);
  await passTo(store, then);
  for (const [name, input] of Object.entries({
    review: {},
    grant: { release: randomUUID() },
    refuse: { reason: 'EXERCISE' },
  }))
    expect(await move(german, name, id, '10T23:00', input)).toMatchObject([{ code: 'WRONG_STATE' }]);
});

test('refuses to ask for a record of the own organisation, and creates nothing', async () => {
  const before = await store.connection.collection('releaseRequests').countDocuments();
  const { userErrors } = await tryAsk({ record, organisations: ['csirt-fr'] });
  expect(userErrors).toMatchObject([{ code: 'INVALID', path: ['content', 'recordId'] }]);
  expect(await store.connection.collection('releaseRequests').countDocuments()).toBe(before);
});

test.each<[string, Record<string, unknown>]>([
  ['fields', { fields: null }],
  ['until', { until: '2026-11-03T09:59:00.000Z' }],
])('refuses a request whose %s cannot be', async (name, more) => {
  const { userErrors } = await tryAsk(toGerman, more);
  expect(userErrors).toMatchObject([{ code: 'INVALID', path: expect.arrayContaining([name]) }]);
});

test('refuses the answers of everybody but the originator in one way', async () => {
  const id = await asked(toGerman);
  const release = { release: randomUUID() };
  const noRecord = [{ code: 'NOT_FOUND', path: ['id'], message: 'no such record that you may change' }];
  for (const other of [polish, stranger]) {
    expect(await move(other, 'grant', id, '04T09:00', release)).toEqual(noRecord);
    expect(await move(other, 'grant', 'ReleaseRequest:none', '04T09:00', release)).toEqual(noRecord);
  }
  const itself = await move(french, 'grant', id, '04T09:00', { ...release, originator: 'csirt-de' });
  expect(itself).toMatchObject([{ code: 'NOT_ALLOWED' }]);
  for (const more of [{ roles: ['external-auditor'] }, { client: 'machine' as const }])
    await expect(move({ ...german, ...more }, 'grant', id, '04T09:00', release)).rejects.toThrow();
});

test('writes no request by hand', async () => {
  const id = await asked(toGerman);
  const update = `mutation U($input: UpdateReleaseRequestInput!) {
    updateReleaseRequest(input: $input) { userErrors { code path } }
  }`;
  const changed = { key: randomUUID(), id, expectedVersion: 1, content: { recordId: 'MispEvent:other' } };
  const now = at('03T10:05');
  const { userErrors } = await askAt<Payload>({ store, reader: french, now }, update, { input: changed });
  expect(userErrors).toEqual([{ code: 'NOT_ALLOWED', path: ['content', 'recordId'] }]);
  const create = `mutation C($input: CreateReleaseRequestInput!) {
    createReleaseRequest(input: $input) { userErrors { code } }
  }`;
  const made = { key: randomUUID(), content, reading: { marking: { tlp: 'GREEN' } } };
  const reader = csirt('joint-unit', { roles: ['community-operator'] });
  const refusal = await askAt<Payload>({ store, reader, now }, create, { input: made });
  expect(refusal.userErrors).toMatchObject([{ code: 'NOT_ALLOWED' }]);
});
