import { writeFileSync } from 'node:fs';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { getGlobalDispatcher } from 'undici';
import { cpuTimes } from './ask/cpu.ts';
import { distinctOperation } from './engine/everywhere.ts';
import { ask, type Gateways, memoryOf, pin, resetPeak, startGateways } from './engine/gateways.ts';
import { runLoad } from './engine/load.ts';
import {
  type Cold,
  type Figures,
  formatFigures,
  gatewayNames,
  type Large,
  ratioOf,
  type Round,
  type Size,
  sizes,
  type Which,
} from './engine/report.ts';
import { large, operations } from './engine/shop.ts';
import { percentile, round } from './figures.ts';
import { logProgress, Place } from './place.ts';

const help = `Measures the gateway's engine against a bare @apollo/gateway, in the same run and over the same subgraphs.

  npm run bench:engine -- [options]

  --seconds N      duration of the load in each round (4)
  --rounds N       rounds of each operation and gateway (3)
  --connections N  concurrent connections (50)
  --only NAME      only this part: load, shared, large, cold; may be given more than once
  --json FILE      all figures as JSON
  --help

load: three operations over four subgraphs. The rounds of the two gateways alternate. One gateway has one core; the
subgraphs and the client have the other one. The main figure is the number of requests for each second of CPU time of
the gateway, because other work on the machine changes it little. Each round first compares the data of both gateways.
shared: the big operation, with identical queries in progress shared.
large: an answer of over 8 MiB, requested six times from a fresh process: the median time and the peak of memory.
cold: operations that are not planned yet, over seven subgraphs that can all answer most fields.

Uses loopback only. Exits with 1 if the gateways answer different data. Needs Linux and two cores.

Example:
  npm run bench:engine -- --only load --seconds 2 --rounds 2
`;

const parts = ['load', 'shared', 'large', 'cold'] as const;
const warmupSeconds = 2;
const largeTurns = 5;

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '50' },
    only: { type: 'string', multiple: true },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  await using place = new Place('bench-engine');
  const isPinned = pin(process.pid, 'others');
  const rounds: Round[] = [];
  const shared: Round[] = [];
  let larges: readonly Large[] = [];
  let colds: readonly Cold[] = [];
  const over = async <T>(which: 'shop' | 'everywhere', measure: (gateways: Gateways) => Promise<T>) => {
    const gateways = await startGateways(place, which);
    const measured = await measure(gateways);
    await Promise.all(Object.values(gateways).map(async (part) => await part.kill()));
    return measured;
  };
  if (has('load')) rounds.push(...(await over('shop', measureLoad)));
  if (has('shared')) shared.push(...(await over('shop', measureShared)));
  // Fresh processes: after load, the heap would have room for the answer already.
  if (has('large')) larges = await over('shop', measureLarge);
  if (has('cold')) colds = await over('everywhere', measureCold);
  await getGlobalDispatcher().close();
  report({ isPinned, rounds, shared, larges, colds });
}

function has(part: (typeof parts)[number]): boolean {
  return flags.only?.includes(part) ?? true;
}

async function measureLoad(gateways: Gateways): Promise<readonly Round[]> {
  const rounds: Round[] = [];
  for (const size of sizes) {
    for (let turn = 0; turn <= Number(flags.rounds); turn += 1) {
      const bytes = await compareData(gateways, operations[size]);
      // Turn 0 warms up both gateways. Every other turn starts with the other gateway.
      const order = turn % 2 === 0 ? gatewayNames : gatewayNames.toReversed();
      for (const gateway of order) {
        const one = await measureRound(gateways, gateway, size, bytes[gateway], turn === 0);
        if (turn > 0) rounds.push(one);
        const name = turn === 0 ? 'warm-up' : `round ${turn}`;
        logProgress(`${size}, ${name}, ${gateway}: ${round(one.perCpuSecond)} requests per CPU second`);
      }
    }
  }
  return rounds;
}

/** Measures the big operation with identical queries in progress shared, and the bare gateway in the same rounds. */
async function measureShared(gateways: Gateways): Promise<readonly Round[]> {
  const rounds: Round[] = [];
  const names = ['shared', 'bare'] as const;
  for (let turn = 0; turn <= Number(flags.rounds); turn += 1) {
    const bytes = await compareData(gateways, operations.big);
    for (const gateway of turn % 2 === 0 ? names : names.toReversed()) {
      const bodyBytes = gateway === 'bare' ? bytes.bare : bytes.ours;
      const one = await measureRound(gateways, gateway, 'big', bodyBytes, turn === 0);
      if (turn > 0) rounds.push(one);
      logProgress(`big, shared in flight, ${gateway}: ${round(one.perCpuSecond)} requests per CPU second`);
    }
  }
  return rounds;
}

/** Compares the data of both gateways. Returns the sizes of their responses. Throws if the data differ. */
async function compareData(
  gateways: Gateways,
  query: string,
): Promise<Readonly<Record<'ours' | 'bare', number>>> {
  const [ours, bare] = [await ask(gateways.ours.url, query), await ask(gateways.bare.url, query)];
  if (!isDeepStrictEqual(ours.data, bare.data))
    throw new Error(`the gateways answer different data to ${query.slice(0, 60)}`);
  return { ours: ours.bytes, bare: bare.bytes };
}

async function measureRound(
  gateways: Gateways,
  gateway: Which,
  size: Size,
  bodyBytes: number,
  isWarmup: boolean,
): Promise<Round> {
  const { url, pid } = gateways[gateway];
  const processes = { gateway: pid, subgraphs: gateways.subgraphs.pid, client: process.pid };
  const before = cpuTimes(processes);
  const seconds = isWarmup ? warmupSeconds : Number(flags.seconds);
  const connections = Number(flags.connections);
  const { latencies, ms, wrong } = await runLoad(url, [operations[size]], {
    connections,
    seconds,
    bodyBytes,
  });
  const after = cpuTimes(processes);
  const used = (name: string) => (after[name] ?? 0) - (before[name] ?? 0);
  return {
    size,
    gateway,
    answers: latencies.length,
    wrong,
    bytes: bodyBytes,
    perCpuSecond: latencies.length / (used('gateway') / 1000),
    perSecond: latencies.length / (ms / 1000),
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    rss: memoryOf(pid).now,
    gatewayCore: used('gateway') / ms,
    otherCore: (used('subgraphs') + used('client')) / ms,
  };
}

async function measureLarge(gateways: Gateways): Promise<readonly Large[]> {
  const found: Large[] = [];
  for (const gateway of gatewayNames) {
    const { url, pid } = gateways[gateway];
    await ask(url, operations.small);
    resetPeak(pid);
    const rssBefore = memoryOf(pid).now;
    // The subgraphs compute their answers at the first request. Its time is not measured.
    const { bytes } = await ask(url, large);
    const took: number[] = [];
    for (let turn = 0; turn < largeTurns; turn += 1) took.push((await ask(url, large)).ms);
    const ms = percentile(took, 0.5);
    found.push({ gateway, bytes, ms, rssBefore, peak: memoryOf(pid).peak });
    logProgress(`large, ${gateway}: ${round(ms)} ms`);
  }
  await compareData(gateways, large);
  return found;
}

async function measureCold(gateways: Gateways): Promise<readonly Cold[]> {
  const found: Cold[] = [];
  for (const gateway of gatewayNames) {
    const { url } = gateways[gateway];
    // Opens the connections and loads the code, without an operation of this kind.
    await ask(url, '{ items { id } }');
    const took: number[] = [];
    for (let at = 0; at < 50; at += 1) took.push((await ask(url, distinctOperation(at))).ms);
    const all = took.reduce((sum, ms) => sum + ms, 0);
    found.push({ gateway, first: took[0] ?? Number.NaN, p50: percentile(took, 0.5), all });
    logProgress(
      `cold, ${gateway}: ${round(took[0] ?? Number.NaN)} ms, then ${round(percentile(took, 0.5))} ms`,
    );
  }
  await compareData(gateways, distinctOperation(0));
  return found;
}

function report(figures: Figures): void {
  if (flags.json !== undefined) {
    const ratios = Object.fromEntries(sizes.map((size) => [size, ratioOf(figures.rounds, size)]));
    writeFileSync(flags.json, `${JSON.stringify({ ...figures, ratios }, null, 2)}\n`);
  }
  process.stdout.write(formatFigures(figures));
  if (figures.rounds.some(({ wrong }) => wrong > 0)) process.exitCode = 1;
}

if (flags.help) process.stdout.write(help);
else await main();
