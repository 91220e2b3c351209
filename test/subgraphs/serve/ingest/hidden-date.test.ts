import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Envelope, Portion } from '../../../../schema/record/envelope.ts';
import { kinds } from '../../../../subgraphs/cert-eu/records.ts';
import type { Prepared } from '../../../../subgraphs/serve/ingest/prepare.ts';
import { Target } from '../../../../subgraphs/serve/ingest/target.ts';
import { Loaders } from '../../../../subgraphs/serve/read/loaders.ts';
import { followKeyState } from '../../../../subgraphs/serve/store/key-assigner.ts';
import type { CommunityStore } from '../../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../../helpers/own-store.ts';
import { policy } from '../../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../../helpers/records.ts';
import { versionsOf } from '../../../helpers/versions.ts';

const now = new Date('2026-11-24T12:00:00Z');
const date = new Date('2026-06-01T10:00:00Z');
const received = new Date('2026-11-01T00:00:00Z');
const key = 'Vulnerability:CVE-2099-1';
let own: OwnStore;
let store: CommunityStore;

beforeAll(async () => {
  own = await openOwnStore('cert-eu', kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());
beforeEach(async () => {
  for (const { collection } of [store.links, ...store.records.values()]) await collection.deleteMany({});
  await store.connection.collection('labelling').deleteMany({});
});

const red: Portion = {
  path: 'publishedAt',
  marking: markingOf({ tlp: 'RED' }),
  audience: audienceOf({ persons: ['u-9'] }),
};

/** An advisory with a date, as a source maps it. */
function advisory(envelope: Partial<Envelope>, contentHash: string): Prepared {
  const publishedAt = { utc: date, precision: 'SECOND', declaredZone: null };
  const content = { serial: '2099-1', exploitedInTheWild: 'NO', publishedAt };
  const mapped = { kind: 'Advisory', localId: '1', content, sortAt: date, names: [key] };
  return {
    mapped,
    envelope: envelopeOf({ localId: '1', receivedAt: received, ...envelope }),
    contentHash,
    sortAt: date,
  };
}

async function importOne(one: Prepared): Promise<void> {
  const keyAssigner = followKeyState(store, versionsOf(policy), policy.source.version);
  await new Target(store, 'test', null, keyAssigner).write([one]);
}

async function foundInItsSecond(): Promise<number> {
  const readerAccess = policy.accessOf(readerOf(), now);
  const loaders = new Loaders({ store, kinds, policy, readerAccess, cursorKey: Buffer.alloc(32, 7) });
  const filter = { since: date, before: new Date(date.getTime() + 1000) };
  const { nodes, total } = await loaders.list('Advisory', { filter });
  expect((await total({})).value).toBe(nodes.length);
  return nodes.length;
}

async function sortKeys(): Promise<readonly (string | undefined)[]> {
  const record = await store.records.get('Advisory')?.findOne().lean();
  const link = await store.links.findOne().lean();
  return [record?.sortAt, link?.sortAt].map((at) => at?.toISOString());
}

test('hides a date from windows and from the order of lists when a later import marks it', async () => {
  await importOne(advisory({}, 'open'));
  expect(await foundInItsSecond()).toBe(1);
  await importOne(advisory({ portions: [red] }, 'marked'));
  expect(await foundInItsSecond()).toBe(0);
  expect(await sortKeys()).toEqual([received.toISOString(), received.toISOString()]);
});

test('sorts a record by its date again when a later import opens it', async () => {
  await importOne(advisory({ portions: [red] }, 'marked'));
  expect(await foundInItsSecond()).toBe(0);
  await importOne(advisory({}, 'open'));
  expect(await foundInItsSecond()).toBe(1);
  expect(await sortKeys()).toEqual([date.toISOString(), date.toISOString()]);
});
