import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { graphql } from 'graphql';
import type { StoredRecord } from '../../../../schema/record/envelope.ts';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import { community } from '../../../../subgraphs/cert-eu/community.ts';
import { Loaders } from '../../../../subgraphs/serve/read/loaders.ts';
import { toDisclosure } from '../../../../subgraphs/serve/read/row.ts';
import { buildCommunitySchema } from '../../../../subgraphs/serve/graph/schema.ts';
import type { CommunityStore } from '../../../../subgraphs/serve/store/store.ts';
import { policy } from '../../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../../helpers/records.ts';
import { withFilters } from '../../../helpers/derived.ts';
import { openOwnStore, type OwnStore } from '../../../helpers/own-store.ts';

const schema = buildCommunitySchema(community, policy);
const now = new Date('2026-11-24T12:00:00Z');
const cursorKey = Buffer.alloc(32, 7);
const { kinds } = community;
const id = 'Advisory:00000000-0000-4000-8000-000000000001';
let own: OwnStore;
let store: CommunityStore;

/** A portion for one named organisation. */
function portionOf(path: string) {
  const audience = audienceOf({ reach: 'NAMED', organisations: ['csirt-at'] });
  return { path, marking: markingOf({ tlp: 'AMBER' }), audience };
}

/** A GREEN advisory with a RED paragraph for one named person. */
const envelope = envelopeOf({
  marking: markingOf({ tlp: 'GREEN' }),
  portions: [
    {
      path: 'technicalDetails',
      marking: markingOf({ tlp: 'RED' }),
      audience: audienceOf({ persons: ['u-2'] }),
    },
  ],
});

beforeAll(async () => {
  own = await openOwnStore('cert-eu', community.kinds);
  ({ store } = own);
  const { admits, early } = policy.admittedKeys(envelope, 'Advisory');
  const record: StoredRecord = {
    _id: id,
    schemaVersion: 1,
    feed: 'test',
    envelope,
    content: {
      serial: '2099-1',
      summary: { value: 'EXERCISE summary', lang: 'en' },
      technicalDetails: { value: 'EXERCISE paragraph', lang: 'en' },
    },
    sortAt: now,
    openFrom: new Date(0),
    admits,
    admitsEarly: early,
    policy: policy.version,
    contentHash: 'x',
  };
  await store.records
    .get('Advisory')
    ?.collection.insertOne(withFilters(kinds, 'Advisory', record, policy) as never);
  await store.records.get('Advisory')?.createIndexes();
});

afterAll(async () => await own.stop());

async function askAs(reader: Reader) {
  const readerAccess = policy.accessOf(reader, now);
  const loaders = new Loaders({ store, kinds, policy, readerAccess, cursorKey });
  const source = `{ advisory(id: "${id}") { serial summary { value } technicalDetails { value }
    envelope { portions { path marking { tlp } } } } }`;
  const contextValue = { reader, readerAccess, loaders, assertion: null };
  const { data, errors } = await graphql({ schema, source, contextValue });
  expect(errors).toBeUndefined();
  return { advisory: data?.['advisory'], disclosed: loaders.given().map(toDisclosure) };
}

test('shows a GREEN advisory with its RED paragraph as null, without an error', async () => {
  const { advisory, disclosed } = await askAs(readerOf());
  expect(advisory).toEqual({
    serial: '2099-1',
    summary: { value: 'EXERCISE summary' },
    technicalDetails: null,
    envelope: { portions: [] },
  });
  expect(disclosed).toMatchObject([{ id, tlp: 'GREEN', portions: [] }]);
});

test('shows the RED paragraph to its named person on screen, and reports its TLP as disclosed', async () => {
  const { advisory, disclosed } = await askAs(readerOf({ subject: 'u-2', onScreen: true }));
  expect(advisory).toMatchObject({
    technicalDetails: { value: 'EXERCISE paragraph' },
    envelope: { portions: [{ path: 'technicalDetails', marking: { tlp: 'RED' } }] },
  });
  expect(disclosed).toMatchObject([{ id, portions: [{ path: 'technicalDetails', tlp: 'RED' }] }]);
  const offScreen = await askAs(readerOf({ subject: 'u-2', onScreen: false }));
  expect(offScreen.advisory).toMatchObject({ technicalDetails: null });
});

test('hides a portion from a person who may not see its record', async () => {
  const { advisory, disclosed } = await askAs(readerOf({ subject: 'u-2', onScreen: true, communities: [] }));
  expect(advisory).toBeNull();
  expect(disclosed).toEqual([]);
});

/** A list that contains only the record with this id. */
const one = (_id: string) => ({ nodes: [{ id: _id }], total: { value: 1 } });
const none = { nodes: [], total: { value: 0 } };

test('neither finds nor counts a record by a portion that the reader may not see', async () => {
  const other = { ...envelope, localId: '2', portions: [portionOf('serial')] };
  const { admits, early } = policy.admittedKeys(other, 'Advisory');
  const second = {
    _id: `${id.slice(0, -1)}2`,
    envelope: other,
    admits,
    admitsEarly: early,
    contentHash: 'y',
  };
  const advisories = store.records.get('Advisory')?.collection;
  const first = await advisories?.findOne({ _id: id as never });
  const stored = { ...first, ...second, content: { serial: '2099-2' } } as never;
  await advisories?.insertOne(withFilters(kinds, 'Advisory', stored, policy) as never);
  const found = async (reader: Reader, serial: string) => {
    const readerAccess = policy.accessOf(reader, now);
    const loaders = new Loaders({ store, kinds, policy, readerAccess, cursorKey });
    const source = `{ advisories(filter: { serial: "${serial}" }) { nodes { id } total { value } } }`;
    const { data } = await graphql({
      schema,
      source,
      contextValue: { reader, readerAccess, loaders, assertion: null },
    });
    return data?.['advisories'];
  };
  expect(await found(readerOf(), '2099-1')).toEqual(one(id));
  expect(await found(readerOf(), '2099-2')).toEqual(none);
  expect(await found(readerOf(), '2099-3')).toEqual(none);
  expect(await found(readerOf({ organisation: 'csirt-at', purpose: 'incident-response' }), '2099-2')).toEqual(
    one(second._id),
  );
});
