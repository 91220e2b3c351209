import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Envelope, StoredRecord } from '../../../../schema/record/envelope.ts';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import type { ShareLimit } from '../../../../schema/protocol/shareable.ts';
import { community } from '../../../../subgraphs/cert-eu/community.ts';
import { Loaders } from '../../../../subgraphs/serve/read/loaders.ts';
import { policy } from '../../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../../helpers/records.ts';
import { withFilters } from '../../../helpers/derived.ts';
import { openOwnStore, type OwnStore } from '../../../helpers/own-store.ts';

const now = new Date('2026-11-24T12:00:00Z');
const { kinds } = community;
const person = readerOf({ subject: 'u-2', onScreen: true });
const named = (tlp: 'AMBER' | 'RED') => ({
  marking: markingOf({ tlp }),
  audience: audienceOf({ reach: 'NAMED', organisations: ['csirt-fr'], persons: ['u-2'] }),
});
let own: OwnStore;

beforeAll(async () => {
  own = await openOwnStore('cert-eu', kinds);
});

afterAll(async () => await own.stop());

let stored = 0;

/** Stores an advisory and reads it. Returns whether the reader got it, and whether the hub may share the answer. */
async function share(changes: Partial<Envelope>, shareLimit: ShareLimit, reader: Reader = person) {
  stored += 1;
  const id = `Advisory:00000000-0000-4000-8000-${String(stored).padStart(12, '0')}`;
  const envelope = envelopeOf({ ...changes, localId: id });
  const { admits, early } = policy.admittedKeys(envelope, 'Advisory');
  const record: StoredRecord = {
    _id: id,
    schemaVersion: 1,
    feed: 'test',
    envelope,
    content: { serial: '2099-1' },
    sortAt: now,
    openFrom: envelope.embargoUntil ?? new Date(0),
    admits,
    admitsEarly: early,
    policy: policy.version,
    contentHash: id,
  };
  const row = withFilters(kinds, 'Advisory', record, policy) as never;
  await own.store.records.get('Advisory')?.collection.insertOne(row);
  const readerAccess = policy.accessOf(reader, now);
  const { store } = own;
  const loaders = new Loaders({
    store,
    kinds,
    policy,
    readerAccess,
    shareLimit,
    cursorKey: Buffer.alloc(32),
  });
  const found = await loaders.one('Advisory', id);
  return [found !== null, loaders.isShareable()];
}

test('lets the hub share an answer up to the limit of the community', async () => {
  const green = { marking: markingOf({ tlp: 'GREEN' }) };
  expect(await share(green, 'GREEN')).toEqual([true, true]);
  expect(await share(green, 'CLEAR')).toEqual([true, false]);
  expect(await share({}, 'NONE')).toEqual([true, false]);
  expect(await share(named('AMBER'), 'GREEN')).toEqual([true, false]);
  expect(await share(named('AMBER'), 'AMBER')).toEqual([true, true]);
});

test('never lets the hub share RED, a RED portion, handling codes, restrictions, or a record under embargo', async () => {
  expect(await share(named('RED'), 'AMBER_STRICT')).toEqual([true, false]);
  const portions = [{ path: 'serial', ...named('RED') }];
  expect(await share({ portions }, 'AMBER_STRICT')).toEqual([true, false]);
  expect(await share({ portions }, 'AMBER_STRICT', readerOf())).toEqual([true, true]);
  const early = { ...named('AMBER'), embargoUntil: new Date('2026-11-25T00:00:00Z') };
  expect(await share(early, 'AMBER_STRICT')).toEqual([true, false]);
  expect(await share({ ...early, embargoUntil: now }, 'AMBER_STRICT')).toEqual([true, true]);
  const codes = { ...named('AMBER'), marking: markingOf({ tlp: 'AMBER', handlingCodes: ['H1'] }) };
  expect(await share(codes, 'AMBER_STRICT')).toEqual([true, false]);
});

test('lets the hub share an answer that has no record', async () => {
  const { store } = own;
  const readerAccess = policy.accessOf(person, now);
  const loaders = new Loaders({ store, kinds, policy, readerAccess, cursorKey: Buffer.alloc(32) });
  expect(await loaders.one('Advisory', 'Advisory:none')).toBeNull();
  expect(loaders.isShareable()).toBe(true);
});
