import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { startStores } from '../../docker/trial/stores/stores.ts';
import { startTrial, type Trial } from '../../docker/trial/trial.ts';
import { communities } from '../../schema/record/vocabulary.ts';
import { type Asker, askWhole, type Body, hangUp, measure } from './ask/client.ts';
import { type CpuTime, cpuPerAnswer, cpuTimes, type Processes, processesOf } from './ask/cpu.ts';
import { fillStores } from './ask/fill.ts';
import { journeysOf } from './ask/journeys.ts';
import { askerOf, readers } from './ask/readers.ts';
import { worldOf } from './ask/world.ts';
import { round, table } from './figures.ts';
import { Place, logProgress } from './place.ts';
import { unbounded } from './unbounded.ts';

const help = `Measures the CPU time of one answer in each process on its way: hub, subgraphs and MongoDB.

  npm run bench:road -- [options]

  --seconds N        how long each operation is asked (8)
  --warm-up N        seconds of requests before an operation is measured (20)
  --at-once N        concurrent requests (8)
  --records N        generated records in each store (2000)
  --only NAME        only this operation: typename, list, three-way, six-way; may be given more than once
  --keep MS          the hub keeps answers (JCU_KEEP_MS), and each operation is asked with the same variables (0)
  --home FOLDER      keep the filled stores there, and reuse them for the same number of records
  --against FOLDER   measure another checkout in the same run, in turn, and print the ratio to it
  --cpu-prof FOLDER  write a CPU profile of each process (hub, subgraphs, issuer) there
  --json FILE        all figures as JSON
  --help

Fills the six stores of a trial in a temporary folder, and asks each operation as one reader without a pause. Reads the
CPU time of each process from /proc before and after, so it runs on Linux only. Uses loopback only. Exits with 1 if an
answer is incomplete.

Times depend on the machine, and on its other work: compare two checkouts with --against.

Examples:
  npm run bench:road -- --seconds 3
  npm run bench:road -- --against ../main
  npm run bench:road -- --keep 900
  npm run bench:road -- --home /tmp/road --only three-way --cpu-prof /tmp/profiles
`;

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    'warm-up': { type: 'string', default: '20' },
    'at-once': { type: 'string', default: '8' },
    records: { type: 'string', default: '2000' },
    only: { type: 'string', multiple: true },
    keep: { type: 'string', default: '0' },
    home: { type: 'string' },
    against: { type: 'string' },
    'cpu-prof': { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const world = worldOf(Number(flags.records));
const seconds = Number(flags.seconds);
const atOnce = Number(flags['at-once']);
const isKept = flags.keep !== '0';
/** V8 compiles the hot functions after thousands of calls, so the first answers cost several times as much. */
const warmUp = Number(flags['warm-up']);

type Operation = { readonly name: string; readonly bodyAt: (turn: number) => Body };

/** The CPU milliseconds of one answer by part. `subgraphs` is the sum over the six. */
type Road = {
  readonly operation: string;
  readonly answers: number;
  readonly broken: number;
  readonly perSecond: number;
  readonly hub: number;
  readonly subgraphs: number;
  readonly mongod: number;
  readonly all: number;
  readonly bySubgraph: CpuTime;
};

/** One running trial: of this checkout, or of the one that it is compared with. */
type Side = { readonly asker: Asker; readonly processes: Processes };

async function main(): Promise<void> {
  await using place = new Place('bench-road');
  const home = flags.home === undefined ? join(place.folder, 'home') : resolve(flags.home);
  const sides = [await startSide(home, startTrial, place, { JCU_KEEP_MS: flags.keep })];
  if (flags.against !== undefined) {
    const module = join(resolve(flags.against), 'docker/trial/trial.ts');
    const other = (await import(pathToFileURL(module).href)) as { startTrial: typeof startTrial };
    sides.push(await startSide(`${home}-against`, other.startTrial, place));
  }
  const roads: Road[][] = [];
  for (const operation of operations().filter(({ name }) => flags.only?.includes(name) ?? true))
    roads.push(await measureRoads(sides, operation));
  await hangUp();
  report(roads);
}

async function startSide(
  home: string,
  start: typeof startTrial,
  place: Place,
  settings: Readonly<Record<string, string>> = {},
): Promise<Side> {
  await fill(home, place);
  const profiles = flags['cpu-prof'];
  const profiling =
    profiles === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${resolve(profiles)}` };
  const trial = await start({ home, port: 0, env: { ...unbounded, ...profiling, ...settings } });
  place.defer(async () => await trial.stop());
  const processes = processesOf(trial, join(home, 'stores'));
  await untilIdle(processes);
  return { asker: await broadReader(trial), processes };
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

/** No operation asks for a cursor: most clients read one page. */
function operations(): readonly Operation[] {
  const journeys = journeysOf(world);
  const found = (wanted: string) => {
    const journey = journeys.find(({ name }) => name === wanted);
    if (journey === undefined) throw new Error(`expected the journey ${wanted}, found none`);
    return (turn: number): Body => ({
      query: journey.query,
      variables: journey.variables(isKept ? 0 : turn),
    });
  };
  return [
    { name: 'typename', bodyAt: () => ({ query: '{ __typename }', variables: {} }) },
    { name: 'list', bodyAt: () => ({ query: list, variables: {} }) },
    { name: 'three-way', bodyAt: found('join') },
    { name: 'six-way', bodyAt: (turn) => ({ query: sixWay, variables: found('join')(turn).variables }) },
  ];
}

const marked = 'envelope { originator { id } marking { tlp pap } receivedAt }';
const list = `{ advisories(first: 25) { nodes { id serial title { value } publishedAt { utc } ${marked} } } }`;
const sixWay = `query ($id: String!) { vulnerability(id: $id) { id name
  exploitation(first: 10) { nodes { id catalogue ${marked} } }
  advisories(first: 10) { nodes { id serial ${marked} } }
  ransomwareFamilies(first: 10) { nodes { id name ${marked} } }
  cyberIncidents(first: 10) { nodes { id name ${marked} } }
  defenceAssessments(first: 10) { nodes { id judgement ${marked} } }
  jointCaseRecords(first: 10) { nodes { id workflow ${marked} } } } }`;

async function broadReader(trial: Trial): Promise<Asker> {
  const [broad] = readers;
  if (broad === undefined) throw new Error('expected a reader, found none');
  return await askerOf(trial, broad);
}

/** Asks one operation without a pause, after a warm-up. Two sides take turns, so that both meet the same machine. */
async function measureRoads(sides: readonly Side[], operation: Operation): Promise<Road[]> {
  const { name, bodyAt } = operation;
  const limits = { atOnce, answers: Number.POSITIVE_INFINITY };
  for (const { asker, processes } of sides) {
    await measure(asker, bodyAt, { ...limits, seconds: warmUp, from: 100_000 });
    // The first answers of new processes may miss the deadline of a busy machine.
    await askWhole(asker, bodyAt(0));
    await untilIdle(processes);
  }
  const sums = sides.map(() => ({ cpu: {} as CpuTime, answers: 0, broken: 0, ms: 0 }));
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [at, { asker, processes }] of sides.entries()) {
      const began = performance.now();
      const before = cpuTimes(processes);
      const from = turn * 10_000;
      const { answers, broken } = await measure(asker, bodyAt, { ...limits, seconds: seconds / turns, from });
      const spent = cpuPerAnswer(before, cpuTimes(processes), 1);
      const sum = sums[at];
      if (sum === undefined) continue;
      sum.cpu = Object.fromEntries(
        Object.entries(spent).map(([part, ms]) => [part, ms + (sum.cpu[part] ?? 0)]),
      );
      sum.answers += answers;
      sum.broken += broken;
      sum.ms += performance.now() - began;
    }
  }
  const roads = sums.map((sum) => toRoad(name, sum));
  logProgress(
    `${name}: ${roads.map(({ all }) => `${round(all)} ms`).join(', against ')} of CPU for one answer`,
  );
  return roads;
}

const turns = 4;

function toRoad(
  operation: string,
  {
    cpu,
    answers,
    broken,
    ms,
  }: { readonly cpu: CpuTime; readonly answers: number; readonly broken: number; readonly ms: number },
): Road {
  const of = (part: string) => (cpu[part] ?? 0) / Math.max(answers, 1);
  const bySubgraph = Object.fromEntries(communities.map((community) => [community, of(community)]));
  const subgraphs = Object.values(bySubgraph).reduce((sum, one) => sum + one, 0);
  const [hub, mongod, perSecond] = [of('hub'), of('mongod'), (answers * 1000) / ms];
  const all = hub + subgraphs + mongod;
  return { operation, answers, broken, perSecond, hub, subgraphs, mongod, all, bySubgraph };
}

/** Waits for the end of background work: after its start, a subgraph checks the access keys of its records. */
async function untilIdle({ client: _client, ...parts }: Processes): Promise<void> {
  const busy = () => Object.values(cpuTimes(parts)).reduce((sum, ms) => sum + ms, 0);
  for (let waited = 0; waited < maxRounds; waited += 1) {
    const before = busy();
    await pause(roundMs);
    if (busy() - before < roundMs / 5) return;
  }
}

const roundMs = 250;
const maxRounds = 40;

function report(measured: readonly (readonly Road[])[]): void {
  if (flags.json !== undefined) {
    const conditions = { records: world.records, seconds, atOnce, node: process.version };
    writeFileSync(flags.json, `${JSON.stringify({ ...conditions, roads: measured }, null, 2)}\n`);
  }
  const rows = measured.flatMap((sides) =>
    sides.map((one, at) => [
      at === 0 ? one.operation : `${one.operation}, against`,
      ...[one.all, one.hub, one.subgraphs, one.mongod].map(round),
      ...communities.map((community) => round(one.bySubgraph[community] ?? 0)),
      round(one.perSecond),
      String(one.broken),
    ]),
  );
  const heads = ['operation', 'all', 'hub', 'subgraphs', 'mongod', ...communities, 'answers/s', 'broken'];
  process.stdout.write(`CPU milliseconds for one answer, at ${atOnce} concurrent requests:\n`);
  process.stdout.write(table(heads, rows));
  for (const [one, other] of measured) {
    if (one === undefined || other === undefined) continue;
    const ratios = (['all', 'hub', 'subgraphs', 'mongod'] as const).map(
      (part) => `${round(one[part] / other[part])} ${part}`,
    );
    process.stdout.write(`${one.operation}, ratio to the other checkout: ${ratios.join(', ')}\n`);
  }
  const ours = measured.flatMap(([one]) => one ?? []);
  if (ours.some(({ broken }) => broken > 0)) process.exitCode = 1;
  const figures = ours.map(({ all, operation }) => `${round(all)} ms ${operation}`);
  process.stdout.write(
    `road: ${figures.join(', ')} (CPU of one answer, kept answers ${isKept ? 'on' : 'off'})\n`,
  );
}

if (flags.help) process.stdout.write(help);
else await main();
