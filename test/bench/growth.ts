import { writeFileSync } from 'node:fs';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { cpuTimes } from './ask/cpu.ts';
import { ask, type Gateways, memoryOf, pin, startGateways } from './engine/gateways.ts';
import { runLoad } from './engine/load.ts';
import { gatewayNames } from './engine/report.ts';
import { percentile, round } from './figures.ts';
import { type Axis, axes } from './growth/axes.ts';
import { type Figures, type First, formatFigures, ratiosOf, type Round } from './growth/report.ts';
import { logProgress, Place } from './place.ts';

const help = `Measures how the cost of an answer grows, of the gateway's engine and of a bare @apollo/gateway in the same run.

  npm run bench:growth -- [options]

  --seconds N   duration of the load in each round (2)
  --rounds N    rounds of each level and gateway (2)
  --only NAME   only this: ${axes.map(({ name }) => name).join(', ')}; may be given more than once
  --json FILE   all figures as JSON
  --help

${axes.map(({ name, summary }) => `  ${name.padEnd(14)}${summary}`).join('\n')}

The servers and subgraphs are those of bench:engine: one core for the gateway, the other one for the subgraphs and the
client. The rounds of the two gateways alternate. CPU time is that of the gateway's process, which other work on the machine
changes little. Each level first compares the data of both gateways.

Uses loopback only. Exits with 1 if the gateways answer different data. Needs Linux and two cores.

Example:
  npm run bench:growth -- --only entities --seconds 1 --rounds 1
`;

const warmupSeconds = 2;

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '2' },
    only: { type: 'string', multiple: true },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  await using place = new Place('bench-growth');
  const isPinned = pin(process.pid, 'others');
  const gateways = await startGateways(place, 'shop');
  const rounds: Round[] = [];
  const firsts: First[] = [];
  for (const axis of axes.filter(({ name }) => flags.only?.includes(name) ?? true)) {
    for (const level of axis.levels) {
      if (axis.name === 'operations') firsts.push(...(await measureFirsts(gateways, axis.queries(level))));
      rounds.push(...(await measureLevel(gateways, axis, level)));
    }
  }
  await getGlobalDispatcher().close();
  report({ isPinned, rounds, firsts });
}

/** Sends operations once, one after the other, of which the gateways have not planned most yet. */
async function measureFirsts(gateways: Gateways, queries: readonly string[]): Promise<readonly First[]> {
  const firsts: First[] = [];
  for (const gateway of gatewayNames) {
    const { url, pid } = gateways[gateway];
    const before = cpuOf(pid);
    for (const query of queries) await ask(url, query);
    firsts.push({ level: queries.length, gateway, cpu: (cpuOf(pid) - before) / queries.length });
  }
  return firsts;
}

async function measureLevel(gateways: Gateways, axis: Axis, level: number): Promise<readonly Round[]> {
  const rounds: Round[] = [];
  const bytes = await compareData(gateways, axis.queries(level)[0] ?? '');
  // The servers accept 1,000 connections each: those of the comparison must not be among them.
  await hangUp();
  for (let turn = 0; turn <= Number(flags.rounds); turn += 1) {
    // Turn 0 warms up both gateways. Every other turn starts with the other gateway.
    for (const gateway of turn % 2 === 0 ? gatewayNames : gatewayNames.toReversed()) {
      const seconds = turn === 0 ? warmupSeconds : Number(flags.seconds);
      const one = await measureRound(gateways, axis, level, gateway, bytes[gateway], seconds);
      if (turn > 0) rounds.push(one);
      const name = turn === 0 ? 'warm-up' : `round ${turn}`;
      logProgress(`${level} ${axis.name}, ${name}, ${gateway}: ${round(one.cpu)} ms of CPU for an answer`);
    }
  }
  return rounds;
}

async function measureRound(
  gateways: Gateways,
  axis: Axis,
  level: number,
  gateway: Round['gateway'],
  bodyBytes: number,
  seconds: number,
): Promise<Round> {
  const { url, pid } = gateways[gateway];
  const connections = axis.connections(level);
  const before = cpuOf(pid);
  const load = await runLoad(url, axis.queries(level), { connections, seconds, bodyBytes });
  const used = cpuOf(pid) - before;
  const { latencies, wrong } = load;
  return {
    axis: axis.name,
    level,
    gateway,
    answers: latencies.length,
    wrong,
    bytes: bodyBytes,
    cpu: used / latencies.length,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    rss: memoryOf(pid).now,
  };
}

function cpuOf(pid: number): number {
  return cpuTimes({ gateway: pid })['gateway'] ?? Number.NaN;
}

/** Compares the data of both gateways. Returns the sizes of their responses. Throws if the data differ. */
async function compareData(
  gateways: Gateways,
  query: string,
): Promise<Readonly<Record<Round['gateway'], number>>> {
  const [ours, bare] = [await ask(gateways.ours.url, query), await ask(gateways.bare.url, query)];
  if (!isDeepStrictEqual(ours.data, bare.data))
    throw new Error(`the gateways answer different data to ${query.slice(0, 60)}`);
  return { ours: ours.bytes, bare: bare.bytes };
}

async function hangUp(): Promise<void> {
  await getGlobalDispatcher().close();
  setGlobalDispatcher(new Agent());
}

function report(figures: Figures): void {
  if (flags.json !== undefined)
    writeFileSync(flags.json, `${JSON.stringify({ ...figures, ratios: ratiosOf(figures) }, null, 2)}\n`);
  process.stdout.write(formatFigures(figures));
  if (figures.rounds.some(({ wrong }) => wrong > 0)) process.exitCode = 1;
}

const names = axes.map(({ name }) => name as string);
const faults = [
  ...(['seconds', 'rounds'] as const).flatMap((name) =>
    Number(flags[name]) > 0 ? [] : [`--${name}: expected a number above 0, got ${flags[name]}`],
  ),
  ...(flags.only ?? []).flatMap((name) =>
    names.includes(name) ? [] : [`--only: expected one of ${names.join(', ')}, got ${name}`],
  ),
];
if (flags.help) process.stdout.write(help);
else if (faults.length === 0) await main();
else {
  process.stderr.write(`${faults.join('\n')}\n`);
  process.exitCode = 1;
}
