import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { ChangeEvent } from '../../../schema/protocol/change-event.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import type { Envelope } from '../../../schema/record/envelope.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import { catchUp } from '../../../subgraphs/serve/live/catch-up.ts';
import {
  type ChangeSource,
  type Follower,
  followChanges,
} from '../../../subgraphs/serve/live/follow-changes.ts';
import type { Position } from '../../../subgraphs/serve/live/position.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { noticesIn } from '../../../subgraphs/serve/workflow/notices.ts';
import { workflowRulesOf } from '../../../subgraphs/serve/workflow/rules.ts';
import { fireDue } from '../../../subgraphs/serve/workflow/run-timers.ts';
import { requestContent } from '../../helpers/information-request.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { policy } from '../../helpers/policy.ts';
import { readerOf } from '../../helpers/records.ts';
import { until } from '../../helpers/until.ts';
import { askAt, makeMove, type Payload } from './moves-of.ts';

/** Notices as the joint unit reports them to the hub, and as the hub reads them for one reader. */

let own: OwnStore;
let store: CommunityStore;
let source: ChangeSource;
let follower: Follower;
const events: ChangeEvent[] = [];

beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
  source = {
    community: 'joint-unit',
    kinds: community.kinds,
    store,
    policy: () => policy,
    cursorKey: Buffer.alloc(32, 7),
    seal: ({ token }) => token,
    log: { warn: () => undefined },
  };
  follower = followChanges(source);
  follower.listen({ event: (event) => events.push(event), end: () => undefined });
  await until('a position', () => follower.position() !== null);
});
afterAll(async () => {
  follower.stop();
  await own.stop();
});

const purpose = 'incident-response' as const;
const roles = ['csirt-analyst'] as const;
const asker = readerOf({ organisation: 'csirt-fr', subject: 'f', roles: [...roles], purpose });
const german = readerOf({ organisation: 'csirt-de', subject: 'd', roles: [...roles], purpose });
const polish = readerOf({ organisation: 'csirt-pl', subject: 'p', roles: [...roles], purpose });
const at = (time: string) => new Date(`2026-11-03T${time}:00Z`);

async function sent(more: object = {}): Promise<string> {
  const content = requestContent({ answerBy: '2026-11-03T16:00:00.000Z' });
  const input = { content, addressees: ['csirt-de', 'csirt-pl'], ...more };
  const { record } = await makeMove(
    { store, reader: asker, now: at('10:00') },
    'InformationRequest',
    'send',
    input,
  );
  return record?.id ?? '';
}

/** Marks a request up, so that the Polish addressee may not see it any more. */
async function markUp(id: string): Promise<void> {
  const mutation = `mutation M($input: MarkRecordInput!) {
    markJointUnitRecord(input: $input) { userErrors { code path } }
  }`;
  const reading = {
    marking: { tlp: 'AMBER_STRICT' },
    audience: { reach: 'NAMED', organisations: ['csirt-fr', 'csirt-de'] },
  };
  const input = { key: randomUUID(), id, expectedVersion: 1, reading };
  const marked = await askAt<Payload>({ store, reader: asker, now: at('10:30') }, mutation, { input });
  expect(marked.userErrors).toEqual([]);
}

/** Returns the ids of the notices on a record to an organisation. */
async function idsOf(record: string, party: string): Promise<readonly string[]> {
  const found = await noticesIn(store).find({ record, party }).toArray();
  return found.map(({ _id }) => `JointUnitNotice:${_id}`);
}

/** Returns the events about the notices with these ids, once each has one. */
async function eventsOf(ids: readonly string[]): Promise<readonly ChangeEvent[]> {
  const found = () => events.filter(({ id }) => ids.includes(id));
  await until('an event of each notice', () => found().length >= ids.length);
  return found();
}

async function envelopeOf(id: string): Promise<Envelope> {
  const rows = store.connection.collection<{ _id: string; envelope: Envelope }>('informationRequests');
  const found = await rows.findOne({ _id: id });
  if (found === null) throw new Error(`expected ${id} in the store`);
  return found.envelope;
}

async function read(reader: Reader, id: string) {
  const query = `query Q($id: ID!) {
    jointUnitNotice(id: $id) { id recordId name event thread { id } informationRequest { id purpose } }
  }`;
  return await askAt<object | null>({ store, reader, now: at('11:00') }, query, { id });
}

test('reports a notice once to each organisation, with the keys of its record and no content', async () => {
  const record = await sent();
  const ids = [...(await idsOf(record, 'csirt-de')), ...(await idsOf(record, 'csirt-pl'))];
  expect(ids).toHaveLength(2);
  const found = await eventsOf(ids);
  const admits = policy.subscribeKeys(await envelopeOf(record), 'InformationRequest', new Date());
  expect(admits).not.toEqual([]);
  expect(found).toEqual(
    ['csirt-de', 'csirt-pl'].map((party) => ({
      kind: 'JointUnitNotice',
      id: expect.stringMatching(/^JointUnitNotice:[\w-]{43}$/),
      version: 1,
      isNew: true,
      admits,
      before: [],
      position: expect.any(String),
      notice: { kind: 'InformationRequest', party },
    })),
  );
  expect(JSON.stringify(found)).not.toMatch(/EXERCISE|send|InformationRequest:/);
});

test('reports a notice of the past with the keys that its record has now, not with those that are stored', async () => {
  const before = follower.position();
  if (before === null) throw new Error('expected a position');
  const record = await sent();
  await markUp(record);
  await noticesIn(store).updateMany({ record }, { $set: { admits: ['everybody'] } });
  const [id] = await idsOf(record, 'csirt-pl');
  const past: ChangeEvent[] = [];
  const position: Position = before;
  for await (const { event } of catchUp(source, position, new AbortController().signal))
    if (event !== null) past.push(event);
  const found = past.find((event) => event.id === id);
  expect(found?.admits).toEqual(
    policy.subscribeKeys(await envelopeOf(record), 'InformationRequest', new Date()),
  );
  expect(found?.admits.some((key) => key.includes('csirt-pl'))).toBe(false);
});

test('reports no notice whose record is gone', async () => {
  const record = await sent();
  const [gone = ''] = await idsOf(record, 'csirt-de');
  await eventsOf([gone]);
  const old = await noticesIn(store).findOne({ record });
  if (old === null) throw new Error('expected a notice');
  const _id = 'x'.repeat(43);
  await noticesIn(store).insertOne({ ...old, _id, record: 'InformationRequest:absent' });
  await eventsOf(await idsOf(await sent(), 'csirt-pl'));
  expect(events.filter(({ id }) => id.endsWith(_id))).toEqual([]);
});

test('reads a notice by its id for its organisation, and for no other', async () => {
  const record = await sent();
  const [id = ''] = await idsOf(record, 'csirt-de');
  expect(await read(german, id)).toEqual({
    id,
    recordId: record,
    name: 'send',
    event: 'MOVE',
    thread: { id: 'Organisation:csirt-de' },
    informationRequest: { id: record, purpose },
  });
  for (const other of [polish, asker, { ...german, picture: 'exercise:e-1' }, { ...german, purpose: null }])
    expect(await read(other, id)).toBeNull();
});

test('has no notice by its id once the reader may not see the record', async () => {
  const record = await sent();
  const [id = ''] = await idsOf(record, 'csirt-pl');
  expect(await read(polish, id)).toMatchObject({ recordId: record });
  await markUp(record);
  expect(await read(polish, id)).toBeNull();
  // The keys that are stored with the notice do not decide: the record does.
  const { admits } = (await noticesIn(store).findOne({ record, party: 'csirt-de' })) ?? {};
  const held = [...policy.accessOf(polish, at('11:00')).keys('InformationRequest', 'read')];
  await noticesIn(store).updateMany({ record }, { $set: { admits: [...(admits ?? []), ...held] } });
  expect(await read(polish, id)).toBeNull();
});

test('has no reminder by its id for a reader from whom the end of the period is hidden', async () => {
  const audience = { reach: 'NAMED', organisations: ['csirt-fr', 'csirt-de', 'csirt-pl'] };
  const marking = { tlp: 'AMBER_STRICT' };
  const portion = { path: 'answerBy', marking, audience: { reach: 'NAMED', organisations: ['csirt-de'] } };
  const record = await sent({ reading: { marking: { tlp: 'AMBER' }, audience, portions: [portion] } });
  await fireDue(store, workflowRulesOf('joint-unit'), at('16:30'), { error: () => undefined });
  const shownTo = async (reader: Reader) => {
    const ids = await idsOf(record, reader.organisation);
    const shown = await Promise.all(ids.map(async (id) => await read(reader, id)));
    return { stored: ids.length, shown: shown.filter((one) => one !== null).length };
  };
  expect(await shownTo(polish)).toEqual({ stored: 5, shown: 1 });
  expect(await shownTo(german)).toEqual({ stored: 5, shown: 5 });
});

test.each(['', 'JointUnitNotice:', 'EnisaNotice:'.padEnd(60, 'x'), 'InformationRequest:1', '$where'])(
  'has no notice with the id %p',
  async (id) => expect(await read(german, id)).toBeNull(),
);
