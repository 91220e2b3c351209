import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { HubError } from '../../schema/errors.ts';
import type { Reader } from '../../schema/protocol/reader.ts';
import { kinds } from '../../subgraphs/cert-eu/records.ts';
import { Loaders } from '../../subgraphs/serve/read/loaders.ts';
import { wordRowsIn } from '../../subgraphs/serve/search/rows.ts';
import { wordsOf } from '../../subgraphs/serve/search/write-words.ts';
import { recordsOf, schemaOf } from '../../subgraphs/serve/store/collections.ts';
import type { CommunityStore } from '../../subgraphs/serve/store/store.ts';
import { toDocument } from '../../subgraphs/serve/store/write.ts';
import { openOwnStore } from '../helpers/own-store.ts';
import { policy } from '../helpers/policy.ts';
import { readerOf } from '../helpers/records.ts';
import { Chance, uuidOf } from './ask/chance.ts';
import { envelopeOf, groups } from './ask/markings.ts';
import { percentile, round, table } from './figures.ts';
import { Texts, wordOf } from './search/texts.ts';

const help = `Measures searches over a full store of one community, below the hub.

  npm run bench:search -- [options]

  --records N    advisories in the store (200000)
  --times N      searches of each question and reader (200)
  --at-once N    searches in progress in the second part (50)
  --json FILE    all figures as JSON
  --help

Titles have 8 words and summaries 60, whose words follow Zipf's law over 60,000 made-up words. The markings are those of
bench:ask. The readers are an analyst (broad), a private partner (narrow) and an analyst in 60 sharing groups (connected).
Each search loads its first page of 25 records with their excerpts. Uses loopback only.

Example:
  npm run bench:search -- --records 50000 --json figures.json
`;

const { values: flags } = parseArgs({
  options: {
    records: { type: 'string', default: '200000' },
    times: { type: 'string', default: '200' },
    'at-once': { type: 'string', default: '50' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const now = new Date('2026-11-24T12:00:00Z');
const cursorKey = Buffer.alloc(32, 7);
const batch = 1000;

const readers: Readonly<Record<string, Reader>> = {
  broad: readerOf(),
  narrow: readerOf({ organisation: 'nordsee-energy', communities: [], roles: ['private-user'] }),
  connected: readerOf({ sharingGroups: groups.slice(0, 60) }),
};

/** The words of each question, by their rank among 60,000. `turn` makes them different words of the same frequency. */
const questions: Readonly<Record<string, (turn: number) => string>> = {
  'one word': (turn) => wordOf(3 + (turn % 5)),
  'a rare word': (turn) => wordOf(20_000 + (turn % 1000)),
  'a phrase': (turn) => `"${wordOf(turn % 5)} ${wordOf(5 + (turn % 7))}"`,
  'a prefix': (turn) => `${wordOf(200 + (turn % 50)).slice(0, 4)}*`,
  'three words': (turn) => `${wordOf(turn % 5)} ${wordOf(20 + (turn % 20))} ${wordOf(100 + (turn % 50))}`,
  'three frequent words': (turn) => `${wordOf(turn % 3)} ${wordOf(3 + (turn % 3))} ${wordOf(6 + (turn % 3))}`,
};

type Figure = {
  readonly question: string;
  readonly reader: string;
  readonly p50: number;
  readonly p99: number;
  readonly hits: number;
  readonly busyP50: number;
  readonly busyP99: number;
  /** Searches of the second part that ended at their deadline. */
  readonly unanswered: number;
};

async function main(): Promise<void> {
  const [records, times, atOnce] = [flags.records, flags.times, flags['at-once']].map(Number) as [
    number,
    number,
    number,
  ];
  const own = await openOwnStore('cert-eu', kinds);
  try {
    const filled = await fill(own.store, records);
    const figures: Figure[] = [];
    for (const [question, textOf] of Object.entries(questions))
      for (const [name, reader] of Object.entries(readers))
        figures.push({
          question,
          reader: name,
          ...(await measure(own.store, reader, textOf, times, atOnce)),
        });
    report(figures, filled, records);
  } finally {
    await own.stop();
  }
}

/** Fills the store, and measures the time that records take without and with their words. */
async function fill(store: CommunityStore, count: number) {
  const texts = new Texts();
  const chance = new Chance(16);
  const [advisories, words] = [recordsOf(store, 'Advisory'), wordRowsIn(store)];
  const schema = schemaOf(store, 'Advisory');
  const took = { records: 0, words: 0 };
  for (let from = 0; from < count; from += batch) {
    const documents = Array.from({ length: Math.min(batch, count - from) }, (_, step) => {
      const at = from + step;
      const receivedAt = new Date(Date.UTC(2026, 0, 1) - at * 60_000);
      const unkeyed = {
        _id: `Advisory:${uuidOf(`search-${at}`)}`,
        feed: 'bench',
        envelope: envelopeOf(`search-${at}`, 'cert-eu', 'mixed', receivedAt, chance),
        content: {
          serial: `2026-${at}`,
          title: { value: texts.text(8, chance), lang: 'en' },
          summary: { value: texts.text(60, chance), lang: 'en' },
        },
        sortAt: receivedAt,
        contentHash: String(at),
      };
      return toDocument('Advisory', unkeyed, policy, schema);
    });
    const begun = performance.now();
    await advisories.insertMany(documents, { ordered: false });
    const between = performance.now();
    const rows = documents.flatMap((record) => wordsOf(store, 'Advisory', record, policy));
    await words.insertMany([...rows], { ordered: false });
    took.records += between - begun;
    took.words += performance.now() - between;
    if (from % (50 * batch) === 0) process.stderr.write(`${from + documents.length} of ${count} records\n`);
  }
  const [stats] = await words.aggregate([{ $collStats: { storageStats: {} } }]).toArray();
  const {
    size,
    totalIndexSize,
    count: rows,
  } = (stats as { storageStats: Record<string, number> }).storageStats;
  return { ...took, rows: rows ?? 0, size: size ?? 0, index: totalIndexSize ?? 0 };
}

async function measure(
  store: CommunityStore,
  reader: Reader,
  textOf: (turn: number) => string,
  times: number,
  atOnce: number,
) {
  let hits = 0;
  const one = async (turn: number): Promise<number> => {
    const begun = performance.now();
    const loaders = new Loaders({
      store,
      kinds,
      policy,
      readerAccess: policy.accessOf(reader, now),
      cursorKey,
    });
    const page = await loaders.search({ text: textOf(turn), kinds: null, since: null }, { first: 25 });
    hits = Math.max(hits, page.nodes.length);
    return performance.now() - begun;
  };
  for (let turn = 0; turn < 20; turn += 1) await one(turn);
  const alone: number[] = [];
  for (let turn = 0; turn < times; turn += 1) alone.push(await one(turn));
  const busy: number[] = [];
  let unanswered = 0;
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < times) {
      next += 1;
      await one(next).then(
        (took) => busy.push(took),
        (error: unknown) => {
          if (!(error instanceof HubError)) throw error;
          unanswered += 1;
        },
      );
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return {
    p50: percentile(alone, 0.5),
    p99: percentile(alone, 0.99),
    hits,
    busyP50: percentile(busy, 0.5),
    busyP99: percentile(busy, 0.99),
    unanswered,
  };
}

function report(figures: readonly Figure[], filled: Awaited<ReturnType<typeof fill>>, records: number): void {
  if (flags.json !== undefined)
    writeFileSync(flags.json, `${JSON.stringify({ records, filled, figures }, null, 2)}\n`);
  process.stdout.write(
    table(
      ['question', 'reader', 'p50 ms', 'p99 ms', 'busy p50', 'busy p99', 'unanswered', 'hits'],
      figures.map((one) => [
        one.question,
        one.reader,
        round(one.p50),
        round(one.p99),
        round(one.busyP50),
        round(one.busyP99),
        String(one.unanswered),
        String(one.hits),
      ]),
    ),
  );
  process.stdout.write(
    `words: ${round(filled.rows / records)} rows a record, ${round(filled.index / records)} bytes of index and ` +
      `${round(filled.size / records)} bytes of rows a record; writing records with words takes ` +
      `${round((filled.records + filled.words) / filled.records)} times as long as without\n`,
  );
  const slowest = figures.toSorted((one, other) => other.p99 - one.p99)[0];
  process.stdout.write(
    `search: ${round(slowest?.p99 ?? Number.NaN)} ms (p99 at 1 of the slowest question and reader, ` +
      `${slowest?.question}, ${slowest?.reader}; ${records} records in one store)\n`,
  );
}

if (flags.help) process.stdout.write(help);
else await main();
