import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { databaseOf } from '../../docker/trial/stores/names.ts';
import { startStores } from '../../docker/trial/stores/stores.ts';
import { startTrial, type Trial } from '../../docker/trial/trial.ts';
import { hangUp } from './ask/client.ts';
import { processesOf } from './ask/cpu.ts';
import { fillStores } from './ask/fill.ts';
import { journeysOf } from './ask/journeys.ts';
import { type Effort, measureJourney, type Measured } from './ask/measured.ts';
import { openProfiler, type Profiler } from './ask/plans.ts';
import { readers, seedGroups } from './ask/readers.ts';
import { costOf, faultsOf } from './ask/verdict.ts';
import { askWithoutKeys, type Comparison } from './ask/without-keys.ts';
import { worldOf } from './ask/world.ts';
import { readPolicy } from '../../schema/policy/decide/load.ts';
import { communities } from '../../schema/record/vocabulary.ts';
import { round, table } from './figures.ts';
import { Place, logProgress } from './place.ts';
import { unbounded } from './unbounded.ts';

const help = `Measures the hub's journeys over full stores: p50 and p99 at 1 and at 50 concurrent requests, and each query's plan.

  npm run bench:ask -- [options]

  --records N        generated records in each store (1000000)
  --quick            a small run, to check that the bench works
  --journey NAME     only this journey; may be given more than once
  --reader NAME      only this reader: ${readers.map(({ name }) => name).join(', ')}; may be given more than once
  --home FOLDER      keep the filled stores there, and reuse them for the same number of records
  --cpu-prof FOLDER  write a CPU profile of each process (hub, subgraphs, issuer) there
  --json FILE        all figures as JSON
  --help

Fills the six stores of a trial in a temporary folder (about 9 GB, removed at the end). Uses loopback only.
Exits with 1 if an answer is incomplete, or if a store query scans a collection or sorts in memory.

Examples:
  npm run bench:ask -- --quick
  npm run bench:ask -- --json figures.json
  npm run bench:ask -- --home /tmp/full --journey join --reader broad --cpu-prof /tmp/profiles
`;

const { values: flags } = parseArgs({
  options: {
    records: { type: 'string' },
    quick: { type: 'boolean', default: false },
    journey: { type: 'string', multiple: true },
    reader: { type: 'string', multiple: true },
    home: { type: 'string' },
    'cpu-prof': { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const effort: Effort = flags.quick
  ? { answersAlone: 30, seconds: 1, atOnce: 50, pagesDeep: 5, explained: 3 }
  : { answersAlone: 300, seconds: 6, atOnce: 50, pagesDeep: 200, explained: 5 };
const world = worldOf(Number(flags.records ?? (flags.quick ? 5000 : 1_000_000)));

/** Fills the stores, starts the trial on them, measures and reports. */
async function main(): Promise<void> {
  await using place = new Place('bench-ask');
  const home = flags.home === undefined ? join(place.folder, 'home') : resolve(flags.home);
  await fill(home, place);
  const profiles = flags['cpu-prof'];
  const profiling =
    profiles === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${resolve(profiles)}` };
  const trial = await startTrial({ home, port: 0, env: { ...unbounded, ...profiling } });
  place.defer(async () => await trial.stop());
  await seedGroups(trial);
  await using profiler = await openProfiler(join(home, 'stores'), trial.stores.uris.hub);
  await untilLabelled(profiler);
  const processes = processesOf(trial, join(home, 'stores'));
  const journeys = journeysOf(world).filter(({ name }) => flags.journey?.includes(name) ?? true);
  const measured: Measured[] = [];
  for (const reader of readers.filter(({ name }) => flags.reader?.includes(name) ?? true)) {
    for (const journey of journeys.filter(({ name }) => reader.journeys?.includes(name) ?? true)) {
      measured.push(await measureJourney(trial, journey, reader, effort, profiler, processes));
    }
  }
  const comparison = await askWithoutKeys(profiler.client);
  await hangUp();
  report(measured, comparison, trial);
}

/** Fills the folder once. A folder that is filled for this number of records is reused. */
async function fill(home: string, place: Place): Promise<void> {
  const marker = join(home, `filled-${world.records}`);
  if (existsSync(marker)) return logProgress(`${home} is filled already`);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  await using stores = await startStores({ home: join(home, 'stores'), report: logProgress });
  place.defer(async () => await stores.stop());
  logProgress(`filling six stores with ${world.records} generated records each`);
  await fillStores(stores.uris, world);
  writeFileSync(marker, '');
}

/** Waits until each subgraph has checked the access keys of the generated records in the background, as after a start. */
async function untilLabelled({ client }: Profiler): Promise<void> {
  const { version } = readPolicy().source;
  for (const community of communities) {
    const labelling = client
      .db(databaseOf(community))
      .collection<{ _id: number; settled: number }>('labelling');
    for (let waited = 0; (await labelling.findOne({ _id: 0 }))?.settled !== version; waited += 1) {
      if (waited > 1200)
        throw new Error(`the access keys of ${community} are not those of version ${version} yet`);
      if (waited % 30 === 0) logProgress(`${community}: waiting for the check of its access keys`);
      await pause(1000);
    }
  }
}

function report(measured: readonly Measured[], comparison: Comparison, trial: Trial): void {
  const faults = measured.flatMap(({ journey, reader, ops }) =>
    faultsOf(ops).map((fault) => `${journey} as ${reader}: ${fault}`),
  );
  const figures = { world, effort, mongod: trial.stores.version, node: process.version, comparison, faults };
  const rows = measured.map(({ ops, ...rest }) => ({ ...rest, cost: costOf(ops) }));
  if (flags.json !== undefined) {
    writeFileSync(flags.json, `${JSON.stringify({ ...figures, journeys: rows }, null, 2)}\n`);
  }
  const heads = [
    'journey',
    'reader',
    'records',
    'p50 at 1',
    'p99 at 1',
    'p50 at 50',
    'p99 at 50',
    'answers/s',
  ];
  const costs = ['queries', 'keys', 'documents', 'rows', 'most keys', 'bound'];
  process.stdout.write(
    table(
      [...heads, ...costs],
      rows.map(({ journey, reader, records, alone, together, cost }) => [
        journey,
        reader,
        String(records),
        ...[alone.p50, alone.p99, together.p50, together.p99, together.perSecond].map(round),
        String(alone.broken + together.broken),
        ...[cost.queries, cost.keys, cost.documents, cost.rows].map((n) => round(n / effort.explained)),
        String(cost.worst.keys),
        String(cost.worst.bound),
      ]),
    ),
  );
  const names = Object.keys(rows[0]?.cpu ?? {});
  process.stdout.write(
    `\nCPU milliseconds for one answer, at ${effort.atOnce} concurrent requests:\n${table(
      ['journey', 'reader', ...names, 'other work'],
      rows.map(({ journey, reader, cpu, others }) => [
        journey,
        reader,
        ...names.map((name) => round(cpu[name] ?? 0)),
        round(others),
      ]),
    )}`,
  );
  const { ms, keys, rows: found } = comparison;
  process.stdout.write(
    `\nTimes are in milliseconds. Queries, keys, documents and rows are those of the stores for one answer. Other work is in cores.\n` +
      `guarded-europol without admitted keys ($or over the marking's fields): ${round(ms)} ms, ${keys} keys, ${found} rows\n`,
  );
  for (const fault of faults) process.stdout.write(`FAULT ${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
  const join3 = measured.find(({ journey, reader }) => journey === 'join' && reader === 'broad');
  if (join3 === undefined) return;
  process.stdout.write(
    `bench:ask: ${round(join3.together.p99)} ms (p99 of the three-way join at ${effort.atOnce} at once, ` +
      `${world.records.toLocaleString('en')} records in each store; ${round(join3.alone.p50)} ms p50 at 1)\n`,
  );
}

if (flags.help) process.stdout.write(help);
else await main();
