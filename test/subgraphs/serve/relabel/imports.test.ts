import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Envelope, StoredRecord } from '../../../../schema/record/envelope.ts';
import { compileFilter } from '../../../../schema/policy/decide/filter.ts';
import type { Policy } from '../../../../schema/policy/decide/policy.ts';
import { kinds } from '../../../../subgraphs/cert-eu/records.ts';
import type { Prepared } from '../../../../subgraphs/serve/ingest/prepare.ts';
import { Target } from '../../../../subgraphs/serve/ingest/target.ts';
import { readKeyStatus, formatKeyStatus } from '../../../../subgraphs/serve/operate/relabel-status.ts';
import { relabelInBackground } from '../../../../subgraphs/serve/relabel/relabel-in-background.ts';
import { followKeyState } from '../../../../subgraphs/serve/store/key-assigner.ts';
import {
  changeKeyState,
  isSame,
  readKeyState,
  KeyStateChanged,
} from '../../../../subgraphs/serve/store/key-state.ts';
import { giveBackLease, takeLease } from '../../../../subgraphs/serve/store/walk/lease.ts';
import { relabel } from '../../../../subgraphs/serve/relabel/relabel.ts';
import { followServed } from '../../../../subgraphs/serve/relabel/served.ts';
import { type CommunityStore, openStore } from '../../../../subgraphs/serve/store/store.ts';
import { readerOf } from '../../../helpers/records.ts';
import { until } from '../../../helpers/until.ts';
import { versionsOf, versionWithout } from '../../../helpers/versions.ts';
import { key, now, row } from './rows.ts';
import { openOwnStore, type OwnStore } from '../../../helpers/own-store.ts';

let own: OwnStore;
let store: CommunityStore;

beforeAll(async () => {
  own = await openOwnStore('cert-eu', kinds);
  ({ store } = own);
  await new Target(store, 'test', null, followKeyState(store, versionsOf(), 1)).prepare();
});

afterAll(async () => await own.stop());

beforeEach(async () => {
  for (const { collection } of [store.links, ...store.records.values()]) await collection.deleteMany({});
  for (const name of ['labelling', 'leases']) await store.connection.collection(name).deleteMany({});
});

const first = versionWithout(1, 'J04', 'J05');
const second = versionWithout(2, 'J03');
const third = versionWithout(3, 'J02');
const versions = versionsOf(first, second, third);
const envelopes = fc.sample(row, { numRuns: 400, seed: 7 });
const reader = readerOf();

const targetNow = (by = 1) => new Target(store, 'test', null, followKeyState(store, versions, by));

function prepared(at: number, envelope: Envelope, said: string): Prepared {
  const content = { serial: `2099-${at}`, exploitedInTheWild: 'YES' };
  const sortAt = new Date(Date.UTC(2026, 0, 1, 0, at));
  const mapped = { kind: 'Advisory', localId: String(at), content, sortAt, names: [key] };
  return { mapped, envelope: { ...envelope, localId: String(at) }, contentHash: said, sortAt };
}

function pick(at: number): Envelope {
  const envelope = envelopes[at % envelopes.length];
  if (envelope === undefined) throw new Error('expected an envelope');
  return envelope;
}

async function stateNow() {
  const state = await readKeyState(store);
  if (state === null) throw new Error('expected a state');
  return state;
}

/** Every row and join row whose stored access keys differ from those of its policy versions. */
async function findWrongKeys(...by: readonly Policy[]): Promise<readonly string[]> {
  const records = (await store.records.get('Advisory')?.find().lean<StoredRecord[]>()) ?? [];
  const links = await store.links.find().lean();
  return records.flatMap(({ _id, envelope, admits, admitsEarly }) => {
    const labels = by.map((policy) => policy.admittedKeys(envelope, 'Advisory'));
    const wanted = labels.flatMap((one) => one.admits).toSorted();
    const early = labels.flatMap((one) => one.early).toSorted();
    const rows = [{ admits, admitsEarly }, ...links.filter((link) => link.record === _id)];
    const right = rows.every(
      (one) =>
        one.admits.toSorted().join() === wanted.join() && one.admitsEarly.toSorted().join() === early.join(),
    );
    return right && rows.length === 2 ? [] : [_id];
  });
}

async function pauseFor(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

test('gives records that are written during two relabellings the keys of every version in use', async () => {
  const start = Array.from({ length: 40 }, (_, at) => prepared(at, pick(at), 'first'));
  await targetNow().write(start);
  await relabel(store, first, { graceMs: 0 });
  const over = new AbortController();
  const ended = (async () => {
    for (const policy of [second, third]) await relabel(store, policy, { batch: 30, rest: 1, graceMs: 400 });
    over.abort();
  })();
  const states = new Set<string>();
  const lost: number[] = [];
  let batches = 0;
  const oneImport = async (from: number) => {
    while (!over.signal.aborted) {
      batches += 1;
      const batch = batches;
      await pauseFor(10);
      const at = from + (batch % 30);
      const { refused, added, changed } = await targetNow().write([
        prepared(at, pick(batch), `${from} ${batch}`),
        prepared(1000 + batch, pick(batch), 'new'),
      ]);
      expect([refused, added + changed]).toEqual([[], 2]);
      const state = await stateNow();
      const { serving, next, leaving } = state;
      states.add(`${leaving ?? ''}>${serving}>${next ?? ''}`);
      const found = await store.records
        .get('Advisory')
        ?.findOne({ 'envelope.localId': String(1000 + batch) })
        .lean<StoredRecord>();
      // Acknowledged records are found by the current version, and by the previous one while it is still in use.
      const by = await Promise.all([serving, leaving ?? serving].map(versions.of));
      const wanted = found && by.flatMap((one) => one.admittedKeys(found.envelope, 'Advisory').admits);
      const isLost = wanted?.some((one) => !found?.admits.includes(one)) ?? true;
      if (isLost && isSame(await stateNow(), state)) lost.push(batch);
    }
  };
  await Promise.all([ended, oneImport(0), oneImport(100)]);
  expect(lost).toEqual([]);
  expect(await stateNow()).toMatchObject({ serving: 3, next: null, leaving: null, settled: 3 });
  expect(await findWrongKeys(third)).toEqual([]);
  expect([...states]).toEqual(expect.arrayContaining(['>1>2', '1>2>', '>2>3', '2>3>']));
  const readerAccess = third.accessOf(reader, now);
  const filter = compileFilter([...readerAccess.keys('Advisory')], now);
  const all = (await store.records.get('Advisory')?.find().lean<StoredRecord[]>()) ?? [];
  const found = await store.records.get('Advisory')?.collection.countDocuments(filter as never);
  expect(found).toBe(
    all.filter(({ envelope }) => third.decideRow(envelope, 'Advisory', readerAccess) !== null).length,
  );
});

test('does not commit a batch after a switch if it got its keys before', async () => {
  await targetNow().write([prepared(1, pick(1), 'first')]);
  await relabel(store, first, { graceMs: 0 });
  const keyAssigner = followKeyState(store, versions, 1);
  expect((await keyAssigner.current()).version).toBe(first.version);
  const session = await store.connection.startSession();
  await session.withTransaction(async () => await keyAssigner.hold(session));
  await changeKeyState(store, await stateNow(), { next: 2 });
  await expect(session.withTransaction(async () => await keyAssigner.hold(session))).rejects.toThrow(
    KeyStateChanged,
  );
  await session.endSession();
  expect((await keyAssigner.current()).version).toBe(second.version);
});

test('repeats a batch when the key state changes during it', async () => {
  await targetNow().write([prepared(1, pick(1), 'first')]);
  await relabel(store, first, { graceMs: 0 });
  const keyAssigner = followKeyState(store, versions, 1);
  let times = 0;
  const target = new Target(store, 'test', null, {
    hold: async (session) => await keyAssigner.hold(session),
    current: async () => {
      const labels = await keyAssigner.current();
      times += 1;
      if (times === 1) await changeKeyState(store, await stateNow(), { next: 2 });
      return labels;
    },
  });
  await target.write([prepared(2, pick(2), 'second')]);
  expect(times).toBe(2);
  const written = await store.records
    .get('Advisory')
    ?.findOne({ 'envelope.localId': '2' })
    .lean<StoredRecord>();
  expect(written?.policy).toBe(second.version);
});

test('gives the lease to one process at a time, and to another when it expires', async () => {
  expect(await takeLease(store, 'relabel', 'one', null)).toBe(true);
  expect(await takeLease(store, 'relabel', 'other', null)).toBe(false);
  expect(await takeLease(store, 'relabel', 'one', null)).toBe(true);
  expect(await takeLease(store, 'relabel', 'other', null, new Date(Date.now() + 9000))).toBe(false);
  expect(await takeLease(store, 'relabel', 'other', null, new Date(Date.now() + 11_000))).toBe(true);
  expect(await takeLease(store, 'relabel', 'one', null)).toBe(false);
  await giveBackLease(store, 'relabel', 'one');
  expect(await takeLease(store, 'relabel', 'one', null)).toBe(false);
  await giveBackLease(store, 'relabel', 'other');
  expect(await takeLease(store, 'relabel', 'one', null)).toBe(true);
});

/** A policy in force that a test exchanges. */
function inForce(start: Policy) {
  let policy: Policy | null = start;
  return {
    current: () => (policy === null ? null : ({ policy, version: policy.source.version } as never)),
    set: (next: Policy | null) => (policy = next),
  };
}

test('relabels after each change of the policy, and reports the progress', async () => {
  const said: string[] = [];
  const log = { warn: (words: string) => said.push(words), error: (words: string) => said.push(words) };
  const policies = inForce(first);
  await targetNow().write(Array.from({ length: 30 }, (_, at) => prepared(at, pick(at), 'first')));
  expect(formatKeyStatus(await readKeyStatus(store), new Date())[1]).toBe(
    'keys of other versions are being removed',
  );
  const jobs = [1, 2].map(() => relabelInBackground(store, policies, log, { graceMs: 300 }));
  await until('version 1', async () => (await stateNow()).settled === 1);
  expect(formatKeyStatus(await readKeyStatus(store), new Date())).toEqual([
    'records are found by the access keys of version 1, and have no others',
  ]);
  policies.set(second);
  await until('the switch', async () => (await stateNow()).leaving === 1);
  const [found, kept, worker] = formatKeyStatus(await readKeyStatus(store), new Date());
  expect(found).toBe('records are found by the access keys of version 2');
  expect(kept).toMatch(/^keys of version 1 are removed soon/);
  expect(worker).toMatch(/^a subgraph is relabelling|^a subgraph is (adding|removing) keys/);
  await until('version 2', async () => (await stateNow()).settled === 2);
  expect(await findWrongKeys(second)).toEqual([]);
  await Promise.all(jobs.map(async (job) => await job.stop()));
  expect(said.filter((words) => /relabelled 30 records to version 2/.test(words))).toHaveLength(1);
  await changeKeyState(store, await stateNow(), { next: 3 });
  expect(formatKeyStatus(await readKeyStatus(store), new Date())).toEqual([
    'records are found by the access keys of version 2',
    'keys of version 3 are being added; until every record has them, versions 2 and 3 must both allow',
    "no process relabels now: start the community's subgraph",
  ]);
});

test('waits with a newer policy until no request uses the keys of the one before', async () => {
  const log = { warn: () => undefined, error: () => undefined };
  const policies = inForce(first);
  await targetNow().write(Array.from({ length: 30 }, (_, at) => prepared(at, pick(at), 'first')));
  await using job = {
    job: relabelInBackground(store, policies, log, { graceMs: 60_000 }),
    [Symbol.asyncDispose]: stop,
  };
  async function stop(): Promise<void> {
    await job.job.stop();
  }
  await until('version 1', async () => (await stateNow()).settled === 1);
  policies.set(second);
  await until('the switch', async () => (await stateNow()).leaving === 1);
  policies.set(third);
  // It waits for what 2 leaves behind all the same: who still finds rows by 1 is not shut out.
  await pauseFor(3000);
  expect(await stateNow()).toMatchObject({ serving: 2, leaving: 1, next: null });
});

test('applies a new policy together with the old one until the switch', async () => {
  const log = { warn: () => undefined, error: () => undefined };
  const policies = inForce(first);
  await targetNow().write([prepared(1, pick(1), 'first')]);
  await relabel(store, first, { graceMs: 0 });
  const served = followServed(store, policies, versions, log);
  await until('a policy is served', () => served.current() !== null);
  expect(served.current()).toBe(first);
  policies.set(second);
  expect(served.current()).toMatchObject({ older: first, newer: second });
  policies.set(third);
  expect(served.current()).toMatchObject({ older: first, newer: third });
  policies.set(null);
  expect(served.current()).toBeNull();
  policies.set(second);
  await relabel(store, second, { graceMs: 0 });
  await until('the switch is seen', () => served.current() === second);
  served.stop();
});

test('refuses requests if the key state was not read for too long', async () => {
  const said: string[] = [];
  const log = { warn: () => undefined, error: (words: string) => said.push(words) };
  const lost = openStore(own.uri, kinds, () => undefined);
  await lost.connection.asPromise();
  const served = followServed(lost, inForce(first), versions, log, 2000);
  await until('a policy is served', () => served.current() === first);
  await lost.connection.close();
  await until('nothing is served', () => served.current() === null);
  expect(said).toEqual([expect.stringMatching(/the key state of the store cannot be read/)]);
  served.stop();
});
