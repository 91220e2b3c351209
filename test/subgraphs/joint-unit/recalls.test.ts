import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../schema/protocol/reader.ts';
import type { Received } from '../../../schema/protocol/received.ts';
import { deadlinesKey } from '../../../schema/workflow/deadline-key.ts';
import { laterMoves, workflowsOf } from '../../../schema/workflow/served.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import { recordsOf } from '../../../subgraphs/serve/store/collections.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { workflowRulesOf } from '../../../subgraphs/serve/workflow/rules.ts';
import { fireDue } from '../../../subgraphs/serve/workflow/run-timers.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { policy } from '../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../helpers/records.ts';
import { inboxPage, namesOf, noticesOf } from './inbox-of.ts';
import { askAt, makeMove, type Payload } from './moves-of.ts';

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const rules = workflowRulesOf('joint-unit');
const faults: unknown[] = [];
const log = { error: (details: object) => void faults.push(details) };

const csirt = (organisation: string, more: Partial<Reader> = {}) =>
  readerOf({ organisation, subject: organisation, roles: ['csirt-analyst'], ...more });
const french = csirt('csirt-fr');
const secondFrench = csirt('csirt-fr', { subject: 'second' });
const lead = csirt('csirt-fr', {
  offices: [{ office: 'case-lead', until: '2027-01-01T00:00:00.000Z' }],
});
const german = csirt('csirt-de');
const polish = csirt('csirt-pl');
const stranger = csirt('csirt-ee');

const at = (time: string) => new Date(`2026-11-03T${time}:00Z`);
const recalled = 'MispEvent:0b6f1d0e-0000-4000-8000-000000000001';
const received: Received = { record: recalled, organisations: ['csirt-de', 'csirt-pl'] };
const content = {
  recordId: recalled,
  reason: 'ERROR',
  action: 'UN_BLOCK',
  use: 'BLOCKING_OR_DETECTION',
};

async function tryIssue(more: object = {}, by: { reader?: Reader; received?: Received | undefined } = {}) {
  const hub = 'received' in by ? by.received : received;
  const now = { store, reader: by.reader ?? french, now: at('10:00'), ...(hub && { received: hub }) };
  return await makeMove(now, 'Recall', 'issue', { content: { ...content, ...more } });
}

async function issued(organisations = received.organisations): Promise<string> {
  // A record has one recall at a time.
  const recordId = `MispEvent:${randomUUID()}`;
  const stated = { received: { record: recordId, organisations } };
  const { record, userErrors } = await tryIssue({ recordId }, stated);
  expect(userErrors).toEqual([]);
  return record?.id ?? '';
}

type Thread = Readonly<Record<string, unknown>> & { readonly recipient: { readonly id: string } };
type Shown = Readonly<Record<string, unknown>> & {
  readonly envelope: Readonly<Record<string, unknown>>;
  readonly recipients: readonly { readonly organisation: { readonly id: string } }[];
  readonly threads: readonly Thread[];
  readonly progress:
    (Readonly<Record<string, unknown>> & { readonly proposal: { id: string } | null }) | null;
};

const fields = `{
  id
  envelope { version modifiedAt { utc } recordState }
  recordId by { id } reason action use dueAt
  recipients { organisation { id } acknowledgedAt }
  progress { state since silent residualRisk possibleMoves proposal { id } moves { move } }
  threads {
    recipient { id } version state since acknowledgedAt done wentTo exceptions legalReason possibleMoves
    moves { move by { id } happenedAt values { name values } }
  }
}`;

async function seen(reader: Reader, id: string, time: string): Promise<Shown | null> {
  return await askAt({ store, reader, now: at(time) }, `query Q($id: ID!) { recall(id: $id) ${fields} }`, {
    id,
  });
}

/** Returns a recall as a reader sees it, without its id and that of its record, to compare it with another one. */
async function seenWithoutId(reader: Reader, id: string, time: string) {
  return { ...(await seen(reader, id, time)), id: null, recordId: null };
}

async function move(reader: Reader, name: string, id: string, time: string, input: object = {}) {
  return (await makeMove({ store, reader, now: at(time) }, 'Recall', name, { id, ...input })).userErrors;
}

async function passTo(time: string): Promise<void> {
  while ((await fireDue(store, rules, at(time), log)).tried > 0);
  expect(faults).toEqual([]);
}

const done = { done: 'EXERCISE: removed from the proxies', wentTo: ['EXERCISE proxy'] };

async function act(reader: Reader, id: string): Promise<void> {
  expect(await move(reader, 'ack', id, '10:30')).toEqual([]);
  expect(await move(reader, 'act', id, '11:00', { expectedVersion: 2, ...done })).toEqual([]);
}

async function statesOf(id: string, time: string): Promise<readonly unknown[]> {
  return (await seen(french, id, time))?.threads.map(({ state }) => state) ?? [];
}

test('issues a recall to the organisations that the hub names, with the time of its use', async () => {
  const id = await issued();
  const shown = await seen(french, id, '10:01');
  expect(shown).toMatchObject({
    ...content,
    recordId: expect.stringMatching(/^MispEvent:/),
    by: { id: 'Organisation:csirt-fr' },
    dueAt: '2026-11-03T14:00:00.000Z',
    progress: { state: 'RUNNING', moves: [{ move: 'issue' }, { move: 'tell' }] },
  });
  expect(shown?.threads.map(({ recipient, state }) => [recipient.id, state])).toEqual([
    ['Organisation:csirt-de', 'TOLD'],
    ['Organisation:csirt-pl', 'TOLD'],
  ]);
  const other = await tryIssue({ use: 'OTHER' });
  expect((await seen(french, other.record?.id ?? '', '10:01'))?.['dueAt']).toBe('2026-11-04T23:00:00.000Z');
});

test('refuses a record about which the hub makes no statement, whatever the reason', async () => {
  const expected = [
    {
      code: 'NOT_FOUND',
      path: ['content', 'recordId'],
      message: 'no such record that your organisation asserts',
    },
  ];
  const before = await store.connection.collection('recalls').countDocuments();
  expect((await tryIssue({}, { received: undefined })).userErrors).toEqual(expected);
  const otherRecord = { ...received, record: 'MispEvent:0b6f1d0e-0000-4000-8000-000000000002' };
  expect((await tryIssue({}, { received: otherRecord })).userErrors).toEqual(expected);
  expect(await store.connection.collection('recalls').countDocuments()).toBe(before);
});

test.each([{}, { beyond: 'organisations' }, { beyond: 'entries' }] as const)(
  'refuses a recall without all recipients: %j',
  async (more) => {
    const { userErrors } = await tryIssue({}, { received: { ...received, organisations: [], ...more } });
    expect(userErrors).toMatchObject([{ code: 'INVALID', path: ['content', 'recordId'] }]);
  },
);

test('shows a recipient its own thread and nothing that another one does', async () => {
  const [id, quiet] = [await issued(), await issued()];
  const alone = await issued(['csirt-pl']);
  const shape = async (one: string, time: string) => await seenWithoutId(polish, one, time);
  await act(german, id);
  const after = await shape(id, '13:00');
  expect(after).toEqual(await shape(quiet, '13:00'));
  expect(after).toEqual(await shape(alone, '13:00'));
  expect(after).toMatchObject({
    ...content,
    recordId: null,
    envelope: { version: 1, modifiedAt: null },
    recipients: [{ organisation: { id: 'Organisation:csirt-pl' }, acknowledgedAt: null }],
    progress: null,
    threads: [{ recipient: { id: 'Organisation:csirt-pl' }, version: 1, state: 'TOLD' }],
  });
  await expect(
    askAt(
      { store, reader: polish, now: at('13:00') },
      'query Q($id: ID!) { recall(id: $id) { envelope { audience { organisations { id } } } } }',
      { id },
    ),
  ).resolves.toEqual({ envelope: { audience: null } });
});

test('tells the recipients and the originator, and no recipient of another one', async () => {
  const id = await issued();
  await act(german, id);
  const names = async (reader: Reader) => namesOf(await noticesOf(store, reader, at('11:30'), id));
  expect(await names(polish)).toEqual(['csirt-pl issue']);
  expect(await names(german)).toEqual(['csirt-de issue']);
  expect(await names(french)).toEqual(['tell', 'csirt-de ack', 'csirt-de act']);
  await act(polish, id);
  expect(await names(french)).toContain('complete');
  expect(await names(polish)).toEqual(['csirt-pl issue']);
  const others = (await inboxPage({ store, reader: stranger, now: at('11:30') }))?.edges ?? [];
  expect(others).toEqual([]);
});

test('completes when the last recipient acted, and shows recipients no sign of it', async () => {
  const [id, open] = [await issued(), await issued()];
  await act(german, id);
  expect((await seen(french, id, '11:10'))?.progress).toMatchObject({ state: 'RUNNING' });
  await act(polish, id);
  expect((await seen(french, id, '11:10'))?.progress).toMatchObject({ state: 'COMPLETE', possibleMoves: [] });
  await act(german, open);
  for (const time of ['11:10', '15:00'])
    expect(await seenWithoutId(german, id, time)).toEqual(await seenWithoutId(german, open, time));
});

test('completes once when the last two recipients act at the same time', async () => {
  const id = await issued();
  for (const reader of [german, polish]) expect(await move(reader, 'ack', id, '10:30')).toEqual([]);
  const acted = await Promise.all(
    [german, polish].map(
      async (reader) => await move(reader, 'act', id, '11:00', { expectedVersion: 2, ...done }),
    ),
  );
  expect(acted).toEqual([[], []]);
  const moves = await store.connection.collection('moves').find({ record: id, move: 'complete' }).toArray();
  expect(moves).toHaveLength(1);
});

test('lets a recipient object, and the originator decide on the objection that it has read', async () => {
  const id = await issued();
  const legalReason = 'EXERCISE: evidence';
  expect(await move(german, 'ack', id, '10:30')).toEqual([]);
  expect(await move(german, 'object', id, '10:40', { expectedVersion: 2, legalReason })).toEqual([]);
  const named = { recipient: 'csirt-de', expectedVersion: 3 };
  expect(
    await move(french, 'rejectObjection', id, '10:50', { ...named, reason: 'EXERCISE: no evidence' }),
  ).toEqual([]);
  expect((await seen(german, id, '10:51'))?.threads[0]).toMatchObject({ state: 'ACKNOWLEDGED', legalReason });
  expect(await move(german, 'object', id, '11:00', { expectedVersion: 4, legalReason })).toEqual([]);
  expect(await move(german, 'acceptObjection', id, '11:10', { kept: 'all', period: 'a year' })).toMatchObject(
    [{ code: 'STALE_VERSION' }],
  );
  const kept = { kept: 'EXERCISE: the log', period: 'one year' };
  expect(await move(french, 'acceptObjection', id, '11:10', { ...named, ...kept })).toMatchObject([
    { code: 'STALE_VERSION' },
  ]);
  const read = (await seen(french, id, '11:10'))?.threads.map(({ version }) => version);
  expect(read).toEqual([5, 1]);
  const onRead = { ...named, ...kept, expectedVersion: read?.[0] };
  expect(await move(french, 'acceptObjection', id, '11:10', onRead)).toEqual([]);
  expect(await statesOf(id, '11:11')).toEqual(['KEPT', 'TOLD']);
});

test('makes a silent recipient unreachable once at the due time, and late one that has not acted', async () => {
  const id = await issued();
  expect(await move(polish, 'ack', id, '10:30')).toEqual([]);
  await passTo('13:59');
  expect(await statesOf(id, '13:59')).toEqual(['TOLD', 'ACKNOWLEDGED']);
  await passTo('14:00');
  expect(await statesOf(id, '14:00')).toEqual(['UNREACHABLE', 'LATE']);
  expect((await seen(french, id, '14:00'))?.progress).toMatchObject({ state: 'LATE' });
  const named = { recipient: 'csirt-de' };
  const channel = { ...named, channel: 'telephone' };
  expect(await move(french, 'chase', id, '14:10', { ...channel, expectedVersion: 2 })).toEqual([]);
  expect(await move(french, 'reach', id, '14:20', { ...channel, expectedVersion: 3 })).toEqual([]);
  await passTo('18:00');
  expect(await statesOf(id, '18:00')).toEqual(['LATE', 'LATE']);
  expect(await move(german, 'ack', id, '18:01', { expectedVersion: 4 })).toEqual([]);
});

test('lets the lead of the originator state that a recipient is not reached, and nobody else', async () => {
  const id = await issued();
  const failed = { recipient: 'csirt-de', channels: ['telephone'] };
  const code = async (reader: Reader, input: object) =>
    (await move(reader, 'fail', id, '11:00', input)).map((error) => error.code);
  expect(await code(french, failed)).toEqual(['NOT_ALLOWED']);
  expect(await code(german, { channels: ['telephone'] })).toEqual(['NOT_ALLOWED']);
  expect(await code({ ...german, offices: lead.offices }, { channels: ['telephone'] })).toEqual([
    'NOT_ALLOWED',
  ]);
  expect(await code(lead, failed)).toEqual([]);
  expect(await statesOf(id, '11:01')).toEqual(['UNREACHABLE', 'TOLD']);
});

test('closes incomplete with a second person, and names all who never answered', async () => {
  const id = await issued();
  await act(german, id);
  const before = await seen(polish, id, '11:30');
  const risk = { residualRisk: 'EXERCISE: a proxy still blocks' };
  const close = async (silent: readonly string[]) =>
    (await move(french, 'close', id, '11:40', { silent, ...risk })).map((error) => error.message);
  expect(await close(['csirt-de'])).toEqual(['expected recipients that have not acted, got csirt-de']);
  expect(await close(['csirt-ee'])).toEqual(['expected recipients that have not acted, got csirt-ee']);
  expect(await close(['csirt-pl'])).toEqual([]);
  const proposal = (await seen(french, id, '11:41'))?.progress?.proposal?.id;
  expect(await move(french, 'confirmProposed', id, '11:42', { proposal })).toMatchObject([
    { code: 'NOT_ALLOWED' },
  ]);
  expect(await move(polish, 'confirmProposed', id, '11:42', { proposal })).toMatchObject([
    { code: 'WRONG_STATE' },
  ]);
  expect(await move(secondFrench, 'confirmProposed', id, '11:43', { proposal })).toEqual([]);
  expect((await seen(french, id, '11:44'))?.progress).toMatchObject({
    state: 'CLOSED_INCOMPLETE',
    silent: ['csirt-pl'],
    ...risk,
  });
  expect(await seen(polish, id, '11:44')).toEqual(before);
});

test('refuses the moves of others in words that say nothing of the threads', async () => {
  const id = await issued();
  const noRecord = [{ code: 'NOT_FOUND', path: ['id'], message: 'no such record that you may change' }];
  expect(await move(german, 'ack', id, '10:30', { recipient: 'csirt-pl' })).toEqual(noRecord);
  expect(await move(german, 'ack', id, '10:30', { recipient: 'csirt-ee' })).toEqual(noRecord);
  expect(await move(stranger, 'ack', id, '10:30')).toEqual(noRecord);
  expect(await seen(stranger, id, '10:30')).toBeNull();
  const close = { silent: ['csirt-pl'], residualRisk: 'EXERCISE' };
  expect(await move(german, 'close', id, '10:30', close)).toMatchObject([{ code: 'NOT_ALLOWED' }]);
  const { threads } = (await seen(german, id, '10:30')) ?? {};
  expect(threads?.[0]?.['possibleMoves']).toEqual(['ackRecall']);
  await expect(
    move(csirt('csirt-de', { roles: ['external-auditor'] }), 'ack', id, '10:30'),
  ).rejects.toThrow();
});

test('refuses every later move to a stranger as for nothing, and to an auditor and a machine at all', async () => {
  const id = await issued();
  const kind = workflowsOf('joint-unit').get('Recall');
  if (kind === undefined) throw new Error('expected that the joint unit runs recalls');
  const noRecord = [{ code: 'NOT_FOUND', path: ['id'], message: 'no such record that you may change' }];
  const later = laterMoves(kind);
  expect(later.length).toBeGreaterThan(8);
  for (const { of, move: name } of later) {
    const values = Object.entries(of.moves[name]?.input ?? {}).map(([one, { type }]) => [
      one,
      type === 'text' ? 'EXERCISE' : ['csirt-pl'],
    ]);
    const input = Object.fromEntries(values) as object;
    expect(await move(stranger, name, id, '10:30', input)).toEqual(noRecord);
    expect(await move(stranger, name, 'Recall:none', '10:30', input)).toEqual(noRecord);
    for (const other of [{ roles: ['external-auditor'] }, { client: 'machine' as const }])
      await expect(move({ ...german, ...other }, name, id, '10:30', input)).rejects.toThrow();
  }
});

test('writes no recall by hand', async () => {
  const id = await issued();
  const update = `mutation U($input: UpdateRecallInput!) { updateRecall(input: $input) { userErrors { code path } } }`;
  for (const [name, value] of Object.entries({
    recordId: 'MispEvent:other',
    reason: 'UNLAWFUL',
    dueAt: null,
  })) {
    const input = { key: randomUUID(), id, expectedVersion: 1, content: { [name]: value } };
    const { userErrors } = await askAt<Payload>({ store, reader: french, now: at('10:05') }, update, {
      input,
    });
    expect(userErrors).toEqual([{ code: 'NOT_ALLOWED', path: ['content', name] }]);
  }
  const operator = csirt('joint-unit', { roles: ['community-operator'] });
  const create = `mutation C($input: CreateRecallInput!) { createRecall(input: $input) { userErrors { code path } } }`;
  const input = { key: randomUUID(), content, reading: { marking: { tlp: 'GREEN' } } };
  const { userErrors } = await askAt<Payload>({ store, reader: operator, now: at('10:05') }, create, {
    input,
  });
  expect(userErrors).toEqual([{ code: 'NOT_ALLOWED', path: ['content', 'recordId'] }]);
});

test('shows a recipient no deadline and no task of the recall itself', async () => {
  const id = await issued();
  const source = `query Q($representations: [_Any!]!) { _entities(representations: $representations) {
    ... on Tasks { listed: jointUnit { recordId workflow } }
    ... on Deadlines { listed: jointUnit { recordId workflow } }
  } }`;
  const representations = [
    { __typename: 'Tasks', id: 'Tasks:own' },
    { __typename: 'Deadlines', id: deadlinesKey({ from: at('09:00'), to: at('20:00') }) },
  ];
  const workflowsSeen = async (reader: Reader) => {
    const now = { store, reader, now: at('10:01') };
    const found = await askAt<
      readonly { readonly listed: readonly { readonly recordId: string; readonly workflow: string }[] }[]
    >(now, source, { representations });
    const all = found.flatMap(({ listed }) => listed).filter(({ recordId }) => recordId === id);
    return new Set(all.map(({ workflow }) => workflow));
  };
  expect(await workflowsSeen(german)).toEqual(new Set(['recall-recipient']));
  expect(await workflowsSeen(french)).toEqual(new Set(['recall', 'recall-recipient']));
});

test('shows each recipient of an imported recall itself only', async () => {
  const envelope = envelopeOf({
    originator: 'csirt-fr',
    custodian: 'joint-unit',
    marking: markingOf({ tlp: 'AMBER' }),
    audience: audienceOf({ organisations: received.organisations }),
  });
  const { admits, early } = policy.admittedKeys(envelope, 'Recall');
  const id = `Recall:${randomUUID()}`;
  const recipients = received.organisations.map((one) => ({
    organisation: `Organisation:${one}`,
    acknowledgedAt: null,
  }));
  const rest = { schemaVersion: 1, feed: 'own', sortAt: new Date(0), openFrom: new Date(0), contentHash: '' };
  const keys = { admits, admitsEarly: early, policy: policy.version };
  await recordsOf(store, 'Recall').insertOne({
    _id: id,
    ...rest,
    ...keys,
    envelope,
    content: { recordId: recalled, reason: 'ERROR', recipients },
  });
  const named = async (reader: Reader) =>
    (await seen(reader, id, '10:00'))?.recipients.map(({ organisation }) => organisation.id);
  expect(await named(french)).toEqual(['Organisation:csirt-de', 'Organisation:csirt-pl']);
  expect(await named(german)).toEqual(['Organisation:csirt-de']);
});

test('finds recalls by the record, for those who may read them', async () => {
  const record = `MispEvent:${randomUUID()}`;
  const { userErrors } = await tryIssue({ recordId: record }, { received: { ...received, record } });
  expect(userErrors).toEqual([]);
  const found = async (reader: Reader) => {
    const source = 'query Q($record: ID!) { recalls(filter: { recordId: $record }) { nodes { recordId } } }';
    const page = await askAt<{ readonly nodes: readonly unknown[] }>(
      { store, reader, now: at('10:30') },
      source,
      { record },
    );
    return page.nodes;
  };
  expect(await found(french)).toEqual([{ recordId: record }]);
  expect(await found(german)).toEqual([{ recordId: record }]);
  expect(await found(stranger)).toEqual([]);
});
