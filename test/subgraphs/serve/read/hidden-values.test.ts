import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Envelope, Portion, StoredRecord } from '../../../../schema/record/envelope.ts';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import { kinds } from '../../../../subgraphs/cert-eu/records.ts';
import { Loaders } from '../../../../subgraphs/serve/read/loaders.ts';
import { findPageOfIds } from '../../../../subgraphs/serve/read/page-of-ids.ts';
import { findByIds, scansOf } from '../../../../subgraphs/serve/read/queries.ts';
import { SchemaVersions } from '../../../../subgraphs/serve/record/schema-versions.ts';
import { hashTerms } from '../../../../subgraphs/serve/store/derive.ts';
import { toLinks } from '../../../../subgraphs/serve/store/links.ts';
import type { CommunityStore } from '../../../../subgraphs/serve/store/store.ts';
import { toDocument } from '../../../../subgraphs/serve/store/write.ts';
import { openProfiler } from '../../../bench/ask/plans.ts';
import { openOwnStore, type OwnStore } from '../../../helpers/own-store.ts';
import { policy } from '../../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../../helpers/records.ts';

const cursorKey = Buffer.alloc(32, 7);
const now = new Date('2026-11-24T12:00:00Z');
const key = 'Vulnerability:CVE-2099-1';
const received = new Date('2026-01-01T00:00:00Z');
let own: OwnStore;
let store: CommunityStore;

beforeAll(async () => {
  own = await openOwnStore('cert-eu', kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());
beforeEach(async () => {
  await advisories().deleteMany({});
  await store.links.deleteMany({});
});

function advisories() {
  const model = store.records.get('Advisory');
  if (model === undefined) throw new Error('expected a model of advisories');
  return model;
}

function schemaOfAdvisories(): SchemaVersions {
  const kind = kinds.find(({ type }) => type === 'Advisory');
  if (kind === undefined) throw new Error('expected the kind of advisories');
  return new SchemaVersions(kind);
}

type Said = {
  readonly envelope: Envelope;
  readonly serial: string;
  readonly exploited: string;
  readonly hour: number;
};

const dateOf = (hour: number) => new Date(Date.UTC(2026, 5, 1, hour));

function documentOf({ envelope, serial, exploited, hour }: Said, at: number): StoredRecord {
  const publishedAt = { utc: dateOf(hour), precision: 'SECOND', declaredZone: null };
  const unkeyed = {
    _id: idOf(at),
    feed: 'test',
    envelope: { ...envelope, localId: String(at) },
    content: { serial, exploitedInTheWild: exploited, publishedAt },
    sortAt: dateOf(hour),
    contentHash: String(at),
  };
  return toDocument('Advisory', unkeyed, policy, schemaOfAdvisories());
}

async function insert(all: readonly Said[]): Promise<readonly StoredRecord[]> {
  const records = all.map(documentOf);
  const links = records.flatMap((record) => toLinks(record, 'Advisory', [key]));
  await advisories().collection.insertMany(records as never);
  await store.links.collection.insertMany(links as never);
  return records;
}

function loadersOf(reader: Reader): Loaders {
  return new Loaders({ store, kinds, policy, readerAccess: policy.accessOf(reader, now), cursorKey });
}

const colour = fc.constantFrom('CLEAR' as const, 'GREEN' as const, 'AMBER' as const, 'RED' as const);
const named = fc.subarray(['csirt-fr', 'csirt-pl']);

const portion: fc.Arbitrary<Portion> = fc
  .record({
    path: fc.constantFrom('serial', 'exploitedInTheWild', 'publishedAt', 'summary'),
    tlp: colour,
    organisations: named,
  })
  .map(({ path, tlp, organisations }) => ({
    path,
    marking: markingOf({ tlp }),
    audience: audienceOf(organisations.length > 0 ? { reach: 'NAMED', organisations } : {}),
  }));

const said: fc.Arbitrary<Said> = fc
  .record({
    tlp: colour,
    organisations: named,
    embargoUntil: fc.constantFrom(
      null,
      null,
      new Date('2026-11-25T00:00:00Z'),
      new Date('2026-11-23T00:00:00Z'),
    ),
    // One portion for a field: a second one for other readers closes the field to a search.
    portions: fc.uniqueArray(portion, { maxLength: 3, selector: ({ path }) => path }),
    serial: fc.constantFrom('2099-1', '2099-2'),
    exploited: fc.constantFrom('YES', 'NO'),
    hour: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ tlp, organisations, embargoUntil, portions, ...rest }) => ({
    ...rest,
    envelope: envelopeOf({
      marking: markingOf({ tlp }),
      audience: audienceOf(organisations.length > 0 ? { reach: 'NAMED', organisations } : {}),
      embargoUntil,
      portions,
      receivedAt: received,
    }),
  }));

const reader = fc.constantFrom(
  readerOf(),
  readerOf({ organisation: 'csirt-pl' }),
  readerOf({ organisation: 'cert-eu' }),
  readerOf({ communities: [], purpose: null }),
);

const idOf = (at: number) => `Advisory:${String(at).padStart(4, '0')}`;

const filter = fc.record(
  {
    serial: fc.constantFrom('2099-1', '2099-2', '2099-3'),
    exploitedInTheWild: fc.constantFrom('YES', 'NO'),
    exploitedInTheWildIn: fc.subarray(['YES', 'NO', 'UNKNOWN']),
    since: fc.integer({ min: 0, max: 3 }).map(dateOf),
    before: fc.integer({ min: 1, max: 4 }).map(dateOf),
    ids: fc.array(fc.integer({ min: 0, max: 12 }).map(idOf), { maxLength: 12 }),
  },
  { requiredKeys: [] },
);
type Filter = {
  readonly serial?: string;
  readonly exploitedInTheWild?: string;
  readonly exploitedInTheWildIn?: readonly string[];
  readonly since?: Date;
  readonly before?: Date;
  readonly ids?: readonly string[];
};

/** Decides from all records what a list has, as the guard decides. */
function expectedOf(all: readonly Said[], who: Reader, asked: Filter) {
  const access = policy.accessOf(who, now);
  const maySearch = (envelope: Envelope) => policy.may(access, 'search', 'Advisory', 'content', envelope);
  const mayFind = (envelope: Envelope, field: string) =>
    envelope.portions
      .filter(({ path }) => path === field)
      .every(({ marking, audience }) => maySearch({ ...envelope, marking, audience }));
  // An id is found by the right to read.
  const isSearch = Object.keys(asked).some((name) => name !== 'ids');
  const rows = all
    .map((one, at) => ({
      ...one,
      id: idOf(at),
      at: one.envelope.portions.some(({ path }) => path === 'publishedAt') ? received : dateOf(one.hour),
    }))
    .filter(({ envelope }) => policy.decideRow(envelope, 'Advisory', access) !== null)
    .filter(
      ({ id, envelope, serial, exploited, at }) =>
        (asked.ids?.includes(id) ?? true) &&
        (!isSearch || maySearch(envelope)) &&
        (asked.serial === undefined || (asked.serial === serial && mayFind(envelope, 'serial'))) &&
        (asked.exploitedInTheWild === undefined ||
          (asked.exploitedInTheWild === exploited && mayFind(envelope, 'exploitedInTheWild'))) &&
        (asked.exploitedInTheWildIn === undefined ||
          (asked.exploitedInTheWildIn.includes(exploited) && mayFind(envelope, 'exploitedInTheWild'))) &&
        (asked.since === undefined || at >= asked.since) &&
        (asked.before === undefined || at < asked.before),
    )
    .toSorted((one, other) => other.at.getTime() - one.at.getTime() || (one.id < other.id ? 1 : -1));
  return { ids: rows.map(({ id }) => id), total: rows.filter(({ envelope }) => maySearch(envelope)).length };
}

test('returns and counts the records that the guard finds among all, for any portions, readers and filters', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(said, { minLength: 1, maxLength: 20 }),
      reader,
      filter,
      fc.integer({ min: 1, max: 6 }),
      async (all, who, asked, first) => {
        await advisories().deleteMany({});
        await store.links.deleteMany({});
        await insert(all);
        const { ids, total } = expectedOf(all, who, asked);
        const found: string[] = [];
        for (let after: string | null = null; ;) {
          const page = await loadersOf(who).list('Advisory', { first, after, filter: asked });
          found.push(...page.nodes.map(({ id }) => id));
          expect(await page.total({})).toEqual({ value: total, exact: true });
          if (!page.pageInfo.hasNextPage) break;
          after = page.pageInfo.endCursor;
        }
        expect(found).toEqual(ids);
      },
    ),
    { numRuns: 60 },
  );
});

/** The documents that the store examines for the scans of a filter. */
async function documentsExamined(who: Reader, serials: readonly string[]): Promise<number> {
  const access = policy.accessOf(who, now);
  const terms = access.searchTerms('Advisory', 'serial');
  const hashes = (clock: 'open' | 'early') =>
    serials.flatMap((serial) => hashTerms(clock, 'serial', serial, terms));
  const equal = [{ path: 'serial', values: serials, open: hashes('open'), early: hashes('early') }];
  const held = [...access.keys('Advisory', 'search')];
  const plans = scansOf({ held, now, equal }).map(async ({ filter: wanted, hint }) => {
    const cursor = advisories().collection.find(wanted).sort({ sortAt: -1, _id: -1 }).hint(hint);
    const plan = await cursor.explain('executionStats');
    expect(JSON.stringify(plan['queryPlanner']['winningPlan'])).not.toMatch(/"(?:SORT|COLLSCAN)"/);
    return Number(plan['executionStats']['totalDocsExamined']);
  });
  return (await Promise.all(plans)).reduce((sum, one) => sum + one, 0);
}

test('examines the same documents whatever the value is that is hidden from the reader', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(said, { minLength: 1, maxLength: 12 }), reader, async (all, who) => {
      const access = policy.accessOf(who, now);
      const maySearch = (envelope: Envelope) => policy.may(access, 'search', 'Advisory', 'content', envelope);
      const isHidden = ({ envelope }: Said) =>
        !maySearch(envelope) ||
        envelope.portions.some(
          ({ path, marking, audience }) =>
            path === 'serial' && !maySearch({ ...envelope, marking, audience }),
        );
      const examined: number[] = [];
      for (const hiddenSerial of ['2099-1', '2099-2']) {
        await advisories().deleteMany({});
        await store.links.deleteMany({});
        await insert(all.map((one) => (isHidden(one) ? { ...one, serial: hiddenSerial } : one)));
        examined.push(await documentsExamined(who, ['2099-1', '2099-3']));
      }
      expect(examined[0]).toBe(examined[1]);
    }),
    { numRuns: 40 },
  );
});

test('reads no document for a lookup of a hidden record or for its id in a filter, nor for one under an embargo', async () => {
  const embargoUntil = new Date('2026-11-25T00:00:00Z');
  const amber = { marking: markingOf({ tlp: 'AMBER' }), audience: audienceOf({ reach: 'NAMED' }) };
  const rest = { serial: '2099-1', exploited: 'NO', hour: 1 };
  await insert([
    { envelope: envelopeOf(amber), ...rest },
    { envelope: envelopeOf({ embargoUntil }), ...rest },
    { envelope: envelopeOf(), ...rest },
  ]);
  const held = { held: [...policy.accessOf(readerOf(), now).keys('Advisory')], now };
  await using profiler = await openProfiler(own.home, own.uri);
  for (const [id, documents] of [
    ['Advisory:0000', 0],
    ['Advisory:0001', 0],
    ['Advisory:9999', 0],
    ['Advisory:0002', 1],
  ] as const) {
    const ops = await profiler.watch(async () => {
      expect(await findByIds(advisories(), { open: [id], early: [id] }, held)).toHaveLength(documents);
    });
    expect(ops.map((op) => op.documents).reduce((sum, one) => sum + one, 0)).toBe(documents);
    const listed = await profiler.watch(async () => {
      const order = { since: null, before: null, direction: 'DESC', after: null, limit: 10 } as const;
      const query = { ...held, ...order, equal: [] };
      expect(await findPageOfIds(advisories(), [id], query, 5000)).toHaveLength(documents);
    });
    expect(listed.map((op) => op.documents).reduce((sum, one) => sum + one, 0)).toBe(documents);
    expect(listed.filter((op) => op.scansAll || op.sorts)).toEqual([]);
  }
});

test('asks the store nothing for an id in a filter that cannot name a record of the type', async () => {
  await insert([{ envelope: envelopeOf(), serial: '2099-1', exploited: 'NO', hour: 1 }]);
  await using profiler = await openProfiler(own.home, own.uri);
  const ops = await profiler.watch(async () => {
    for (const id of ['', 'Advisory', '0000', 'MispEvent:0000']) {
      const { nodes } = await loadersOf(readerOf()).list('Advisory', { filter: { ids: [id] } });
      expect(nodes).toEqual([]);
    }
  });
  expect(ops).toEqual([]);
  const { nodes } = await loadersOf(readerOf()).list('Advisory', { filter: { ids: ['', 'Advisory:0000'] } });
  expect(nodes.map(({ id }) => id)).toEqual(['Advisory:0000']);
});

/** The number of records with the first serial that a reader finds. */
async function countFound(who: Reader): Promise<number> {
  const { nodes } = await loadersOf(who).list('Advisory', { filter: { serial: '2099-1' } });
  return nodes.length;
}

test('does not find a record by a field with two portions that no single access key satisfies', async () => {
  const two = ['csirt-fr', 'csirt-pl'].map((organisation) => ({
    path: 'serial',
    marking: markingOf({ tlp: 'AMBER' }),
    audience: audienceOf({ reach: 'NAMED', organisations: [organisation] }),
  }));
  await insert([{ envelope: envelopeOf({ portions: two }), serial: '2099-1', exploited: 'NO', hour: 1 }]);
  expect(await countFound(readerOf())).toBe(0);
  // The originator's own key satisfies both.
  expect(await countFound(readerOf({ organisation: 'cert-eu' }))).toBe(1);
});

test('records each count as a disclosure with its number and the joined marking, and never counts RED', async () => {
  const red = { marking: markingOf({ tlp: 'RED' }), audience: audienceOf({ persons: ['u-1'] }) };
  const green = envelopeOf({ marking: markingOf({ tlp: 'GREEN', handlingCodes: ['H0'] }) });
  const rest = { serial: '2099-1', exploited: 'NO', hour: 1 };
  await insert([
    { envelope: envelopeOf(red), ...rest },
    { envelope: green, ...rest },
    { envelope: envelopeOf(), ...rest },
  ]);
  const person = readerOf({ onScreen: true });
  for (const ask of ['list', 'linked'] as const) {
    const loaders = loadersOf(person);
    const page = await (ask === 'list'
      ? loaders.list('Advisory', { first: 0 })
      : loaders.linked('Advisory', key, { first: 0 }));
    expect(loaders.disclosed()).toEqual([]);
    expect(await page.total({})).toEqual({ value: 2, exact: true });
    expect(loaders.disclosed()).toEqual([
      {
        type: 'Advisory',
        id: expect.stringMatching(/^Advisory:count-[\w-]{22}$/),
        version: 0,
        tlp: 'GREEN',
        pap: 'CLEAR',
        handlingCodes: ['H0'],
        extraRestrictions: [],
        audience: null,
        portions: [],
        count: 2,
      },
    ]);
  }
  // The person reads the RED record on screen, but a window of time does not find it.
  expect((await loadersOf(person).list('Advisory', {})).nodes).toHaveLength(3);
  const windowed = await loadersOf(person).list('Advisory', { filter: { since: dateOf(1) } });
  expect(windowed.nodes.map(({ envelope }) => envelope.marking.tlp)).not.toContain('RED');
});

test('answers PART_UNAVAILABLE to a filter until all records have the values that it compares', async () => {
  const readerAccess = policy.accessOf(readerOf(), now);
  const loaders = new Loaders({ store, kinds, policy, readerAccess, cursorKey, filled: false });
  for (const asked of [{ serial: '2099-1' }, { since: now }])
    await expect(loaders.list('Advisory', { filter: asked })).rejects.toMatchObject({
      code: 'PART_UNAVAILABLE',
    });
  expect((await loaders.list('Advisory', {})).nodes).toEqual([]);
});
