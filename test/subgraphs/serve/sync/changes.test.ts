import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Document } from 'mongodb';
import type { Policy } from '../../../../schema/policy/decide/policy.ts';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import type { Envelope } from '../../../../schema/record/envelope.ts';
import { kinds } from '../../../../subgraphs/cert-eu/records.ts';
import { Loaders } from '../../../../subgraphs/serve/read/loaders.ts';
import { refill } from '../../../../subgraphs/serve/relabel/refill.ts';
import { relabel } from '../../../../subgraphs/serve/relabel/relabel.ts';
import { recordsOf, schemaOf } from '../../../../subgraphs/serve/store/collections.ts';
import { followKeyState, type KeyAssigner } from '../../../../subgraphs/serve/store/key-assigner.ts';
import { setDerived } from '../../../../subgraphs/serve/store/key-state.ts';
import { type CommunityStore, openStore } from '../../../../subgraphs/serve/store/store.ts';
import {
  inWriteTransaction,
  openRecord,
  toDocument,
  writeRecords,
} from '../../../../subgraphs/serve/store/write.ts';
import { changeRowsIn } from '../../../../subgraphs/serve/sync/change-rows.ts';
import type { SeenChange } from '../../../../subgraphs/serve/sync/changes-page.ts';
import { openOwnStore, type OwnStore } from '../../../helpers/own-store.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../../helpers/records.ts';
import { versionsOf, versionWithout } from '../../../helpers/versions.ts';

const first = versionWithout(1);
// Without these, the recipients for a purpose neither read nor subscribe.
const second = versionWithout(2, 'J04', 'J34b');
const versions = versionsOf(first, second);
// After the present, which is the time of relabelling: embargoes run then.
const start = Date.parse('2099-11-24T12:00:00Z');
const atMinute = (minute: number) => new Date(start + minute * 60_000);
const readers = [
  readerOf(),
  readerOf({ subject: 'u-2', organisation: 'csirt-pl', memberState: 'PL' }),
  readerOf({ subject: 'u-3', organisation: 'cert-eu', memberState: null }),
  readerOf({ subject: 'u-4', organisation: 'elsewhere', communities: [], memberState: null, purpose: null }),
];

let own: OwnStore;
let keyAssigner: KeyAssigner;

beforeAll(async () => {
  own = await openOwnStore('cert-eu', kinds);
});
afterAll(async () => await own.stop());
beforeEach(async () => {
  await recordsOf(own.store, 'Advisory').deleteMany({});
  await changeRowsIn(own.store).deleteMany({});
  for (const name of ['labelling', 'leases', 'words'])
    await own.store.connection.collection(name).deleteMany({});
  keyAssigner = followKeyState(own.store, versions, 1);
});

const earlier = (minutes: number) => new Date(Date.now() - minutes * 60_000);
const idOf = (at: number) => `Advisory:${String(at).padStart(4, '0')}`;
const limits = { ms: 20_000, writeConcern: { w: 'majority' }, readConcern: { level: 'snapshot' } } as const;

/** Writes a record as the hub's users and imports do: a new one, or a further version. */
async function write(at: number, reading: Partial<Envelope>, now: Date): Promise<void> {
  const keyPolicy = await keyAssigner.current();
  const before = await recordsOf(own.store, 'Advisory').findOne({ _id: idOf(at) });
  const envelope = envelopeOf({
    ...reading,
    localId: String(at),
    version: (before?.envelope.version ?? 0) + 1,
  });
  const content = { serial: `2099-${at}`, exploitedInTheWild: 'YES' };
  const unkeyed = { _id: idOf(at), feed: 'test', envelope, content, sortAt: now, contentHash: '' };
  const record = toDocument('Advisory', unkeyed, keyPolicy, schemaOf(own.store, 'Advisory'));
  const change = {
    kind: 'Advisory',
    record,
    before: before?.envelope ?? null,
    keys: [],
    unlisted: new Set<string>(),
  };
  await inWriteTransaction(own.store, keyAssigner, limits, async (session) => {
    await writeRecords(own.store, [change], { session, keyPolicy, now });
  });
}

function loadersOf(reader: Reader, now: Date, policy: Policy, filled = true, store = own.store): Loaders {
  const readerAccess = policy.accessOf(reader, now);
  return new Loaders({
    store,
    kinds,
    policy,
    readerAccess,
    cursorKey: Buffer.alloc(32, 7),
    filled,
  });
}

/** Whether a reader may get events about a record now, as the guard decides. */
async function seenBy(reader: Reader, now: Date, policy: Policy): Promise<ReadonlyMap<string, number>> {
  const access = policy.accessOf(reader, now);
  const all = await recordsOf(own.store, 'Advisory').find().toArray();
  const seen = all.filter(
    ({ envelope }) =>
      policy.decideRow(envelope, 'Advisory', access) !== null &&
      policy.may(access, 'subscribe', 'Advisory', 'content', envelope),
  );
  return new Map(seen.map(({ _id, envelope }) => [_id, envelope.version]));
}

/** A client that keeps a copy by the changes alone. */
class Copy {
  readonly reader: Reader;
  readonly records = new Map<string, number>();
  readonly got: SeenChange[] = [];
  #cursor: string | null = null;
  #again: Set<string> | null = null;

  readonly #store: CommunityStore;

  constructor(reader: Reader, store: CommunityStore = own.store) {
    this.reader = reader;
    this.#store = store;
  }

  /** Reads one page. Returns whether there is a next one. */
  async readPage(now: Date, policy: Policy, size: number): Promise<boolean> {
    const asked = { kinds: null, since: null };
    const args = { first: size, after: this.#cursor };
    const { nodes, pageInfo, startsOver } = await loadersOf(
      this.reader,
      now,
      policy,
      true,
      this.#store,
    ).changes(asked, args);
    if (startsOver) this.#again = new Set();
    for (const change of nodes) {
      this.got.push(change);
      this.#again?.add(change.recordId);
      if (change.isGone) this.records.delete(change.recordId);
      else this.records.set(change.recordId, change.version ?? 0);
    }
    this.#cursor = pageInfo.endCursor;
    if (pageInfo.hasNextPage || this.#again === null) return pageInfo.hasNextPage;
    for (const id of this.records.keys()) if (!this.#again.has(id)) this.records.delete(id);
    this.#again = null;
    return false;
  }

  async readAll(now: Date, policy: Policy, size = 2): Promise<void> {
    while (await this.readPage(now, policy, size));
  }
}

const reading = fc
  .record({
    tlp: fc.constantFrom('CLEAR', 'GREEN', 'AMBER', 'AMBER_STRICT', 'RED') as fc.Arbitrary<'CLEAR'>,
    named: fc.subarray(['csirt-fr', 'csirt-pl']),
    embargo: fc.constantFrom(null, null, 3, 11),
    isRetracted: fc.boolean(),
  })
  .map(({ tlp, named, embargo, isRetracted }): Partial<Envelope> => ({
    marking: markingOf({ tlp }),
    audience: audienceOf(named.length > 0 ? { reach: 'NAMED', organisations: named } : {}),
    embargoUntil: embargo === null ? null : atMinute(embargo),
    ...(isRetracted && { recordState: 'RETRACTED' as const }),
  }));

type Step =
  | { readonly does: 'write'; readonly at: number; readonly reading: Partial<Envelope> }
  | { readonly does: 'read'; readonly who: number; readonly size: number }
  | { readonly does: 'relabel' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant('write' as const), at: fc.nat(5), reading }) },
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('read' as const),
      who: fc.nat(3),
      size: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ does: 'relabel' as const }) },
);

test('a copy that is kept by the changes alone equals what its reader may see, over writes, embargoes and a new policy', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      await recordsOf(own.store, 'Advisory').deleteMany({});
      await changeRowsIn(own.store).deleteMany({});
      for (const name of ['labelling', 'leases']) await own.store.connection.collection(name).deleteMany({});
      keyAssigner = followKeyState(own.store, versions, 1);
      await keyAssigner.current();
      const copies = readers.map((reader) => new Copy(reader));
      let policy = first;
      let minute = 0;
      for (const one of steps) {
        minute += 1;
        if (one.does === 'write') await write(one.at, one.reading, atMinute(minute));
        else if (one.does === 'read') await copies[one.who]?.readPage(atMinute(minute), policy, one.size);
        else if (policy === first) {
          await relabel(own.store, second, { rest: 0, graceMs: 0 });
          policy = second;
        }
      }
      const now = atMinute(minute + 1);
      for (const copy of copies) {
        await copy.readAll(now, policy);
        expect([copy.reader.subject, copy.records]).toEqual([
          copy.reader.subject,
          await seenBy(copy.reader, now, policy),
        ]);
      }
    }),
    { numRuns: 40 },
  );
}, 240_000);

const named = (...organisations: readonly string[]): Partial<Envelope> => ({
  marking: markingOf({ tlp: 'AMBER_STRICT' }),
  audience: audienceOf({ reach: 'NAMED', organisations }),
});
const [french = readerOf(), polish = readerOf()] = readers;
const changesOf = async (reader: Reader, now: Date, after: string | null = null, since: Date | null = null) =>
  await loadersOf(reader, now, first).changes({ kinds: null, since }, { first: 10, after });

test('a record that is closed to an organisation and one that is marked RED look alike to who lost it', async () => {
  for (const at of [0, 1]) await write(at, named('csirt-fr', 'csirt-pl'), atMinute(0));
  const before = await changesOf(polish, atMinute(1));
  expect(before.nodes.map(({ isGone }) => isGone)).toEqual([false, false]);
  await write(0, { ...named('csirt-fr', 'csirt-pl'), marking: markingOf({ tlp: 'RED' }) }, atMinute(5));
  await write(1, named('csirt-fr'), atMinute(5));
  const { nodes } = await changesOf(polish, atMinute(6), before.pageInfo.endCursor);
  const gone = { kind: 'ADVISORY', isGone: true, version: null, at: atMinute(5), mayRepeat: false };
  expect(nodes).toEqual([0, 1].map((at) => ({ recordId: idOf(at), ...gone })));
});

test('a reader who lost a record learns nothing of its later changes', async () => {
  await write(0, named('csirt-fr', 'csirt-pl'), atMinute(0));
  const before = await changesOf(polish, atMinute(1));
  await write(0, named('csirt-fr'), atMinute(2));
  const lost = await changesOf(polish, atMinute(5), before.pageInfo.endCursor);
  expect(lost.nodes.map(({ isGone }) => isGone)).toEqual([true]);
  for (const minute of [10, 20]) await write(0, named('csirt-fr'), atMinute(minute));
  const later = await changesOf(polish, atMinute(30), lost.pageInfo.endCursor);
  expect([later.nodes, later.pageInfo.hasNextPage]).toEqual([[], false]);
});

test('a reader without a cursor learns of no record that was lost before, from any time on', async () => {
  await write(0, named('csirt-fr', 'csirt-pl'), atMinute(0));
  await write(0, named('csirt-fr'), atMinute(1));
  await write(1, {}, atMinute(2));
  const { nodes } = await changesOf(polish, atMinute(5), null, atMinute(0));
  expect(nodes.map(({ recordId }) => recordId)).toEqual([idOf(1)]);
});

test('a record that is closed and opened again and again leaves one end for its readers', async () => {
  for (let minute = 0; minute < 10; minute += 2) {
    await write(0, named('csirt-fr', 'csirt-pl'), atMinute(minute));
    await write(0, named('csirt-fr'), atMinute(minute + 1));
  }
  expect(await changeRowsIn(own.store).countDocuments({ isGone: true })).toBe(1);
});

test('a pass that starts over marks what the pages before it had', async () => {
  for (const at of [0, 1, 2]) await write(at, {}, atMinute(at));
  const page = await loadersOf(french, atMinute(5), first).changes(
    { kinds: null, since: null },
    { first: 2 },
  );
  const other = readerOf({ communities: [] });
  const over = await changesOf(other, atMinute(6), page.pageInfo.endCursor);
  expect([over.startsOver, over.nodes.map(({ mayRepeat }) => mayRepeat)]).toEqual([
    true,
    [true, true, false],
  ]);
});

test('no page sorts rows in memory or examines those of other readers', async () => {
  for (let at = 0; at < 6; at += 1) await write(at, at < 3 ? {} : named('csirt-pl'), atMinute(1));
  await write(0, named('csirt-pl'), atMinute(2));
  const watched = openStore(own.uri, kinds, fail, () => undefined, { monitorCommands: true });
  await Promise.all([watched.connection.asPromise(), watched.indexed]);
  const queries: Document[] = [];
  watched.connection.getClient().on('commandStarted', ({ command }) => {
    if (command['find'] === 'changeRows') queries.push(command);
  });
  await new Copy(french, watched).readAll(atMinute(5), first, 1);
  await watched.connection.close();
  expect(queries.length).toBeGreaterThan(2);
  for (const { filter, sort, hint, limit } of queries) {
    const cursor = changeRowsIn(own.store).find(filter).sort(sort).hint(hint).limit(limit);
    const plan = await cursor.explain('executionStats');
    expect(JSON.stringify(plan['queryPlanner']['winningPlan'])).not.toMatch(/"(?:SORT|COLLSCAN)"/);
    // Three rows are the reader's: two records, and the end of one.
    expect(plan['executionStats']['totalDocsExamined']).toBeLessThanOrEqual(3);
  }
});

function fail(error: unknown): never {
  throw error;
}

test('a row that is older than the marking is no change for those who lost the record', async () => {
  await write(0, named('csirt-fr', 'csirt-pl'), atMinute(0));
  const audience = { 'envelope.audience.organisations': ['csirt-fr'] };
  await recordsOf(own.store, 'Advisory').updateMany({}, { $set: audience });
  const { nodes, pageInfo } = await changesOf(polish, atMinute(1));
  expect([nodes, pageInfo.hasNextPage]).toEqual([[], false]);
});

test('a page of many records of one time continues after its last one', async () => {
  for (const at of [0, 1, 2, 3, 4]) await write(at, {}, atMinute(0));
  const copy = new Copy(french);
  await copy.readAll(atMinute(1), first, 2);
  expect(copy.records.size).toBe(5);
});

test('lists the records of the kinds that are asked for', async () => {
  await write(0, {}, atMinute(0));
  const of = async (kind: string) =>
    await loadersOf(french, atMinute(1), first).changes({ kinds: [kind], since: null }, {});
  expect((await of('ADVISORY')).nodes.map(({ recordId }) => recordId)).toEqual([idOf(0)]);
  expect((await of('MISP_EVENT')).nodes).toEqual([]);
});

test('a grant that opens nothing changes nothing, and the end of one that opened a record starts the changes over', async () => {
  const until = atMinute(1000).toISOString();
  const holding = (...ids: readonly string[]) =>
    readerOf({
      subject: 'u-2',
      organisation: 'csirt-pl',
      grants: ids.map((id) => ({ by: 'cert-eu', id, until })),
    });
  await write(0, { ...named('csirt-fr'), releases: ['g-1'] }, atMinute(0));
  await write(1, {}, atMinute(0));
  const granted = await changesOf(holding('g-1'), atMinute(5));
  expect(granted.nodes.map(({ recordId }) => recordId).toSorted()).toEqual([idOf(0), idOf(1)]);
  const { endCursor } = granted.pageInfo;
  const further = await changesOf(holding('g-1', 'g-2'), atMinute(10), endCursor);
  expect([further.startsOver, further.nodes]).toEqual([false, []]);
  const ended = await changesOf(holding(), atMinute(10), endCursor);
  expect([ended.startsOver, ended.nodes.map(({ recordId }) => recordId)]).toEqual([true, [idOf(1)]]);
});

test('a record that is opened to one organisation is no change for its other readers', async () => {
  await write(0, named('csirt-fr'), atMinute(0));
  const [ofFrench, ofPolish] = [await changesOf(french, atMinute(5)), await changesOf(polish, atMinute(5))];
  const stored = await recordsOf(own.store, 'Advisory').findOne({ _id: idOf(0) });
  if (stored === null) throw new Error('expected the record');
  const keyPolicy = await keyAssigner.current();
  const envelope = { ...stored.envelope, audience: named('csirt-fr', 'csirt-pl').audience ?? audienceOf() };
  const opened = { ...stored, envelope, content: stored.content as Readonly<Record<string, unknown>> };
  const record = toDocument('Advisory', opened, keyPolicy, schemaOf(own.store, 'Advisory'), stored);
  await inWriteTransaction(own.store, keyAssigner, limits, async (session) => {
    const by = { session, keyPolicy, now: atMinute(10) };
    await openRecord(own.store, 'Advisory', record, { to: 'csirt-pl', before: stored.envelope }, by);
  });
  expect((await changesOf(french, atMinute(20), ofFrench.pageInfo.endCursor)).nodes).toEqual([]);
  expect((await changesOf(polish, atMinute(20), ofPolish.pageInfo.endCursor)).nodes).toMatchObject([
    { recordId: idOf(0), isGone: false, version: 1, at: atMinute(10) },
  ]);
});

test('a change that appears late is in the next reading, and so are those of the time before, marked', async () => {
  await write(0, {}, atMinute(0));
  const ended = await changesOf(french, atMinute(0.5));
  // Its transaction began before the reading and ended after it.
  await write(1, {}, atMinute(0.25));
  const next = await changesOf(french, atMinute(1), ended.pageInfo.endCursor);
  expect(next.nodes.map(({ recordId, mayRepeat }) => [recordId, mayRepeat])).toEqual([
    [idOf(0), true],
    [idOf(1), true],
  ]);
  const again = await changesOf(french, atMinute(10), next.pageInfo.endCursor);
  expect(again.nodes.map(({ mayRepeat }) => mayRepeat)).toEqual([true, true]);
  const last = await changesOf(french, atMinute(20), again.pageInfo.endCursor);
  expect([last.nodes, last.pageInfo.hasNextPage]).toEqual([[], false]);
});

test('records of a program that wrote no changes count as changed when they are refilled', async () => {
  await write(0, named('csirt-pl'), earlier(10));
  await write(1, {}, earlier(10));
  await write(2, named('csirt-pl'), earlier(10));
  const before = await changesOf(polish, earlier(5));
  // An older program closes the first record, and changes the second one.
  const records = recordsOf(own.store, 'Advisory');
  const closed = { 'envelope.audience.organisations': ['csirt-fr'], 'envelope.version': 2 };
  const keys = first.admittedKeys(envelopeOf(named('csirt-fr')), 'Advisory');
  await records.updateOne(
    { _id: idOf(0) },
    { $set: { ...closed, admits: keys.admits }, $unset: { derived: 1 } },
  );
  await records.updateOne({ _id: idOf(1) }, { $set: { 'envelope.version': 2 }, $unset: { derived: 1 } });
  await setDerived(own.store, null);
  await refill(own.store, keyAssigner, { rest: 0 });
  const after = await loadersOf(polish, new Date(Date.now() + 1000), first).changes(
    { kinds: null, since: null },
    { after: before.pageInfo.endCursor },
  );
  const gone = new Map(after.nodes.map(({ recordId, isGone }) => [recordId, isGone]));
  expect(gone).toEqual(
    new Map([
      [idOf(0), true],
      [idOf(1), false],
    ]),
  );
});

test('a part says so while changes are still being written, and refuses an empty page', async () => {
  const all = { kinds: null, since: null };
  await expect(loadersOf(french, atMinute(1), first, false).changes(all, {})).rejects.toMatchObject({
    code: 'PART_UNAVAILABLE',
  });
  await expect(loadersOf(french, atMinute(1), first).changes(all, { first: 0 })).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
  });
});

test('a cursor is for one reader and one question', async () => {
  const { pageInfo } = await changesOf(french, atMinute(1));
  const other = [
    changesOf(polish, atMinute(2), pageInfo.endCursor),
    changesOf(french, atMinute(2), pageInfo.endCursor, atMinute(0)),
    changesOf(french, atMinute(2), 'nonsense'),
  ];
  for (const one of other) await expect(one).rejects.toMatchObject({ code: 'BAD_CURSOR' });
});

test('each change is a disclosure: the record, or its end without its marking', async () => {
  await write(0, named('csirt-fr', 'csirt-pl'), atMinute(0));
  await write(1, {}, atMinute(0));
  const { pageInfo } = await changesOf(polish, atMinute(0.5));
  await write(0, named('csirt-fr'), atMinute(1));
  const loaders = loadersOf(polish, atMinute(1.5), first);
  await loaders.changes({ kinds: null, since: null }, { after: pageInfo.endCursor });
  expect(loaders.disclosed()).toMatchObject([
    { id: idOf(1), version: 1, tlp: 'CLEAR' },
    { id: idOf(0), version: 0, tlp: 'AMBER_STRICT', audience: [], gone: true },
  ]);
});
