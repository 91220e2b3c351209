import { expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { kinds } from '../../../../subgraphs/cert-eu/records.ts';
import { Loaders } from '../../../../subgraphs/serve/read/loaders.ts';
import type { ReadOptions } from '../../../../subgraphs/serve/read/read-context.ts';
import type { CommunityStore } from '../../../../subgraphs/serve/store/store.ts';
import { policy } from '../../../helpers/policy.ts';
import { readerOf } from '../../../helpers/records.ts';

let asked = 0;

/** A store that counts what it is asked, and fails. */
function askedStore(): never {
  asked += 1;
  throw new Error('the store was asked');
}

const collection = { name: 'records', find: askedStore, aggregate: askedStore };
const model = { db: {}, collection };
const records = new Map(kinds.map(({ type }) => [type, model]));
const schemas = new Map(kinds.map(({ type }) => [type, { read: () => null, isSettled: () => true }]));
const store = { records, schemas, links: model } as unknown as CommunityStore;

async function read(waits: Partial<ReadOptions>) {
  asked = 0;
  const readerAccess = policy.accessOf(readerOf(), new Date());
  const loaders = new Loaders({ store, kinds, policy, readerAccess, cursorKey: Buffer.alloc(32), ...waits });
  await pause(20);
  const outcomes = await Promise.allSettled([
    loaders.one('Advisory', 'Advisory:1'),
    loaders.list('Advisory', {}),
    loaders.linked('Advisory', 'Vulnerability:CVE-2099-1', {}),
  ]);
  return outcomes.map((one) => (one.status === 'rejected' ? one.reason : null) as { code?: string } | null);
}

test('asks the store while the hub waits', async () => {
  await read({ maxMs: 5000, signal: new AbortController().signal });
  expect(asked).toBeGreaterThanOrEqual(3);
});

test.each([
  ['the hub has closed the connection', { signal: AbortSignal.abort() }],
  ['the deadline of the hub has passed', { maxMs: 1 }],
])('asks the store nothing when %s', async (_when, waits) => {
  const faults = await read(waits);
  expect([asked, faults.map((fault) => fault?.code)]).toEqual([
    0,
    Array.from({ length: 3 }, () => 'PART_UNAVAILABLE'),
  ]);
});
