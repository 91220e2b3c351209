import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Envelope, StoredRecord } from '../../../../schema/record/envelope.ts';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import { kinds } from '../../../../subgraphs/cert-eu/records.ts';
import type { Connection, PageArguments } from '../../../../subgraphs/serve/read/connection.ts';
import { Loaders } from '../../../../subgraphs/serve/read/loaders.ts';
import { readRows } from '../../../../subgraphs/serve/read/page-read.ts';
import type { Row } from '../../../../subgraphs/serve/read/row.ts';
import type { CommunityStore } from '../../../../subgraphs/serve/store/store.ts';
import { admittedKeys, policy, reads } from '../../../helpers/policy.ts';
import { openProfiler } from '../../../bench/ask/plans.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../../helpers/records.ts';
import { openOwnStore, type OwnStore } from '../../../helpers/own-store.ts';
import { withFilters } from '../../../helpers/derived.ts';
import { toLinks } from '../../../../subgraphs/serve/store/links.ts';

const cursorKey = Buffer.alloc(32, 7);
const now = new Date('2026-11-24T12:00:00Z');
const key = 'Vulnerability:CVE-2099-1';
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

function loadersOf(reader: Reader): Loaders {
  return new Loaders({ store, kinds, policy, readerAccess: policy.accessOf(reader, now), cursorKey });
}

/** Stores advisories that name one vulnerability, with the access keys of their envelopes or of other envelopes. */
async function insert(
  envelopes: readonly Envelope[],
  minutes: readonly number[],
  keysOf = envelopes,
): Promise<void> {
  const records = envelopes.map((envelope, at): StoredRecord => {
    const { admits, early } = admittedKeys(keysOf[at] ?? envelope);
    return {
      _id: `Advisory:${String(at).padStart(4, '0')}`,
      schemaVersion: 1,
      feed: 'test',
      envelope: { ...envelope, localId: String(at) },
      content: { serial: `2099-${at}` },
      sortAt: new Date(Date.UTC(2026, 0, 1, 0, minutes[at] ?? 0)),
      openFrom: envelope.embargoUntil ?? new Date(0),
      admits,
      admitsEarly: early,
      policy: 'test',
      contentHash: String(at),
    };
  });
  const links = records.flatMap((record) => toLinks(record, 'Advisory', [key]));
  await advisories().collection.insertMany(
    records.map((record) => withFilters(kinds, 'Advisory', record, policy)) as never,
  );
  await store.links.collection.insertMany(links as never);
}

/** Walks a list to its end, page by page. */
async function walk(
  reader: Reader,
  first: number,
  ask: 'list' | 'linked',
  direction: 'ASC' | 'DESC' = 'DESC',
) {
  const ids: string[] = [];
  let after: string | null = null;
  for (;;) {
    const loaders = loadersOf(reader);
    const args: PageArguments = { first, after, orderBy: { direction } };
    const page: Connection = await (ask === 'list'
      ? loaders.list('Advisory', args)
      : loaders.linked('Advisory', key, args));
    ids.push(...page.nodes.map((row) => row.id));
    expect(loaders.given().map((row) => row.id)).toEqual(page.nodes.map((row) => row.id));
    if (!page.pageInfo.hasNextPage) return { ids, total: await page.total({ max: 1000 }) };
    expect(page.nodes).toHaveLength(first);
    after = page.pageInfo.endCursor;
  }
}

const envelope = fc
  .record({
    tlp: fc.constantFrom('CLEAR' as const, 'GREEN' as const, 'AMBER' as const, 'RED' as const),
    named: fc.subarray(['csirt-fr', 'csirt-pl']),
    embargoUntil: fc.constantFrom(null, new Date('2026-11-25T00:00:00Z')),
  })
  .map(({ tlp, named, embargoUntil }) =>
    envelopeOf({ marking: markingOf({ tlp }), audience: audienceOf({ organisations: named }), embargoUntil }),
  );

test.each([
  ['the end of an embargo', new Date('2026-11-25T00:00:00Z'), null],
  ['a new embargo', null, new Date('2026-11-25T00:00:00Z')],
])('finds a record whose join row does not have %s yet', async (_change, before, after) => {
  const reader = readerOf({ organisation: 'cert-eu' });
  await insert([marked(before)], [0]);
  const { admits, early } = admittedKeys(marked(after));
  const openFrom = after ?? new Date(0);
  const changed = { envelope: marked(after), openFrom, admits, admitsEarly: early };
  await advisories().collection.updateMany({}, { $set: changed });
  expect([before, after].map((until) => reads(reader, marked(until), now))).toEqual([true, true]);
  expect((await loadersOf(reader).linked('Advisory', key, {})).nodes).toHaveLength(1);
  // To others, the record stays absent during the embargo.
  const other = readerOf({ organisation: 'csirt-pl' });
  expect((await loadersOf(other).linked('Advisory', key, {})).nodes).toHaveLength(0);
});

function marked(embargoUntil: Date | null): Envelope {
  const [marking, audience] = [markingOf({ tlp: 'AMBER' }), audienceOf({ organisations: ['csirt-fr'] })];
  return envelopeOf({ marking, audience, embargoUntil });
}

test('returns exactly the rows that the reader may see, in order and each once, for any page size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(envelope, fc.integer({ min: 0, max: 3 })), { minLength: 1, maxLength: 25 }),
      fc.constantFrom(
        readerOf(),
        readerOf({ organisation: 'cert-eu' }),
        readerOf({ communities: [], purpose: null }),
      ),
      fc.integer({ min: 1, max: 7 }),
      fc.constantFrom('ASC' as const, 'DESC' as const),
      async (rows, reader, first, direction) => {
        await advisories().deleteMany({});
        await store.links.deleteMany({});
        await insert(
          rows.map(([one]) => one),
          rows.map(([, minute]) => minute),
        );
        const expected = rows
          .map(([one, minute], at) => ({ one, minute, id: `Advisory:${String(at).padStart(4, '0')}` }))
          .filter(({ one }) => reads(reader, one, now))
          .toSorted((a, b) => b.minute - a.minute || (a.id < b.id ? 1 : -1))
          .map(({ id }) => id);
        const access = policy.accessOf(reader, now);
        // RED is never counted (J07a), nor is any other record that the reader may read but not search for.
        const counted = rows.filter(
          ([one]) => reads(reader, one, now) && policy.may(access, 'search', 'Advisory', 'content', one),
        );
        const total = { value: counted.length, exact: true };
        const inOrder = direction === 'DESC' ? expected : expected.toReversed();
        expect(await walk(reader, first, 'list', direction)).toEqual({ ids: inOrder, total });
        expect(await walk(reader, first, 'linked')).toEqual({ ids: expected, total });
      },
    ),
    { numRuns: 60 },
  );
});

test('reads a page among hundreds of records with one sort key from the index, without a sort', async () => {
  const minutes = Array.from({ length: 400 }, () => 1);
  await insert(
    minutes.map((_, at) => envelopeOf(at % 2 === 0 ? {} : { marking: markingOf({ tlp: 'GREEN' }) })),
    minutes,
  );
  await using profiler = await openProfiler(own.home, own.uri);
  const ops = await profiler.watch(async () => {
    for (const list of ['list', 'linked'] as const) {
      for (const direction of ['ASC', 'DESC'] as const) {
        expect((await walk(readerOf(), 50, list, direction)).ids).toHaveLength(400);
      }
    }
  });
  const pages = ops.filter(({ rows }) => rows > 0);
  expect(pages.length).toBeGreaterThanOrEqual(4 * 8);
  for (const { plan, sorts, scansAll, keys } of pages) {
    // 51 rows for each of two keys, and one or two seeks for each scan. Totals count up to 400.
    expect([plan, sorts, scansAll, keys <= 450]).toEqual([plan, false, false, true]);
  }
  // A lookup by id seeks each record for each access key of the reader.
  const lookups = pages.filter(({ plan }) => plan === 'IXSCAN { admits: 1, _id: 1, openFrom: 1 }');
  expect(lookups.length).toBeGreaterThan(0);
  expect(lookups.every(({ keys, rows }) => keys <= 4 * rows)).toBe(true);
  const fullPages = pages.filter((op) => op.rows === 51 && !lookups.includes(op));
  expect(fullPages.every(({ keys }) => keys <= 2 * 51 + 20)).toBe(true);
});

test('rejects rows whose access keys are wider than their envelope, and leaves no gap in the page', async () => {
  const amber = envelopeOf({ marking: markingOf({ tlp: 'AMBER' }) });
  const clear = envelopeOf();
  await insert([clear, amber, amber, clear, amber, clear], [6, 5, 4, 3, 2, 1], Array(6).fill(clear));
  const { ids } = await walk(readerOf(), 2, 'list');
  expect(ids).toEqual(['Advisory:0000', 'Advisory:0003', 'Advisory:0005']);
  expect((await walk(readerOf(), 2, 'linked')).ids).toEqual(ids);
  expect(await loadersOf(readerOf()).one('Advisory', 'Advisory:0001')).toBeNull();
});

test('returns the same page for a shared key alone and together with many others', async () => {
  await insert([envelopeOf(), envelopeOf(), envelopeOf()], [1, 2, 3]);
  const keys = [
    key,
    'Vulnerability:CVE-1',
    'Vulnerability:CVE-2',
    'Vulnerability:CVE-3',
    'Vulnerability:CVE-4',
  ];
  const loaders = loadersOf(readerOf());
  const together = await Promise.all(
    keys.map(async (one) => await loaders.linked('Advisory', one, { first: 2 })),
  );
  const alone = await loadersOf(readerOf()).linked('Advisory', key, { first: 2 });
  expect(together.map((page) => page.nodes.length)).toEqual([2, 0, 0, 0, 0]);
  expect(together[0]?.nodes.map((row) => row.id)).toEqual(alone.nodes.map((row) => row.id));
  expect(together[0]?.pageInfo).toEqual(alone.pageInfo);
});

test('rejects a cursor of another reader, list, filter or order', async () => {
  await insert([envelopeOf(), envelopeOf(), envelopeOf()], [1, 2, 3]);
  const { pageInfo } = await loadersOf(readerOf()).list('Advisory', { first: 1 });
  const after = pageInfo.endCursor;
  const expectBad = async (reader: Reader, args: object, ask: 'list' | 'linked' = 'list') => {
    const loaders = loadersOf(reader);
    const asked =
      ask === 'list'
        ? loaders.list('Advisory', { after, ...args })
        : loaders.linked('Advisory', key, { after });
    await expect(asked).rejects.toMatchObject({ code: 'BAD_CURSOR' });
  };
  expect((await loadersOf(readerOf()).list('Advisory', { first: 1, after })).nodes[0]?.id).toBe(
    'Advisory:0001',
  );
  await expectBad(readerOf({ subject: 'u-2' }), {});
  await expectBad(readerOf({ picture: 'exercise:one' }), {});
  await expectBad(readerOf(), { orderBy: { direction: 'ASC' } });
  await expectBad(readerOf(), { filter: { serial: '2099-1' } });
  await expectBad(readerOf(), {}, 'linked');
  const other = after?.at(-2) === 'A' ? 'B' : 'A';
  await expectBad(readerOf(), { after: `${after?.slice(0, -2)}${other}${after?.slice(-1)}` });
});

test('rejects an operator object as a filter value, a key or an id', async () => {
  await insert([envelopeOf()], [1]);
  const loaders = loadersOf(readerOf());
  await expect(loaders.list('Advisory', { filter: { serial: { $ne: null } } })).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
  });
  await expect(loaders.linked('Advisory', { $gt: '' } as never, {})).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
  });
  expect(await loaders.one('Advisory', { $ne: null } as never)).toBeNull();
  expect(await loaders.one('Advisory', 'Advisory:0000')).not.toBeNull();
});

test('throws PART_UNAVAILABLE when the guard rejects rows until the deadline', async () => {
  const amber = envelopeOf({ marking: markingOf({ tlp: 'AMBER' }) });
  const hidden = Array.from({ length: 40 }, () => amber);
  await insert(
    hidden,
    hidden.map((_, at) => at),
    hidden.map(() => envelopeOf()),
  );
  const readerAccess = policy.accessOf(readerOf(), now);
  const loaders = new Loaders({ store, kinds, policy, readerAccess, cursorKey, maxMs: 10_000 });
  expect((await loaders.list('Advisory', { first: 5 })).nodes).toEqual([]);
  const found = (row: Row | null, limit: number) =>
    Array.from({ length: limit }, (_, at) => ({ row, id: String(at), sortAt: now }));
  const read = async (row: Row | null) =>
    await readRows({ type: 'Advisory', read: async (_, limit) => found(row, limit) }, 5, null, -1);
  await expect(read(null)).rejects.toMatchObject({ code: 'PART_UNAVAILABLE' });
  // A page that the first query fills is returned even after the deadline.
  expect(await read({ type: 'Advisory' } as Row)).toHaveLength(5);
});
