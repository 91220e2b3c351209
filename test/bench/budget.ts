import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parse } from 'graphql';
import { type Db, MongoClient } from 'mongodb';
import { pino } from 'pino';
import { startStores } from '../../docker/trial/stores/stores.ts';
import { openBuckets } from '../../gateway/budget/bucket.ts';
import { type Charge, createCharge } from '../../gateway/budget/charge.ts';
import { type Leases, openLeases } from '../../gateway/budget/leases.ts';
import { limitOperation } from '../../gateway/budget/operation-size.ts';
import { percentile, round, table } from './figures.ts';
import { Place, logProgress } from './place.ts';

const help = `Measures the cost of the budget for each request: the charges of the reader and of the organisation.

  npm run bench:budget -- [options]

  --requests N   requests of each kind (20000)
  --json FILE    all figures as JSON
  --help

Starts a separate store in a temporary folder. Uses loopback only. Exits with 1 if a request is refused.

Example:
  npm run bench:budget -- --requests 5000 --json figures.json
`;

const { values: flags } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** Times of one request in microseconds, and the number of store operations for all requests. */
type Measured = {
  readonly kind: string;
  readonly p50: number;
  readonly p99: number;
  readonly mean: number;
  readonly asked: number;
};

const question = parse(`query ($id: String!) { vulnerability(id: $id) { name
  exploitation { nodes { id dueDate } } advisories { nodes { id serial title { value } } }
  ransomwareFamilies { nodes { id } } } }`);
const budgets = {
  reader: { points: 500_000_000, seconds: 60 },
  organisation: { points: 1_000_000_000, seconds: 60 },
};

async function main(requests: number): Promise<void> {
  await using place = new Place('bench-budget');
  const stores = await startStores({ home: place.folder, report: logProgress });
  place.defer(async () => await stores.stop());
  const client = await new MongoClient(stores.uris.hub).connect();
  place.defer(async () => await client.close());
  const counting = countingLeases(client.db());
  place.defer(async () => await counting.leases.close());
  const charge = createCharge(counting.leases, budgets, pino({ enabled: false }));
  const plainly = writerOf(client.db());
  const kinds: readonly [string, (turn: number) => Promise<void>, number][] = [
    ['leases, one reader, 1 at once', async () => await chargeBoth(charge, 'busy'), 1],
    ['leases, one reader, 50 at once', async () => await chargeBoth(charge, 'busy'), 50],
    ['leases, 1000 readers in turn', async (turn) => await chargeBoth(charge, `of-${turn % 1000}`), 1],
    ['a findOneAndUpdate each, 1 at once', async () => await plainly(), 1],
    ['a findOneAndUpdate each, 50 at once', async () => await plainly(), 50],
  ];
  const measured: Measured[] = [];
  for (const [kind, request, atOnce] of kinds) {
    const before = counting.asked();
    const times = await measure(request, requests, atOnce);
    const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
    const asked = kind.startsWith('leases') ? counting.asked() - before : requests;
    measured.push({ kind, p50: percentile(times, 0.5), p99: percentile(times, 0.99), mean, asked });
  }
  report(measured, requests, stores.version);
}

/** Charges a request as the hub does, from its bytes to its operation. */
async function chargeBoth(charge: Charge, subject: string): Promise<void> {
  const reader = { subject, organisation: 'one' } as never;
  const asking = { reader, budget: undefined, correlationId: '', setHeaders: () => undefined };
  await charge.request(400, asking);
  await charge.operation(limitOperation(question, { id: 'CVE-2099-1' }), asking);
}

/** Charges one bucket without leases. */
function writerOf(db: Db): () => Promise<void> {
  const buckets = db.collection<{ _id: string }>('budgets', { writeConcern: { w: 1 } });
  return async () => {
    await buckets.findOneAndUpdate({ _id: 'plain' }, { $inc: { level: -1 } }, { upsert: true });
  };
}

function countingLeases(db: Db): { readonly leases: Leases; readonly asked: () => number } {
  let asked = 0;
  const buckets = openBuckets(db);
  const leases = openLeases({
    lease: async (...wanted) => {
      asked += 1;
      return await buckets.lease(...wanted);
    },
  });
  return { leases, asked: () => asked };
}

/** Returns the microseconds of each call. */
async function measure(
  request: (turn: number) => Promise<void>,
  requests: number,
  atOnce: number,
): Promise<readonly number[]> {
  for (let turn = 0; turn < 1000; turn += 1) await request(turn);
  const times: number[] = [];
  let turn = 0;
  const one = async () => {
    while (turn < requests) {
      turn += 1;
      const began = performance.now();
      await request(turn);
      times.push((performance.now() - began) * 1000);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return times;
}

function report(measured: readonly Measured[], requests: number, mongod: string): void {
  if (flags.json !== undefined) {
    const figures = { requests, mongod, node: process.version, measured };
    writeFileSync(flags.json, `${JSON.stringify(figures, null, 2)}\n`);
  }
  const rows = measured.map(({ kind, p50, p99, mean, asked }) => [
    kind,
    ...[p50, p99, mean].map(round),
    String(asked),
  ]);
  process.stdout.write(table(['microseconds of a request', 'p50', 'p99', 'mean', 'asked'], rows));
  const [busy, , , plain] = measured;
  process.stdout.write(
    `bench:budget: ${round(busy?.p50 ?? Number.NaN)} us (per request, against ` +
      `${round(plain?.p50 ?? Number.NaN)} us of a plain findOneAndUpdate each time)\n`,
  );
}

const requests = Number(flags.requests);
if (flags.help) process.stdout.write(help);
else if (Number.isInteger(requests) && requests > 0) await main(requests);
else {
  process.stderr.write(`--requests: a whole number above 0, got ${flags.requests}\n`);
  process.exitCode = 1;
}
