import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Portion, StoredRecord } from '../../../../schema/record/envelope.ts';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import { kinds as ownKinds } from '../../../../subgraphs/cert-eu/records.ts';
import { Loaders } from '../../../../subgraphs/serve/read/loaders.ts';
import { SchemaVersions } from '../../../../subgraphs/serve/record/schema-versions.ts';
import { modelOf } from '../../../../subgraphs/serve/store/collections.ts';
import { toDocument } from '../../../../subgraphs/serve/store/write.ts';
import { openOwnStore, type OwnStore } from '../../../helpers/own-store.ts';
import { policy } from '../../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../../helpers/records.ts';

const now = new Date('2026-11-24T12:00:00Z');
// A filter by a list that the graph need not have: the test does not depend on the graph.
const kinds = ownKinds.map((kind) =>
  kind.type === 'MispEvent' ? { ...kind, filters: { ...kind.filters, tags: 'content.tags' } } : kind,
);
let own: OwnStore;

beforeAll(async () => {
  own = await openOwnStore('cert-eu', kinds);
  const records = [
    event(1, ['ransomware', 'phishing']),
    event(2, ['phishing']),
    event(3, []),
    event(
      4,
      ['ransomware'],
      [{ path: 'tags', marking: markingOf({ tlp: 'AMBER' }), audience: named('csirt-pl') }],
    ),
  ];
  await modelOf(own.store, 'MispEvent').collection.insertMany(records as never);
});
afterAll(async () => await own.stop());

function named(organisation: string) {
  return audienceOf({ reach: 'NAMED', organisations: [organisation] });
}

function event(at: number, tags: readonly string[], portions: readonly Portion[] = []): StoredRecord {
  const kind = kinds.find(({ type }) => type === 'MispEvent');
  if (kind === undefined) throw new Error('expected the kind of events');
  const envelope = envelopeOf({
    marking: markingOf({ tlp: 'GREEN' }),
    audience: audienceOf({}),
    portions,
    localId: String(at),
  });
  const content = { info: `EXERCISE ${at}`, threatLevel: 'HIGH', tags };
  const unkeyed = {
    _id: `MispEvent:${at}`,
    feed: 'test',
    envelope,
    content,
    sortAt: now,
    contentHash: String(at),
  };
  return toDocument('MispEvent', unkeyed, policy, new SchemaVersions(kind));
}

async function find(reader: Reader, filter: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  const readerAccess = policy.accessOf(reader, now);
  const loaders = new Loaders({
    store: own.store,
    kinds,
    policy,
    readerAccess,
    cursorKey: Buffer.alloc(32, 7),
  });
  const { nodes } = await loaders.list('MispEvent', { filter });
  return nodes.map(({ id }) => id).toSorted((one, other) => one.localeCompare(other));
}

const outsider = readerOf({ organisation: 'csirt-fr' });
const insider = readerOf({ organisation: 'csirt-pl' });

test('finds a record by any item of a list, and by a second filter together with it', async () => {
  expect(await find(outsider, { tags: 'phishing' })).toEqual(['MispEvent:1', 'MispEvent:2']);
  expect(await find(outsider, { tags: 'ransomware', threatLevel: 'HIGH' })).toEqual(['MispEvent:1']);
  expect(await find(outsider, { tags: 'ransom' })).toEqual([]);
});

test('finds records by their ids, and by another filter together with them', async () => {
  const ids = [3, 1, 1, 4, 9].map((at) => `MispEvent:${at}`);
  expect(await find(outsider, { ids })).toEqual(['MispEvent:1', 'MispEvent:3', 'MispEvent:4']);
  expect(await find(outsider, { ids, tags: 'ransomware' })).toEqual(['MispEvent:1']);
  expect(await find(insider, { ids, tags: 'ransomware' })).toEqual(['MispEvent:1', 'MispEvent:4']);
  expect(await find(outsider, { ids: [] })).toEqual([]);
  expect(await find(outsider, { ids: null })).toHaveLength(4);
});

const idsOf = (count: number) => Array.from({ length: count }, (_, at) => `MispEvent:${at}`);

test('takes 100 ids at most, and no operator object', async () => {
  expect(await find(outsider, { ids: idsOf(100) })).toHaveLength(4);
  for (const ids of [idsOf(101), 'MispEvent:1', [{ $ne: null }], { $ne: null }, [1]])
    await expect(find(outsider, { ids })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
});

test('finds nothing by an id of another type, an empty one or one without a type, and still finds the others', async () => {
  for (const id of ['', 'MispEvent', 'Advisory:1', ':1', '1'])
    expect(await find(outsider, { ids: [id, 'MispEvent:1'] })).toEqual(['MispEvent:1']);
  expect(await find(outsider, { ids: [''] })).toEqual([]);
});

test('finds a record by a list that a portion hides for the readers of the portion only', async () => {
  expect(await find(outsider, { tags: 'ransomware' })).toEqual(['MispEvent:1']);
  expect(await find(insider, { tags: 'ransomware' })).toEqual(['MispEvent:1', 'MispEvent:4']);
  const stored = await modelOf(own.store, 'MispEvent').findById('MispEvent:4').lean();
  expect(stored).toMatchObject({ filters: { threatLevel: 'HIGH' } });
  expect(JSON.stringify({ ...stored, content: null })).not.toContain('ransomware');
});

test('limits the terms of a record, and finds an item of a list by all of its terms or by none', () => {
  const organisations = Array.from({ length: 200 }, (_, at) => `exercise-${at}`);
  const audience = audienceOf({ reach: 'NAMED', organisations });
  const portion = { path: 'tags', marking: markingOf({ tlp: 'AMBER' }), audience };
  const tags = Array.from({ length: 200 }, (_, at) => `EXERCISE-${at}`);
  const ofOne = event(8, ['one'], [portion]).terms?.length ?? 0;
  expect(ofOne * tags.length).toBeGreaterThan(20_000);
  const { terms = [] } = event(9, tags, [portion]);
  expect(terms).toHaveLength(Math.floor(20_000 / ofOne) * ofOne);
  // A filter by a single value is stored before the lists, so that a long list does not take its place.
  const hidden = { ...portion, path: 'threatLevel' };
  const both = event(10, tags, [portion, hidden]).terms ?? [];
  expect(both.slice(0, ofOne)).toEqual(event(11, [], [hidden]).terms);
  expect(both.length).toBeLessThanOrEqual(20_000);
});

test('stores terms for the first 200 different items of a list only', () => {
  const tags = Array.from({ length: 200 }, (_, at) => `EXERCISE-${at}`);
  const { terms } = event(5, tags);
  expect(terms).toHaveLength(200 * (event(6, ['one']).terms?.length ?? 0));
  expect(event(7, ['EXERCISE-0', ...tags, 'one more']).terms).toEqual(terms);
});
