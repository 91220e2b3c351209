import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { graphql } from 'graphql';
import { BothPolicies } from '../../../../schema/policy/decide/both.ts';
import type { Action } from '../../../../schema/policy/language/domain.ts';
import type { Policy } from '../../../../schema/policy/decide/policy.ts';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import { community } from '../../../../subgraphs/cert-eu/community.ts';
import { kinds } from '../../../../subgraphs/cert-eu/records.ts';
import type { Connection, PageArguments } from '../../../../subgraphs/serve/read/connection.ts';
import { Loaders } from '../../../../subgraphs/serve/read/loaders.ts';
import { readKeyState } from '../../../../subgraphs/serve/store/key-state.ts';
import { relabel, type RelabelOptions } from '../../../../subgraphs/serve/relabel/relabel.ts';
import { policyServed } from '../../../../subgraphs/serve/relabel/served.ts';
import { buildCommunitySchema } from '../../../../subgraphs/serve/graph/schema.ts';
import type { CommunityStore } from '../../../../subgraphs/serve/store/store.ts';
import { versionMoving, versionsOf, versionWithout, withoutSearch } from '../../../helpers/versions.ts';
import { envelopeOf, readerOf } from '../../../helpers/records.ts';
import { allowedByRules } from '../../../schema/policy/decide/generated.ts';
import { storeRows, key, now, row, type TestRow } from './rows.ts';
import { openOwnStore, type OwnStore } from '../../../helpers/own-store.ts';

let own: OwnStore;
let store: CommunityStore;

beforeAll(async () => {
  own = await openOwnStore('cert-eu', kinds);
  ({ store } = own);
});

afterAll(async () => await own.stop());

beforeEach(clear);

async function clear(): Promise<void> {
  for (const { collection } of [store.links, ...store.records.values()]) await collection.deleteMany({});
  await store.connection.collection('labelling').deleteMany({});
}

/** Only the first version opens GREEN to the community. Only the second opens AMBER to its recipients. */
const first = versionWithout(1, 'J04', 'J05');
const second = versionWithout(2, 'J03');
const third = versionWithout(3, 'J02');
const versions = versionsOf(first, second, third);
const readers = [
  readerOf(),
  readerOf({ organisation: 'cert-eu', roles: ['cert-eu-analyst'] }),
  readerOf({ organisation: 'csirt-pl', memberState: 'PL' }),
  readerOf({ communities: [], purpose: null, organisation: 'nordsee-energy' }),
];

/** The rows that all of these versions allow the reader by these actions, newest first, by the rules alone. */
function allowed(
  rows: readonly TestRow[],
  reader: Reader,
  by: readonly Policy[],
  actions: readonly Action[] = ['read'],
): readonly string[] {
  return rows
    .filter(({ envelope }) =>
      by.every(({ source }) =>
        actions.every((action) => allowedByRules(source, reader, 'Advisory', envelope, 'content', action)),
      ),
    )
    .map(({ id }) => id)
    .toSorted()
    .toReversed();
}

/** The rows that a reader gets page by page, by list and by shared key, and the totals. */
async function given(policy: Policy, reader: Reader, filter?: Readonly<Record<string, unknown>>) {
  const both: (readonly string[])[] = [];
  const totals: unknown[] = [];
  for (const ask of filter === undefined ? (['list', 'linked'] as const) : (['list'] as const)) {
    const ids: string[] = [];
    let after: string | null = null;
    do {
      const readerAccess = policy.accessOf(reader, now);
      const loaders = new Loaders({ store, kinds, policy, readerAccess, cursorKey: Buffer.alloc(32, 7) });
      const args: PageArguments = { first: 4, after, ...(filter === undefined ? {} : { filter }) };
      const page: Connection = await (ask === 'list'
        ? loaders.list('Advisory', args)
        : loaders.linked('Advisory', key, args));
      ids.push(...page.nodes.map(({ id }) => id));
      if (after === null) totals.push(await page.total({ max: 1000 }));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
    both.push(ids);
  }
  return { ids: both, totals };
}

async function expectGiven(
  rows: readonly TestRow[],
  policy: Policy,
  by: readonly Policy[],
  asking = readers,
): Promise<void> {
  for (const reader of asking) {
    const ids = allowed(rows, reader, by);
    // A total counts only what the reader may search for, so never RED.
    const total = { value: allowed(rows, reader, by, ['read', 'search']).length, exact: true };
    expect(await given(policy, reader)).toEqual({ ids: [ids, ids], totals: [total, total] });
  }
}

/** Relabels until so many batches were looked at, then ends as a kill would. True when all is done. */
async function relabelFor(batches: number, policy: Policy, options: RelabelOptions = {}): Promise<boolean> {
  const killed = new AbortController();
  let left = batches;
  const progress = () => {
    left -= 1;
    if (left <= 0) killed.abort(new Error('killed'));
  };
  try {
    await relabel(store, policy, {
      batch: 3,
      rest: 0,
      graceMs: 0,
      ...options,
      progress,
      signal: killed.signal,
    });
    return true;
  } catch (error) {
    if (!killed.signal.aborted) throw error;
    return false;
  }
}

async function stateNow() {
  const state = await readKeyState(store);
  if (state === null) throw new Error('expected a state');
  return state;
}

/** Every access key in the store, by the policy version that computed it. */
async function versionsOfKeys(): Promise<readonly string[]> {
  const models = [store.links, ...store.records.values()];
  const keys = await Promise.all(
    models.flatMap((model) =>
      ['admits', 'admitsEarly'].map(async (path) => {
        const unwound = [{ $unwind: `$${path}` }, { $group: { _id: `$${path}` } }];
        return (await model.collection.aggregate<{ _id: string }>(unwound).toArray()).map(({ _id }) => _id);
      }),
    ),
  );
  return [...new Set(keys.flat().map((one) => one.split('|')[0] ?? ''))].toSorted();
}

const rowsOf = fc.array(row, { minLength: 1, maxLength: 24, size: 'max' });

test('shows what both versions allow during a relabelling with kills, and then what the new one allows', async () => {
  let [apart, during, after] = [0, 0, 0];
  await fc.assert(
    fc.asyncProperty(rowsOf, async (envelopes) => {
      await clear();
      const rows = await storeRows(store, envelopes, first);
      let done = await relabelFor(0, first);
      for (let batches = 0; !done; batches += 1) done = await relabelFor(batches, first);
      await expectGiven(rows, first, [first]);
      for (let batches = 1; ; batches += 1) {
        const isDone = await relabelFor(batches, second);
        const { serving, leaving } = await stateNow();
        const by = serving === 1 ? [first, second] : [second];
        await expectGiven(rows, await policyServed(serving, second, versions), by);
        // A process that has not seen the switch yet continues as before.
        if (leaving !== null) await expectGiven(rows, new BothPolicies(first, second), [first, second]);
        if (serving === 1) during += 1;
        else after += 1;
        if (isDone) break;
      }
      apart += readers.filter(
        (one) => allowed(rows, one, [first]).join() !== allowed(rows, one, [second]).join(),
      ).length;
      expect(await stateNow()).toMatchObject({ serving: 2, next: null, leaving: null, settled: 2 });
      expect(['', '2']).toContain((await versionsOfKeys()).join());
    }),
    { numRuns: 12 },
  );
  expect(apart).toBeGreaterThan(10);
  expect(during).toBeGreaterThan(20);
  expect(after).toBeGreaterThan(20);
});

test('leaves no keys of a version that a newer one replaced during a relabelling', async () => {
  await fc.assert(
    fc.asyncProperty(rowsOf, fc.integer({ min: 1, max: 20 }), async (envelopes, batches) => {
      await clear();
      const rows = await storeRows(store, envelopes, first);
      await relabel(store, first, { graceMs: 0 });
      await relabelFor(batches, second);
      const { serving } = await stateNow();
      const both = await policyServed(serving, third, versions);
      const by = [serving === 1 ? first : second, third];
      await expectGiven(rows, both, by);
      await relabelFor(2, third);
      const state = await stateNow();
      await expectGiven(rows, await policyServed(state.serving, third, versions), [
        await versions.of(state.serving),
        third,
      ]);
      await relabel(store, third, { graceMs: 0, rest: 0 });
      await expectGiven(rows, third, [third]);
      expect(['', '3']).toContain((await versionsOfKeys()).join());
      await expect(relabel(store, second)).rejects.toThrow(
        'expected version 2 of the policy to be the newest in this store, got 3',
      );
    }),
    { numRuns: 12 },
  );
});

test('gives each reader the same rows while two processes relabel', async () => {
  const envelopes = fc.sample(row, { numRuns: 120, seed: 5 });
  const rows = await storeRows(store, envelopes, first);
  await relabel(store, first, { graceMs: 0 });
  // Longer than the longest question here, as the usual grace is longer than the longest request.
  const options = { batch: 5, rest: 1, graceMs: 8000 };
  const ended = Promise.all([relabel(store, second, options), relabel(store, second, options)]);
  const over = new AbortController();
  void ended.finally(() => over.abort()).catch(() => undefined);
  const seen = new Set<number>();
  for (let at = 0; !over.signal.aborted; at += 1) {
    const { serving } = await stateNow();
    const by = serving === 1 ? [first, second] : [second];
    const reader = readers[at % readers.length] ?? readerOf();
    // The state may move on while this asks: what it said a moment ago is still answered in full.
    await expectGiven(rows, await policyServed(serving, second, versions), by, [reader]);
    seen.add(serving);
  }
  await ended;
  expect([...seen]).toEqual([1, 2]);
  expect(await versionsOfKeys()).toEqual(['2']);
});

test('keeps old keys until no request can use them', async () => {
  await storeRows(store, fc.sample(row, { numRuns: 20, seed: 5 }), first);
  await relabel(store, first, { graceMs: 0 });
  const began = Date.now();
  const ended = relabel(store, second, { graceMs: 700 });
  while ((await stateNow()).serving === 1) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await versionsOfKeys()).toEqual(['1', '2']);
  expect((await stateNow()).leaving).toBe(1);
  await ended;
  expect(Date.now() - began).toBeGreaterThanOrEqual(700);
  expect(await versionsOfKeys()).toEqual(['2']);
});

test('searches a field only if both versions permit it', async () => {
  const envelopes = fc.sample(row, { numRuns: 30, seed: 5 });
  const rows = await storeRows(store, envelopes, first);
  const unsearched = withoutSearch(2, 'J02', 'J03', 'J33', 'J33a');
  const both = new BothPolicies(first, unsearched);
  for (const reader of readers) {
    const ids = rows
      .filter(({ envelope }) =>
        [first, unsearched].every(({ source }) =>
          (['read', 'search'] as const).every((action) =>
            allowedByRules(source, reader, 'Advisory', envelope, 'content', action),
          ),
        ),
      )
      .map(({ id }) => id)
      .toSorted()
      .toReversed();
    const { ids: found } = await given(both, reader, { exploitedInTheWild: 'YES' });
    expect(found).toEqual([ids]);
  }
});

test('replaces the keys of an unknown version', async () => {
  const rows = await storeRows(store, fc.sample(row, { numRuns: 30, seed: 5 }), first);
  await relabel(store, second, { graceMs: 0 });
  await expectGiven(rows, second, [second]);
  expect(await versionsOfKeys()).toEqual(['2']);
});

test('hides fields that the older version hides until the switch', async () => {
  const older = versionMoving(1, 'Advisory', 'serial', 'audience');
  const oldest = versionMoving(1, 'Envelope', 'localId', 'audience');
  await storeRows(store, [envelopeOf(), envelopeOf()], older);
  const askBy = async (policy: Policy) => {
    const reader = readerOf({ organisation: 'nordsee-energy', communities: [] });
    const readerAccess = policy.accessOf(reader, now);
    const loaders = new Loaders({ store, kinds, policy, readerAccess, cursorKey: Buffer.alloc(32, 7) });
    const contextValue = { reader, readerAccess, loaders, assertion: null };
    const source = '{ advisories { nodes { serial exploitedInTheWild envelope { localId version } } } }';
    const schema = buildCommunitySchema(community, policy);
    const { data, errors } = await graphql({ schema, source, contextValue });
    expect(errors).toBeUndefined();
    return JSON.stringify(data);
  };
  const newer = versionWithout(2);
  const hides = async (policy: Policy) => {
    const told = await askBy(policy);
    expect(told).toContain('"exploitedInTheWild":"YES"');
    expect(told).toContain('"version":1');
    return [told.includes('"serial":null'), told.includes('"localId":null')];
  };
  expect(await hides(new BothPolicies(older, newer))).toEqual([true, false]);
  expect(await hides(new BothPolicies(oldest, newer))).toEqual([false, true]);
  await relabel(store, newer, { graceMs: 0 });
  expect(await hides(newer)).toEqual([false, false]);
});
