import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Envelope } from '../../../schema/record/envelope.ts';
import type { Addressed } from '../../../schema/protocol/addressed.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import { Loaders } from '../../../subgraphs/serve/read/loaders.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { policy } from '../../helpers/policy.ts';
import { namesOf, noticesOf } from './inbox-of.ts';
import { askAt, makeMove, type Payload } from './moves-of.ts';
import { passTo } from './pass-to.ts';
import { csirt, french, german, polish, stranger } from './recall-of.ts';

/** Release requests for records that the colleagues of the asker must not know of, such as RED ones. */

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const at = (time: string) => new Date(`2026-11-${time}:00Z`);
const content = {
  purpose: 'EXERCISE: to warn the operators of a grid',
  need: 'EXERCISE: the same server was seen here',
  scope: 'WHOLE',
  until: '2026-12-01T10:00:00.000Z',
  forPerson: 'reader-1',
};
/** Five working days after the start. */
const [justBefore, then] = [at('10T22:59'), at('10T23:00')];
const instants = [at('03T10:00'), at('04T10:00'), justBefore, then, at('20T10:00')];

async function tryAsk(recordId: string, addressed: Addressed | null, reader: Reader = french, more = {}) {
  const now = { store, reader, now: at('03T10:00'), ...(addressed && { addressed }) };
  return await makeMove(now, 'ReleaseRequest', 'ask', { content: { ...content, recordId, ...more } });
}

/** Asks for a new record that the hub states as one of csirt-de. Returns the request and the record. */
async function asked(reader: Reader = french): Promise<{ readonly id: string; readonly recordId: string }> {
  const recordId = `MispEvent:${randomUUID()}`;
  const stated = { record: recordId, organisations: [], discreet: ['csirt-de'] };
  const { record, userErrors } = await tryAsk(recordId, stated, reader);
  expect(userErrors).toEqual([]);
  return { id: record?.id ?? '', recordId };
}

/** Asks for a new record that one person of csirt-de releases, and that the colleagues of the asker may not know of. */
async function askedOfOne(): Promise<{ readonly id: string; readonly recordId: string }> {
  const recordId = `MispEvent:${randomUUID()}`;
  const stated = { record: recordId, organisations: [], discreet: ['csirt-de'], byOne: true } as const;
  const { record, userErrors } = await tryAsk(recordId, stated);
  expect(userErrors).toEqual([]);
  return { id: record?.id ?? '', recordId };
}

async function askedForNothing(reader: Reader = french): Promise<string> {
  const { record, userErrors } = await tryAsk(`MispEvent:${randomUUID()}`, null, reader);
  expect(userErrors).toEqual([]);
  return record?.id ?? '';
}

type Seen = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly recordId: string | null;
  readonly threads: readonly Readonly<Record<string, unknown>>[];
};

const fields = `{
  id recordId from { id } purpose need forOrganisation { id } forPerson scope fields until answerAt needsSecondPerson
  envelope {
    version modifiedAt { utc } originator { id } provider marking { tlp } audience { organisations { id } }
  }
  progress { state since possibleMoves moves { move } }
  threads { originator { id } version state since release possibleMoves moves { move values { name values } } }
}`;

async function seen(reader: Reader, id: string, now: Date): Promise<Seen | null> {
  const query = `query Q($id: ID!) { releaseRequest(id: $id) ${fields} }`;
  return await askAt<Seen | null>({ store, reader, now }, query, { id });
}

/** Returns all requests that a reader finds. */
async function listed(reader: Reader, now = at('03T10:00')): Promise<readonly Seen[]> {
  const query = `query Q { releaseRequests(first: 100) { nodes ${fields} } }`;
  const { nodes } = await askAt<{ readonly nodes: readonly Seen[] }>({ store, reader, now }, query);
  return nodes;
}

/** Returns what the asker's organisation has of a request, without what is different for each. */
async function sideOfAsker(id: string, now: Date) {
  const notices = namesOf(await noticesOf(store, french, now, id)).toSorted();
  return { ...(await seen(french, id, now)), id: null, recordId: null, notices };
}

/** The request as csirt-de has it. */
async function passed(recordId: string, now = at('03T10:00')): Promise<Seen> {
  const found = (await listed(german, now)).find((one) => one.recordId === recordId);
  if (found === undefined) throw new Error('expected that the request reached csirt-de');
  return found;
}

async function move(reader: Reader, name: string, id: string, time: string, input: object = {}) {
  return (await makeMove({ store, reader, now: at(time) }, 'ReleaseRequest', name, { id, ...input }))
    .userErrors;
}

test('reaches the originator as a separate request, with a notice, a task, and the way of release', async () => {
  const { id, recordId } = await asked();
  const theirs = await passed(recordId);
  expect(theirs).toMatchObject({
    ...content,
    from: { id: 'Organisation:csirt-fr' },
    needsSecondPerson: true,
    envelope: {
      originator: { id: 'Organisation:csirt-de' },
      provider: 'joint-unit',
      marking: { tlp: 'AMBER_STRICT' },
    },
    threads: [{ state: 'RECEIVED' }],
  });
  expect(theirs.id).not.toBe(id);
  expect(namesOf(await noticesOf(store, german, at('03T10:00'), theirs.id))).toEqual(['csirt-de ask']);
  const tasks = `query { _entities(representations: [{ __typename: "Tasks", id: "Tasks:own" }]) {
    ... on Tasks { jointUnit(first: 100) { recordId mutations } }
  } }`;
  const [found] = await askAt<readonly [{ readonly jointUnit: readonly object[] }]>(
    { store, reader: german, now: at('03T10:00') },
    tasks,
  );
  expect(found.jointUnit).toContainEqual({
    recordId: theirs.id,
    mutations: ['reviewReleaseRequest', 'grantReleaseRequest', 'refuseReleaseRequest'],
  });
  expect(await seen(german, id, at('03T10:00'))).toBeNull();
  for (const other of [french, polish, stranger])
    expect((await listed(other)).filter((one) => one.recordId === recordId && one.id !== id)).toEqual([]);
});

test('shows the organisation of the asker the same as for nothing, whatever the originator does but grant', async () => {
  const [silent, refused, nothing] = [await asked(), await asked(), await askedForNothing()];
  const ofOne = await askedOfOne();
  const theirs = await passed(refused.recordId);
  expect(await move(german, 'review', theirs.id, '04T09:00')).toEqual([]);
  const reason = 'EXERCISE: another service is not finished';
  expect(await move(german, 'refuse', theirs.id, '04T09:30', { expectedVersion: 2, reason })).toEqual([]);
  for (const now of instants) {
    await passTo(store, now);
    const shown = await sideOfAsker(nothing, now);
    expect(await sideOfAsker(silent.id, now)).toEqual(shown);
    expect(await sideOfAsker(refused.id, now)).toEqual(shown);
    expect(await sideOfAsker(ofOne.id, now)).toEqual(shown);
    expect(shown).toMatchObject({
      needsSecondPerson: null,
      progress: { state: now < then ? 'ASKED' : 'NO_RELEASE' },
      threads: [],
      envelope: { version: 1, audience: { organisations: [{ id: 'Organisation:csirt-fr' }] } },
    });
  }
  expect((await passed(refused.recordId, then)).threads).toMatchObject([{ state: 'REFUSED' }]);
});

test('tells the originator whether two of its persons release the record', async () => {
  const [two, one] = [await asked(), await askedOfOne()];
  expect(await passed(two.recordId)).toMatchObject({ needsSecondPerson: true });
  const theirs = await passed(one.recordId);
  expect(theirs).toMatchObject({ needsSecondPerson: false, threads: [{ state: 'RECEIVED' }] });
  for (const other of [french, polish, stranger])
    expect(await seen(other, theirs.id, at('03T10:00'))).toBeNull();
});

test('shows the asker at once that the originator granted, without the id of the release', async () => {
  const { id, recordId } = await asked();
  const theirs = await passed(recordId);
  expect(await move(german, 'grant', theirs.id, '04T09:00', { release: randomUUID() })).toEqual([]);
  expect(await seen(french, id, at('04T09:00'))).toMatchObject({
    progress: { state: 'GRANTED', moves: [{ move: 'ask' }, { move: 'grant' }] },
    threads: [],
  });
  expect(await passed(recordId)).toMatchObject({ progress: { state: 'GRANTED' } });
});

test('lets nobody answer but the originator, and nobody of the asker find the passed request', async () => {
  const { recordId } = await asked();
  const theirs = await passed(recordId);
  const release = { release: randomUUID() };
  for (const reader of [french, polish, stranger]) {
    expect(await seen(reader, theirs.id, at('03T10:00'))).toBeNull();
    expect(await noticesOf(store, reader, at('20T10:00'), theirs.id)).toEqual([]);
    expect(await move(reader, 'grant', theirs.id, '04T09:00', release)).toMatchObject([
      { code: 'NOT_FOUND' },
    ]);
  }
});

/** A member of the joint unit, and a machine of it. Neither of them is an operator of its store. */
const member = csirt('joint-unit', { subject: 'member', roles: [] });
const ofUnit = [member, csirt('joint-unit', { subject: 'machine', roles: [], client: 'machine' })];
const operator = csirt('joint-unit', { subject: 'operator', roles: ['community-operator'] });

/** Returns the requests that would give a reader an event if they changed. */
async function subscribed(reader: Reader, now: Date): Promise<readonly string[]> {
  const rows = store.connection.collection<{ _id: string; envelope: Envelope }>('releaseRequests');
  const stored = await rows.find().toArray();
  const access = policy.accessOf(reader, now);
  const may = (envelope: Envelope) => policy.may(access, 'subscribe', 'ReleaseRequest', 'content', envelope);
  return stored.filter(({ envelope }) => may(envelope)).map(({ _id }) => _id);
}

/** Returns the ids of the requests that a reader finds by their words. */
async function foundByWords(reader: Reader, now: Date): Promise<readonly string[]> {
  const readerAccess = policy.accessOf(reader, now);
  const { kinds } = community;
  const loaders = new Loaders({ store, kinds, policy, readerAccess, cursorKey: Buffer.alloc(32, 7) });
  const words = { text: 'operators of a grid', kinds: null, since: null };
  const { nodes } = await loaders.search(words, { first: 100, after: null });
  return nodes.map(({ id }) => id);
}

/** Returns everything in which a reader meets requests: lists, counts, subscriptions, searches. */
async function met(reader: Reader, now = at('03T10:00')) {
  const query = `query Q { releaseRequests(first: 100) { total { value exact } } }`;
  const { total } = await askAt<{ readonly total: object }>({ store, reader, now }, query);
  const ids = (await listed(reader, now)).map(({ id }) => id);
  return { ids, total, subscribed: await subscribed(reader, now), words: await foundByWords(reader, now) };
}

test('shows a passed request to nobody of the joint unit but the operators of its store', async () => {
  const { recordId } = await asked();
  const theirs = await passed(recordId);
  for (const reader of ofUnit) {
    const none = { ids: [], total: { value: 0, exact: true }, subscribed: [], words: [] };
    expect(await met(reader)).toEqual(none);
    for (const now of instants) {
      expect(await seen(reader, theirs.id, now)).toBeNull();
      expect(await noticesOf(store, reader, now, theirs.id)).toEqual([]);
    }
  }
  expect(await seen(operator, theirs.id, at('03T10:00'))).toMatchObject({ recordId });
  expect((await met(german)).words).toContain(theirs.id);
});

test('shows the colleagues of an asker of the joint unit the same as for nothing', async () => {
  const asker = csirt('joint-unit', { subject: 'asker' });
  const before = await Promise.all(ofUnit.map(async (reader) => await met(reader)));
  const { id } = await asked(asker);
  const nothing = await askedForNothing(asker);
  for (const [of, reader] of ofUnit.entries()) {
    const now = await met(reader);
    const old = before[of];
    expect(now.ids.filter((one) => old?.ids.includes(one) !== true).toSorted()).toEqual(
      [id, nothing].toSorted(),
    );
    expect(now.total).toEqual({ value: (old?.ids.length ?? 0) + 2, exact: true });
    for (const way of ['subscribed', 'words'] as const)
      expect(now[way].filter((one) => old?.[way].includes(one) !== true).toSorted()).toEqual(
        [id, nothing].toSorted(),
      );
    for (const when of instants) {
      await passTo(store, when);
      const without = (one: Seen | null) => ({ ...one, id: null, recordId: null });
      expect(without(await seen(reader, id, when))).toEqual(without(await seen(reader, nothing, when)));
      expect(namesOf(await noticesOf(store, reader, when, id))).toEqual(
        namesOf(await noticesOf(store, reader, when, nothing)),
      );
    }
  }
});

test('lets nobody of the joint unit open a passed request to others', async () => {
  const { recordId } = await asked();
  const { id } = await passed(recordId);
  const now = at('20T10:00');
  const open = {
    marking: { tlp: 'AMBER' },
    audience: { reach: 'NAMED', organisations: ['Organisation:csirt-fr'] },
  };
  const acts: readonly (readonly [string, string, object])[] = [
    ['markJointUnitRecord', 'MarkRecordInput', { reading: open }],
    [
      'releaseJointUnitRecord',
      'ReleaseRecordInput',
      { to: 'Organisation:csirt-fr', purpose: 'EXERCISE', until: '2026-12-01T10:00:00.000Z' },
    ],
  ];
  const readers = [
    [member, 'NOT_FOUND'],
    [operator, 'NOT_ALLOWED'],
  ] as const;
  for (const [name, input, values] of acts) {
    const query = `mutation M($input: ${input}!) { ${name}(input: $input) { userErrors { code } } }`;
    for (const [reader, code] of readers) {
      const given = { id, key: randomUUID(), expectedVersion: 1, ...values };
      const { userErrors } = await askAt<Payload>({ store, reader, now }, query, { input: given });
      expect([name, reader.subject, userErrors]).toEqual([name, reader.subject, [{ code }]]);
    }
  }
});

test('takes one request at a time and a hundred in all, as for nothing', async () => {
  const { recordId } = await asked();
  const stated = { record: recordId, organisations: [], discreet: ['csirt-de'] };
  expect((await tryAsk(recordId, stated)).userErrors).toMatchObject([{ code: 'WRONG_STATE' }]);
  // A request that was passed on does not count as one that its originator made.
  expect((await tryAsk(recordId, null, german)).userErrors).toEqual([]);
  const ofOne = await askedOfOne();
  expect((await tryAsk(ofOne.recordId, null, german)).userErrors).toEqual([]);
});

test('takes nothing that a client states of the passed request', async () => {
  const recordId = `MispEvent:${randomUUID()}`;
  for (const needsSecondPerson of [true, false])
    expect((await tryAsk(recordId, null, french, { needsSecondPerson })).userErrors).toMatchObject([
      { code: 'NOT_ALLOWED', path: ['content', 'needsSecondPerson'] },
    ]);
});
