import { expect, test } from '@jest/globals';
import { buildSchema, parse } from 'graphql';
import { readFileSync } from 'node:fs';
import { createCollected } from '../../../gateway/dispatch/collected.ts';
import { Observed } from '../../../gateway/observe/observed.ts';
import type { Gather } from '../../../gateway/plan/gather.ts';
import { KeptAnswers } from '../../../gateway/plan/kept-answers.ts';
import { dependenceOf, shareAnswers } from '../../../gateway/plan/share.ts';
import type { RequestContext } from '../../../gateway/request/context.ts';
import { readPolicy } from '../../../schema/policy/decide/load.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { WrittenData } from '../../../gateway/shape/written-data.ts';
import { readerOf } from '../../helpers/records.ts';

const policy = readPolicy();
const schema = buildSchema(readFileSync('schema/published.graphql', 'utf8'));
const machine = readerOf({ client: 'machine', onScreen: false });
const plain = '{ advisories(first: 5) { edges { node { id } } } }';

/** Counts executions. Each takes a turn of the event loop, and answers with its number. */
function countingGather(unshared: readonly string[] = [], kept: KeptAnswers | null = null) {
  const seen: { readers: string[]; signals: (AbortSignal | undefined)[] } = { readers: [], signals: [] };
  const gather: Gather = async (_allowed, { reader, signal }) => {
    seen.readers.push(reader.subject);
    seen.signals.push(signal);
    const number = seen.readers.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    const collected = createCollected();
    for (const name of unshared) collected.unshared.add(name);
    return { written: new WrittenData(JSON.stringify({ number })), given: null, collected };
  };
  return { seen, gather: shareAnswers(gather, schema, kept) };
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
  ].map((text) => dependenceOf(parse(text), policy, schema).scope);
  expect(scopes).toEqual(['class', 'class', 'person', 'person', 'request', 'request', 'request', 'request']);
});

const kindsOf = (text: string) => [...dependenceOf(parse(text), policy, schema).kinds].toSorted();

test('finds the kinds of record that an answer depends on', () => {
  expect(kindsOf('{ advisories { nodes { id } } }')).toEqual(['Advisory']);
  expect(kindsOf('{ memberState(code: "FR") { unionIncidents { total { value } } } }')).toEqual([
    'Hub',
    'UnionIncident',
  ]);
  expect(
    kindsOf(
      '{ advisories { ...F } } fragment F on AdvisoryConnection { nodes { envelope { originator { name } } } }',
    ),
  ).toEqual(['Advisory', 'Hub']);
});

/** A hub that hears the changes of one kind, with an answer for each execution. */
function keeping(maxAgeMs = 60_000) {
  const heard = { epoch: 1 as number | null };
  const kept = new KeptAnswers((kind) => (kind === 'Advisory' ? heard.epoch : 0), {
    bytes: 1_000_000,
    maxAgeMs,
  });
  return { heard, kept, ...countingGather([], kept) };
}

const at = (seconds: number) => new Date(Date.parse('2026-11-24T12:00:00Z') + 1000 * seconds);

test('answers from memory until a record of the kind changes', async () => {
  const { heard, seen, gather } = keeping();
  const ask = async (reader = machine) => (await gather(allowed(), requestOf(reader))).written?.data;
  expect(await ask()).toEqual({ number: 1 });
  expect(await ask({ ...machine, subject: 'm-2' })).toEqual({ number: 1 });
  heard.epoch = 2;
  expect(await ask()).toEqual({ number: 2 });
  expect(seen.readers).toHaveLength(2);
});

test('never answers from memory to another permission class, and not while changes may be missed', async () => {
  const { heard, gather } = keeping();
  const ask = async (reader = machine) => (await gather(allowed(), requestOf(reader))).written?.data;
  expect(await ask()).toEqual({ number: 1 });
  expect(await ask({ ...machine, organisation: 'csirt-pl' })).toEqual({ number: 2 });
  heard.epoch = null;
  expect(await ask()).toEqual({ number: 3 });
  heard.epoch = 1;
  expect(await ask()).toEqual({ number: 4 });
});

test('does not keep an answer during whose execution a record changed', async () => {
  const { heard, gather } = keeping();
  const answer = gather(allowed(), requestOf(machine));
  heard.epoch = 2;
  expect((await answer).written?.data).toEqual({ number: 1 });
  expect((await gather(allowed(), requestOf(machine))).written?.data).toEqual({ number: 2 });
});

test('keeps no answer beyond its maximum age, or beyond the end of a grant', async () => {
  const grants = [{ id: 'G1', by: 'cert-eu', until: at(10).toISOString() }];
  const holder = { ...machine, grants };
  const { gather } = keeping(30_000);
  const ask = async (reader: Reader, seconds: number) =>
    (await gather(allowed(), { ...requestOf(reader), at: at(seconds) })).written?.data;
  expect([await ask(machine, 0), await ask(machine, 29), await ask(machine, 30)]).toEqual([
    { number: 1 },
    { number: 1 },
    { number: 2 },
  ]);
  expect([await ask(holder, 0), await ask(holder, 9)]).toEqual([{ number: 3 }, { number: 3 }]);
  expect(await ask(holder, 10)).toEqual({ number: 2 });
});

test('keeps no answer that a subgraph does not allow to share', async () => {
  const kept = new KeptAnswers(() => 0, { bytes: 1_000_000, maxAgeMs: 60_000 });
  const { seen, gather } = countingGather(['cert-eu'], kept);
  await gather(allowed(), requestOf(machine));
  await gather(allowed(), requestOf(machine));
  expect(seen.readers).toHaveLength(2);
  expect(kept.bytes).toBe(0);
});
