import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Envelope, Portion, StoredRecord } from '../../../../schema/record/envelope.ts';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import { kinds } from '../../../../subgraphs/cert-eu/records.ts';
import { Loaders } from '../../../../subgraphs/serve/read/loaders.ts';
import { keyOf, wordRowsIn } from '../../../../subgraphs/serve/search/rows.ts';
import { replaceWords, wordsOf } from '../../../../subgraphs/serve/search/write-words.ts';
import { readQuery, wordsIn } from '../../../../subgraphs/serve/search/words.ts';
import { recordsOf, schemaOf } from '../../../../subgraphs/serve/store/collections.ts';
import { toDocument } from '../../../../subgraphs/serve/store/write.ts';
import { openOwnStore, type OwnStore } from '../../../helpers/own-store.ts';
import { policy } from '../../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../../helpers/records.ts';

const cursorKey = Buffer.alloc(32, 7);
const now = new Date('2026-11-24T12:00:00Z');
let own: OwnStore;

beforeAll(async () => {
  own = await openOwnStore('cert-eu', kinds);
});
afterAll(async () => await own.stop());
beforeEach(async () => {
  await recordsOf(own.store, 'Advisory').deleteMany({});
  await wordRowsIn(own.store).deleteMany({});
});

type Said = {
  readonly envelope: Envelope;
  readonly title: string;
  readonly summary: string;
  readonly hour: number;
};
const received = new Date('2026-01-01T00:00:00Z');
const dateOf = (hour: number) => new Date(Date.UTC(2026, 5, 1, hour));
const idOf = (at: number) => `Advisory:${String(at).padStart(4, '0')}`;

/** Stores advisories with their words, as a write does. */
async function insert(all: readonly Said[]): Promise<void> {
  const records = all.map(({ envelope, title, summary, hour }, at): StoredRecord => {
    const unkeyed = {
      _id: idOf(at),
      feed: 'test',
      envelope: { ...envelope, localId: String(at), receivedAt: received },
      content: {
        title: { value: title, lang: 'en' },
        summary: { value: summary, lang: 'en' },
        publishedAt: { utc: dateOf(hour), precision: 'SECOND', declaredZone: null },
      },
      sortAt: dateOf(hour),
      contentHash: String(at),
    };
    return toDocument('Advisory', unkeyed, policy, schemaOf(own.store, 'Advisory'));
  });
  if (records.length === 0) return;
  await recordsOf(own.store, 'Advisory').insertMany(records);
  const rows = records.flatMap((record) => wordsOf(own.store, 'Advisory', record, policy));
  const session = await own.store.connection.startSession();
  await replaceWords(own.store, [], rows, session);
  await session.endSession();
}

function loadersOf(reader: Reader): Loaders {
  return new Loaders({
    store: own.store,
    kinds,
    policy,
    readerAccess: policy.accessOf(reader, now),
    cursorKey,
  });
}

/** The ids of all hits, read page by page. */
async function searchAll(reader: Reader, text: string, first = 3): Promise<readonly string[]> {
  const found: string[] = [];
  for (let after: string | null = null; ;) {
    const page = await loadersOf(reader).search({ text, kinds: null, since: null }, { first, after });
    found.push(...page.nodes.map(({ id }) => id));
    if (!page.pageInfo.hasNextPage) return found;
    after = page.pageInfo.endCursor;
  }
}

const plain = (fields: Partial<Said>): Said => ({
  envelope: envelopeOf(),
  title: 'EXERCISE',
  summary: 'EXERCISE',
  hour: 1,
  ...fields,
});

test('finds records by words in any spelling, those with the words in a name first', async () => {
  await insert([
    plain({ title: 'Vulnerabilities in Exemple Gateway', hour: 1 }),
    plain({ summary: 'The gateway of Éxemple is affected by CVE-2099-10001.', hour: 2 }),
    plain({ summary: 'Traffic to evil[.]example[.]com and 192.0.2.1', hour: 3 }),
    plain({ title: 'Another gateway', hour: 4 }),
  ]);
  const who = readerOf();
  expect(await searchAll(who, 'exemple GATEWAY')).toEqual([idOf(0), idOf(1)]);
  expect(await searchAll(who, 'vulnerability')).toEqual([idOf(0)]);
  expect(await searchAll(who, 'cve-2099-10001')).toEqual([idOf(1)]);
  expect(await searchAll(who, 'evil.example[.]com')).toEqual([idOf(2)]);
  expect(await searchAll(who, '192.0.2[.]1')).toEqual([idOf(2)]);
  expect(await searchAll(who, 'gatew*')).toEqual([idOf(3), idOf(0), idOf(1)]);
  expect(await searchAll(who, '"gateway of exemple"')).toEqual([idOf(1)]);
  expect(await searchAll(who, '"by CVE-2099-10001"')).toEqual([idOf(1)]);
  expect(await searchAll(who, '"affected by cve"')).toEqual([]);
  expect(await searchAll(who, 'absent gateway')).toEqual([]);
});

test('a hit has its title, and the fields in which the words are, with the words marked', async () => {
  await insert([plain({ title: 'A gateway', summary: 'Update the gateway, now.' })]);
  const asked = { text: 'gateway', kinds: null, since: null };
  const { nodes } = await loadersOf(readerOf()).search(asked, {});
  expect(nodes).toEqual([
    {
      id: idOf(0),
      kind: 'ADVISORY',
      title: 'A gateway',
      matches: [
        {
          field: 'title',
          excerpt: [
            { text: 'A ', isMatch: false },
            { text: 'gateway', isMatch: true },
          ],
        },
        {
          field: 'summary',
          excerpt: [
            { text: 'Update the ', isMatch: false },
            { text: 'gateway,', isMatch: true },
            { text: ' now.', isMatch: false },
          ],
        },
      ],
    },
  ]);
});

test('a row of words that is older than the marking gives no hit and no next page', async () => {
  await insert([plain({ title: 'gateway', summary: 'other' }), plain({ title: 'gateway', hour: 2 })]);
  // The words of the title stay in a row that everyone may read, as while a stricter policy relabels.
  const hidden = {
    path: 'title',
    marking: markingOf({ tlp: 'AMBER' }),
    audience: audienceOf({ reach: 'NAMED' }),
  };
  const records = recordsOf(own.store, 'Advisory');
  await records.updateMany({}, { $set: { 'envelope.portions': [hidden] } });
  const asked = { text: 'gateway', kinds: null, since: null };
  const page = await loadersOf(readerOf()).search(asked, { first: 1 });
  expect([page.nodes, page.pageInfo.hasNextPage, page.pageInfo.endCursor]).toEqual([[], false, null]);
});

async function firstPage(asked: string) {
  return await loadersOf(readerOf()).search({ text: asked, kinds: null, since: null }, {});
}

test('no row that a reader examines has what a field says that is hidden from that reader', async () => {
  const portions = [
    { path: 'title', marking: markingOf({ tlp: 'AMBER' }), audience: audienceOf({ reach: 'NAMED' }) },
  ];
  await insert([plain({ title: 'hidden', summary: 'shown', envelope: envelopeOf({ portions }) })]);
  const access = policy.accessOf(readerOf(), now);
  const keys = access.searchTerms('Advisory', 'title').map((term) => keyOf('open', 'Advisory', term));
  const rows = await wordRowsIn(own.store)
    .find({ key: { $in: keys } })
    .toArray();
  expect(rows.map(({ words: found }) => [found.includes('shown'), found.includes('hidden')])).toEqual([
    [true, false],
  ]);
});

test('a field that its reader may read and not search gives no words, no excerpt and no phrase', async () => {
  const red = {
    path: 'summary',
    marking: markingOf({ tlp: 'RED' }),
    audience: audienceOf({ persons: ['u-1'] }),
  };
  const envelope = envelopeOf({ portions: [red] });
  await insert([plain({ title: 'gateway', summary: 'gateway beta', envelope })]);
  const person = readerOf({ onScreen: true });
  expect((await loadersOf(person).one('Advisory', idOf(0)))?.decision.hidden.has('summary')).toBe(false);
  const asked = { text: 'gateway', kinds: null, since: null };
  const { nodes } = await loadersOf(person).search(asked, {});
  expect(nodes.map(({ matches }) => matches.map(({ field }) => field))).toEqual([['title']]);
  expect(await searchAll(person, 'beta')).toEqual([]);
  expect(await searchAll(person, '"gateway beta"')).toEqual([]);
});

test('compares at most three phrases and ten words', async () => {
  await expect(firstPage('"a1 b1" "a2 b2" "a1 b2" "a2 b1"')).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
  });
  const words = Array.from({ length: 11 }, (_, at) => `word${at}`).join(' ');
  await expect(firstPage(words)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  await insert([plain({ title: 'a1 b1' })]);
  expect((await firstPage('"a1 b1" "a1 b1" "a1 b1" "a1 b1"')).nodes).toHaveLength(1);
});

test('the words that find a record do not depend on how many readers a hidden field has', async () => {
  const long = Array.from({ length: 190 }, (_, at) => `word${at}`).join(' ');
  const many = Array.from({ length: 150 }, (_, at) => `csirt-${at}`);
  const portion = {
    path: 'title',
    marking: markingOf({ tlp: 'AMBER' }),
    audience: audienceOf({ reach: 'NAMED', organisations: many }),
  };
  await insert([
    plain({ summary: long, envelope: envelopeOf({ portions: [portion] }) }),
    plain({ summary: long }),
  ]);
  expect(await searchAll(readerOf(), 'word189')).toHaveLength(2);
});

test('a record counts as disclosed only if it is a hit', async () => {
  await insert([plain({ summary: 'red blue green' }), plain({ summary: 'blue green red', hour: 2 })]);
  const loaders = loadersOf(readerOf());
  const { nodes } = await loaders.search({ text: '"red blue"', kinds: null, since: null }, {});
  expect(nodes.map(({ id }) => id)).toEqual([idOf(0)]);
  expect(loaders.given().map(({ id }) => id)).toEqual([idOf(0)]);
});

async function titles(start: string): Promise<readonly (string | null)[]> {
  return (await loadersOf(readerOf()).suggest(start)).map(({ title }) => title);
}

test('finds a prefix among many records with words before and after it', async () => {
  const others = Array.from({ length: 300 }, (_, at) => plain({ title: `alpha zeta${at}` }));
  await insert([...others, plain({ title: 'Mimosa' })]);
  expect(await searchAll(readerOf(), 'mimo*')).toEqual([idOf(300)]);
  expect(await titles('mimo')).toEqual(['Mimosa']);
});

test('finds a rare word by its prefix although a frequent one has the same', async () => {
  const others = Array.from({ length: 200 }, () => plain({ summary: 'micro' }));
  await insert([...others, plain({ title: 'Microbe', hour: 3 })]);
  expect((await searchAll(readerOf(), 'mic*', 100))[0]).toEqual(idOf(200));
  expect(await searchAll(readerOf(), 'mic*', 100)).toHaveLength(201);
});

test('finds a record by a prefix after its embargo, and before it for those who may', async () => {
  const [over, running] = [20, 30].map((day) => new Date(Date.UTC(2026, 10, day)));
  await insert([
    plain({ title: 'Mimosa', envelope: envelopeOf({ embargoUntil: over ?? null }) }),
    plain({ title: 'Mimic', envelope: envelopeOf({ embargoUntil: running ?? null }), hour: 2 }),
  ]);
  expect(await searchAll(readerOf(), 'mim*')).toEqual([idOf(0)]);
  expect(await searchAll(readerOf({ organisation: 'cert-eu' }), 'mim*')).toEqual([idOf(1), idOf(0)]);
});

test('compares each record of long texts, over as many pages as it takes', async () => {
  const long = `${'filler '.repeat(6000)} beta alpha`;
  await insert(
    Array.from({ length: 15 }, (_, at) => plain({ title: 'alpha beta', summary: long, hour: at })),
  );
  expect(await searchAll(readerOf(), '"beta alpha"', 100)).toHaveLength(15);
});

test('suggests the records whose names a text begins', async () => {
  await insert([
    plain({ title: 'Sandworm campaign' }),
    plain({ title: 'Sandstorm in Spain', hour: 2 }),
    plain({ summary: 'Sandbox', hour: 3 }),
  ]);
  expect(await titles('sand')).toEqual(['Sandstorm in Spain', 'Sandworm campaign']);
  expect(await titles('campaign sandw')).toEqual(['Sandworm campaign']);
  expect(await titles('campaigns')).toEqual(['Sandworm campaign']);
  expect(await titles('sand-storm')).toEqual([]);
  expect(await titles('spain-sands')).toEqual(['Sandstorm in Spain']);
  expect(await titles('s')).toEqual([]);
});

const words = ['alpha', 'beta', 'gamma'];
const text = fc.subarray(words, { minLength: 1 }).map((some) => some.join(' '));
const colour = fc.constantFrom('CLEAR' as const, 'GREEN' as const, 'AMBER' as const, 'RED' as const);
const named = fc.subarray(['csirt-fr', 'csirt-pl']);
const portion: fc.Arbitrary<Portion> = fc
  .record({ path: fc.constantFrom('title', 'summary'), tlp: colour, organisations: named })
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
    portions: fc.uniqueArray(portion, { maxLength: 2, selector: ({ path }) => path }),
    title: text,
    summary: text,
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
const readers = fc.constantFrom(
  readerOf(),
  readerOf({ organisation: 'csirt-pl' }),
  readerOf({ organisation: 'cert-eu' }),
  readerOf({ communities: [], purpose: null }),
);

/** Decides from all records which a search finds, as the guard decides. */
function expectedOf(all: readonly Said[], who: Reader, asked: readonly string[]): ReadonlySet<string> {
  const access = policy.accessOf(who, now);
  const may = (envelope: Envelope) => policy.may(access, 'search', 'Advisory', 'content', envelope);
  const seen = ({ envelope, ...texts }: Said) =>
    (['title', 'summary'] as const)
      .filter((field) =>
        envelope.portions
          .filter(({ path }) => path === field)
          .every(({ marking, audience }) => may({ ...envelope, marking, audience })),
      )
      .flatMap((field) => texts[field].split(' '));
  const found = all.map((one, at) => ({ one, id: idOf(at) })).filter(({ one }) => may(one.envelope));
  return new Set(
    found.filter(({ one }) => asked.every((word) => seen(one).includes(word))).map(({ id }) => id),
  );
}

test('finds no record by words that its reader may not see, and all others by one word', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(said, { maxLength: 12 }),
      readers,
      fc.subarray(words, { minLength: 1 }),
      async (all, who, asked) => {
        await recordsOf(own.store, 'Advisory').deleteMany({});
        await wordRowsIn(own.store).deleteMany({});
        await insert(all);
        const found = await searchAll(who, asked.join(' '));
        const expected = expectedOf(all, who, asked);
        expect(new Set(found).size).toBe(found.length);
        expect([...expected].filter((id) => asked.length === 1 && !found.includes(id))).toEqual([]);
        expect(found.filter((id) => !expected.has(id))).toEqual([]);
      },
    ),
    { numRuns: 60 },
  );
});

test('reads the words of a query and of a text alike', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[A-Za-z0-9é.:@/-]{1,12}$/u), { maxLength: 6 }), (parts) => {
      const line = parts.join(' ');
      const indexed = new Set(wordsIn(line));
      expect(readQuery(line).words.filter((word) => !indexed.has(word))).toEqual([]);
    }),
  );
});
