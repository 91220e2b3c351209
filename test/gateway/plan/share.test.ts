import { expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { setTimeout as pause } from 'node:timers/promises';
import { createCollected } from '../../../gateway/dispatch/collected.ts';
import { Observed } from '../../../gateway/observe/observed.ts';
import type { Gather } from '../../../gateway/plan/gather.ts';
import { scopeOf, shareAnswers } from '../../../gateway/plan/share.ts';
import type { RequestContext } from '../../../gateway/request/context.ts';
import { Policy } from '../../../schema/policy/decide/policy.ts';
import { readPolicy } from '../../../schema/policy/decide/load.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { WrittenData } from '../../../gateway/shape/written-data.ts';
import { readerOf } from '../../helpers/records.ts';

const policy = readPolicy();
const machine = readerOf({ client: 'machine', onScreen: false });
const plain = '{ advisories(first: 5) { edges { node { id } } } }';

/** Counts executions. Each takes a turn of the event loop, and answers with its number. */
function countingGather(unshared: readonly string[] = [], failed: readonly string[] = [], keepMs = 0) {
  const seen: { readers: string[]; signals: (AbortSignal | undefined)[] } = { readers: [], signals: [] };
  const gather: Gather = async (_allowed, { reader, signal }) => {
    seen.readers.push(reader.subject);
    seen.signals.push(signal);
    const number = seen.readers.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    const collected = createCollected();
    for (const name of unshared) collected.unshared.add(name);
    for (const name of failed) collected.failedSubgraphs.add(name);
    return { written: new WrittenData(JSON.stringify({ number })), given: null, collected };
  };
  return { seen, gather: shareAnswers(gather, keepMs) };
}

function requestOf(reader: Reader, signal = new AbortController().signal): RequestContext {
  return {
    reader,
    token: { clientId: 'client', id: null },
    budget: undefined,
    expiresAt: new Date(Date.now() + 60_000),
    correlationId: reader.subject,
    at: new Date('2026-11-24T12:00:00Z'),
    policy,
    deadline: Date.now() + 1000,
    signal,
    setHeaders: () => undefined,
    observed: new Observed(),
  };
}

function allowed(text = plain, given: Readonly<Record<string, unknown>> = {}) {
  return { key: text, document: parse(text), variables: { given, coerced: given } };
}

test('executes an identical query of one permission class once', async () => {
  const { seen, gather } = countingGather();
  const readers = ['m-1', 'm-2', 'm-3'].map((subject) => ({ ...machine, subject }));
  const answers = await Promise.all(readers.map(async (one) => await gather(allowed(), requestOf(one))));
  expect(seen.readers).toEqual(['m-1']);
  expect(answers.map(({ written }) => written?.data)).toEqual([{ number: 1 }, { number: 1 }, { number: 1 }]);
});

test('executes a query for each class, each document and each value of a variable', async () => {
  const { seen, gather } = countingGather();
  const other = { ...machine, organisation: 'csirt-pl' };
  await Promise.all([
    gather(allowed(), requestOf(machine)),
    gather(allowed(), requestOf(other)),
    gather(allowed('{ advisories { edges { node { id } } } }'), requestOf(machine)),
    gather(allowed(plain, { of: 1 }), requestOf(machine)),
    gather(allowed(plain, { of: 2 }), requestOf(machine)),
  ]);
  expect(seen.readers).toHaveLength(5);
});

test('executes the query again for every other reader if a subgraph does not allow to share the answer', async () => {
  const { seen, gather } = countingGather(['cert-eu']);
  const readers = ['m-1', 'm-2', 'm-3'].map((subject) => ({ ...machine, subject }));
  const answers = await Promise.all(readers.map(async (one) => await gather(allowed(), requestOf(one))));
  expect(seen.readers.toSorted()).toEqual(['m-1', 'm-2', 'm-3']);
  expect(new Set(answers.map(({ written }) => JSON.stringify(written?.data))).size).toBe(3);
});

test('executes the query again for every other reader if a part failed for the first one', async () => {
  const { seen, gather } = countingGather([], ['cert-eu']);
  const readers = ['m-1', 'm-2'].map((subject) => ({ ...machine, subject }));
  await Promise.all(readers.map(async (one) => await gather(allowed(), requestOf(one))));
  expect(seen.readers).toEqual(['m-1', 'm-2']);
});

test('does not execute the query again for the same reader if a part failed', async () => {
  const { seen, gather } = countingGather([], ['cert-eu']);
  await Promise.all([1, 2, 3].map(async () => await gather(allowed(), requestOf(machine))));
  expect(seen.readers).toHaveLength(1);
});

test('does not let other readers wait for an execution that parts from them', async () => {
  const hangs = new Promise<never>(() => undefined);
  const gather = shareAnswers(async (_allowed, { reader, sharedBy }) => {
    if (reader.subject === 'm-1') setTimeout(() => sharedBy?.part(), 5);
    if (reader.subject === 'm-1') return await hangs;
    return { written: new WrittenData('{}'), given: null, collected: createCollected() };
  }, 0);
  void gather(allowed(), requestOf({ ...machine, subject: 'm-1' }));
  const other = await gather(allowed(), requestOf({ ...machine, subject: 'm-2' }));
  expect(other.written?.data).toEqual({});
});

test('goes on for the other readers when the first one leaves', async () => {
  const { gather } = countingGather();
  const leaving = new AbortController();
  const first = gather(allowed(), requestOf({ ...machine, subject: 'm-1' }, leaving.signal));
  const second = gather(allowed(), requestOf({ ...machine, subject: 'm-2' }));
  leaving.abort(new Error('gone'));
  await expect(first).rejects.toThrow('gone');
  expect((await second).written?.data).toEqual({ number: 1 });
});

test('shares an answer with cursors between requests of one person only', async () => {
  const { seen, gather } = countingGather();
  const query = '{ advisories { pageInfo { endCursor } } }';
  await Promise.all([
    gather(allowed(query), requestOf({ ...machine, subject: 'm-1' })),
    gather(allowed(query), requestOf({ ...machine, subject: 'm-1' })),
    gather(allowed(query), requestOf({ ...machine, subject: 'm-2' })),
  ]);
  expect(seen.readers).toEqual(['m-1', 'm-2']);
});

test('executes a query again that comes after a change, also while an identical one is in progress', async () => {
  const { seen, gather } = countingGather();
  const begun = gather(allowed(), requestOf(machine));
  await gather(allowed('mutation { retractCertEuRecord(input: {}) { record { id } } }'), requestOf(machine));
  const [before, after] = [await begun, await gather(allowed(), requestOf(machine))];
  expect([before.written?.data, after.written?.data]).toEqual([{ number: 1 }, { number: 3 }]);
  const [one, other] = [gather(allowed(), requestOf(machine)), gather(allowed(), requestOf(machine))];
  expect((await one).written?.data).toEqual((await other).written?.data);
  expect(seen.readers).toHaveLength(4);
});

test('does not share the query for an event of a subscription', async () => {
  const { seen, gather } = countingGather();
  const event = { ...requestOf(machine), delivery: 'subscription' } as const;
  await Promise.all([
    gather(allowed(), requestOf(machine)),
    gather(allowed(), event),
    gather(allowed(), event),
  ]);
  expect(seen.readers).toHaveLength(3);
});

test('finds the scope of an operation', () => {
  const scopes = [
    '{ memberStates { code } }',
    '{ vulnerability(id: "CVE-2025-53770") { advisories { edges { node { id } } } } }',
    'query ($c: String) { advisories(after: $c) { edges { node { id } } } }',
    '{ advisories { edges { cursor } } }',
    '{ ...F } fragment F on Query { disclosures { edges { node { id } } } }',
    '{ ownReads(record: "x") { edges { node { id } } } }',
    '{ policy { version } }',
    'mutation { retractCertEuRecord(input: {}) { record { id } } }',
  ].map((text) => scopeOf(parse(text), policy));
  expect(scopes).toEqual(['class', 'class', 'person', 'person', 'request', 'request', 'request', 'request']);
});

test('keeps an answer for a time from the begin of its execution, for every reader of the class', async () => {
  const { seen, gather } = countingGather([], [], 900);
  const ask = async (subject: string) =>
    (await gather(allowed(), requestOf({ ...machine, subject }))).written?.data;
  expect([await ask('m-1'), await ask('m-2')]).toEqual([{ number: 1 }, { number: 1 }]);
  await pause(910);
  expect(await ask('m-3')).toEqual({ number: 2 });
  expect(seen.readers).toEqual(['m-1', 'm-3']);
});

test('keeps no answer that took longer than the time', async () => {
  const { seen, gather } = countingGather([], [], 10);
  await gather(allowed(), requestOf(machine));
  await gather(allowed(), requestOf(machine));
  expect(seen.readers).toHaveLength(2);
});

test.each<[string, Parameters<typeof countingGather>]>([
  ['that a subgraph does not allow to share', [['cert-eu'], [], 900]],
  ['in which a part failed', [[], ['cert-eu'], 900]],
  ['while nothing is kept', [[], [], 0]],
])('keeps no answer %s', async (_what, given) => {
  const { seen, gather } = countingGather(...given);
  await gather(allowed(), requestOf(machine));
  await gather(allowed(), requestOf(machine));
  expect(seen.readers).toHaveLength(2);
});

const nextPolicy = new Policy({ ...policy.source, version: policy.source.version + 1 });

test.each<[string, Partial<Reader>, Partial<RequestContext>]>([
  ['another organisation', { organisation: 'csirt-pl' }, {}],
  ['another purpose', { purpose: 'crisis-coordination' }, {}],
  ['another policy version', {}, { policy: nextPolicy }],
  ['a share that has ended', {}, { at: new Date('2026-11-24T12:00:01Z') }],
])('gives no kept answer to a reader with %s', async (_what, of, over) => {
  const { seen, gather } = countingGather([], [], 900);
  const onwardShares = [
    { by: 'csirt-fr', client: machine.organisation, need: 'n', until: '2026-11-24T12:00:01Z' },
  ] as never;
  const reader = { ...machine, onwardShares };
  await gather(allowed(), requestOf(reader));
  await gather(allowed(), { ...requestOf({ ...reader, ...of }), ...over });
  expect(seen.readers).toHaveLength(2);
});

const end = '2026-11-24T12:00:01.000Z';
const atEnd = Date.parse(end);

test.each<[string, Partial<Reader>]>([
  ['an onward share', { onwardShares: [{ id: 's', by: 'csirt-fr', until: end }] }],
  ['a grant', { grants: [{ id: 'g', by: 'csirt-fr', until: end }] }],
  [
    'an agreement',
    { agreements: [{ id: 'a', until: end, tlpCeiling: 'AMBER', purposes: ['incident-response'] }] },
  ],
  ['an office', { offices: [{ office: 'case-lead', until: end }] }],
])('gives no kept or shared answer after the end of %s of the reader', async (_what, facts) => {
  const executed = async (ask: (at: (ms: number) => Promise<unknown>) => Promise<unknown>) => {
    const { seen, gather } = countingGather([], [], 900);
    await ask(async (ms) => gather(allowed(), { ...requestOf({ ...machine, ...facts }), at: new Date(ms) }));
    return seen.readers.length;
  };
  const shared = await executed(async (at) => {
    await Promise.all([at(atEnd - 1), at(atEnd - 1), at(atEnd)]);
  });
  const kept = await executed(async (at) => {
    await at(atEnd - 1);
    await at(atEnd);
  });
  expect([shared, kept]).toEqual([2, 2]);
});

test('gives no kept answer after a change, and none to a subscription or another person with cursors', async () => {
  const { seen, gather } = countingGather([], [], 900);
  const cursors = '{ advisories { pageInfo { endCursor } } }';
  await gather(allowed(), requestOf(machine));
  await gather(allowed(), { ...requestOf(machine), delivery: 'subscription' });
  await gather(allowed(cursors), requestOf({ ...machine, subject: 'm-1' }));
  await gather(allowed(cursors), requestOf({ ...machine, subject: 'm-2' }));
  expect(seen.readers).toHaveLength(4);
  await gather(allowed('mutation { retractCertEuRecord(input: {}) { record { id } } }'), requestOf(machine));
  await gather(allowed(), requestOf({ ...machine, subject: 'another machine' }));
  expect(seen.readers).toHaveLength(5);
  await gather(allowed(), requestOf(machine));
  expect(seen.readers).toHaveLength(6);
});

test('ends the turn of a large request that waits for the execution of another one', async () => {
  const { gather } = countingGather();
  const ended: string[] = [];
  const ask = async (subject: string) =>
    await gather(allowed(), {
      ...requestOf({ ...machine, subject }),
      endTurn: () => void ended.push(subject),
    });
  const answers = [ask('m-1'), ask('m-2')];
  expect(ended).toEqual(['m-2']);
  await Promise.all(answers);
});
