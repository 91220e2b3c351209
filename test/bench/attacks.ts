import { statSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { fetchToken } from '../../docker/trial/issuer/token.ts';
import { loadScenario, scenarioExercise } from '../../docker/trial/scenario.ts';
import { startTrial, type Trial } from '../../docker/trial/trial.ts';
import { type Attack, attacks } from './attacks/catalogue.ts';
import { Attacker, type Sent } from './attacks/attacker.ts';
import {
  CalmReaders,
  checkCovered,
  hangUpCalm,
  prepareCalm,
  questionsWithout,
  type Sample,
} from './attacks/calm.ts';
import {
  cpuSeconds,
  heapOptions,
  isAlive,
  MemoryLimit,
  peakOf,
  readMemoryLimit,
  resetPeak,
} from './attacks/hub-process.ts';
import { collectedMemory, inspectorOptions } from './attacks/live-memory.ts';
import { percentile, round, table } from './figures.ts';
import { Place, logProgress } from './place.ts';

const help = `Attacks the hub as one subgraph and as single readers, and measures the answers to calm readers meanwhile.

  npm run bench:attacks -- [options]

  --seconds N   duration of the calm phase and of each attack (60)
  --rate N      requests a second of the calm readers (10); lower it on a busy machine
  --only NAME   only this attack; may be given more than once
  --json FILE   all figures as JSON
  --help

Attacks:
${attacks.map(({ name, summary }) => `  ${name.padEnd(22)}${summary}`).join('\n')}

Starts a trial with the exercise, the standard budgets and a proxy in front of CERT-EU's subgraph. Three calm readers send
the calm requests, which ask every community. They also send half as many that ask every community but CERT-EU ("others"). The hub's memory limit is that of docker/compose.yaml: it is enforced where this user may
make a control group (cgroup v2), otherwise only the peak is compared with it. Uses loopback only. Exits with 1 if the hub
ended, if its memory passed the limit, if a calm reader got no answer, one after the deadline of requests (10 s), or one that
lacks a part (that of an attacking subgraph excepted), if whole answers did not return within 30 s after an attack, or if a
p99 is above twice that of the calm phase plus 50 ms. While a subgraph is silent, only that of the others counts.

Example:
  npm run bench:attacks -- --only totals --only no-disclosures --seconds 20 --json figures.json
`;

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '10' },
    only: { type: 'string', multiple: true },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const calmReaders = ['cert-eu-analyst', 'enisa-analyst', 'fr-csirt-analyst'];
const hostile = 'cert-eu';
const warmUpMs = 3000;
/** The first phase is the one that all others are compared with: V8 must have compiled the code before. */
const firstWarmUpMs = 10_000;
const settleMs = 2000;
const floorMs = 50;
const mib = 2 ** 20;
const recoveryMs = 30_000;
/** The deadline of a request in the hub. */
const requestMs = 10_000;
const none: Attack = { name: 'none', summary: 'calm', readers: [], atOnce: 0, isSilent: false };

/** The figures of one phase. Times are in milliseconds, sizes in MiB. */
type Phase = {
  readonly attack: string;
  readonly answers: number;
  readonly p50: number;
  readonly p99: number;
  /** The p99 without the time that a request waits for the previous answer of its reader. */
  readonly responseP99: number;
  /** The p99 of the requests that do not ask the attacking subgraph. */
  readonly othersP99: number;
  /** The longest time from the sending of a request to the end of its answer. */
  readonly longest: number;
  /** From the end of the attack to the end of the first whole answer; null without one. */
  readonly recovery: number | null;
  readonly isSilent: boolean;
  /** Load average of the machine over the last minute. */
  readonly load: number;
  readonly failed: number;
  /** Answers that lack a part that they must have. */
  readonly lostOther: number;
  /** Answers with the part of the attacking subgraph, and those that lack its part alone. */
  readonly withHostile: number;
  readonly withoutHostile: number;
  readonly isAlive: boolean;
  /** The peak of the hub's resident memory; of its whole life if `isPeakReset` is false. */
  readonly peak: number;
  /** The hub's memory in use after a garbage collection: before the attack, and after it once answers were whole again. */
  readonly memoryBefore: number;
  readonly memoryAfter: number;
  readonly isPeakReset: boolean;
  readonly cpuSeconds: number;
  /** Growth of the hub's log. */
  readonly log: number;
  readonly sent: Sent;
};

type Bench = { readonly trial: Trial; readonly attacker: Attacker; readonly limit: MemoryLimit };

async function main(chosen: readonly Attack[], seconds: number): Promise<void> {
  await using place = new Place('bench-attacks');
  const limit = new MemoryLimit(readMemoryLimit());
  place.defer(async () => await Promise.resolve(limit.remove()));
  const attacker = await Attacker.start();
  place.defer(async () => await attacker.close());
  const env = {
    JCU_SUBGRAPH_CERT_EU_URL: attacker.url,
    NODE_OPTIONS: `${heapOptions(limit.bytes)} ${inspectorOptions}`,
  };
  const trial = await startTrial({ home: join(place.folder, 'home'), port: 0, env });
  place.defer(async () => await trial.stop());
  limit.add(hubOf(trial));
  await loadScenario(trial.home.folder, trial.stores.uris, logProgress);
  const bench = { trial, attacker, limit };
  const calm = await measure(bench, none, seconds);
  const phases: Phase[] = [];
  for (const attack of chosen) {
    phases.push(await measure(bench, attack, seconds));
    if (isAlive(hubOf(trial))) continue;
    await trial.restart('hub');
    limit.add(hubOf(trial));
  }
  await hangUpCalm();
  report(calm, phases, limit, seconds);
}

function hubOf({ parts }: Trial): number {
  return parts.get('hub')?.pid ?? 0;
}

/** Runs the calm readers, and an attack after a short time without one. */
async function measure({ trial, attacker }: Bench, attack: Attack, seconds: number): Promise<Phase> {
  const order = { attack: attack.name, hub: trial.url, subgraph: trial.parts.get(hostile)?.url ?? '' };
  if (attack === none) await attacker.begin({ ...order, tokens: [], atOnce: 0 });
  const readers = [];
  const others = [];
  for (const as of calmReaders) {
    const asker = { url: trial.url, token: await tokenOf(trial, as, 'incident-response') };
    readers.push(await prepareCalm(asker));
    others.push(await prepareCalm(asker, questionsWithout(hostile)));
  }
  checkCovered(readers);
  const tokens: string[] = [];
  for (const as of attack.readers) tokens.push(await tokenOf(trial, as));
  const periodMs = (1000 * readers.length) / Number(flags.rate);
  const pid = hubOf(trial);
  const memoryBefore = await usedMemory(trial);
  const [calm, bystanders] = [new CalmReaders(readers, periodMs), new CalmReaders(others, 2 * periodMs)];
  await pause(attack === none ? firstWarmUpMs : warmUpMs);
  const isPeakReset = resetPeak(pid);
  const [cpu, log] = [cpuSeconds(pid), logOf(trial)];
  if (attack !== none) await attacker.begin({ ...order, tokens, atOnce: attack.atOnce });
  const from = performance.now();
  await pause(seconds * 1000);
  const to = performance.now();
  const used = { cpuSeconds: cpuSeconds(pid) - cpu, log: (logOf(trial) - log) / mib };
  const sent = await attacker.end();
  const wholeAt = await calm.untilWhole(to, recoveryMs);
  const [samples, ofOthers] = await Promise.all([calm.stop(from, to), bystanders.stop(from, to)]);
  await pause(settleMs);
  const phase: Phase = {
    attack: attack.name,
    ...countSamples(samples, ofOthers, attack !== none && attack.readers.length === 0, to),
    recovery: wholeAt === null ? null : wholeAt - to,
    isSilent: attack.isSilent,
    isAlive: isAlive(pid),
    peak: peakOf(pid) / mib,
    memoryBefore,
    memoryAfter: await usedMemory(trial),
    isPeakReset,
    load: loadavg()[0] ?? Number.NaN,
    ...used,
    sent,
  };
  logProgress(`${attack.name}: p99 ${round(phase.p99)} ms, peak ${round(phase.peak)} MiB`);
  return phase;
}

async function tokenOf(trial: Trial, as: string, purpose?: string): Promise<string> {
  const where = { issuer: trial.issuer, home: trial.home.folder };
  const { accessToken } = await fetchToken({ ...where, as, picture: scenarioExercise, purpose });
  return accessToken;
}

function logOf(trial: Trial): number {
  return statSync(logFileOf(trial)).size;
}

function logFileOf({ home }: Trial): string {
  return join(home.folder, 'logs', 'hub.log');
}

/** Returns the hub's memory in use in MiB; NaN if it has ended. */
async function usedMemory(trial: Trial): Promise<number> {
  const pid = hubOf(trial);
  return isAlive(pid) ? (await collectedMemory(pid, logFileOf(trial))) / mib : Number.NaN;
}

/** Counts the answers. Only a part of the attacking subgraph may be missing. */
function countSamples(
  samples: readonly Sample[],
  ofOthers: readonly Sample[],
  isBySubgraph: boolean,
  to: number,
) {
  const both = [...samples, ...ofOthers];
  const times = samples.map(({ ms }) => ms);
  const answered = samples.filter(({ failed }) => !failed);
  // An answer that ends after the attack may have the hostile part again.
  const during = answered.filter(({ at, ms }) => isBySubgraph && at + ms <= to);
  return {
    answers: samples.length,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    responseP99: percentile(
      samples.map(({ responseMs }) => responseMs),
      0.99,
    ),
    othersP99: percentile(
      ofOthers.map(({ ms }) => ms),
      0.99,
    ),
    longest: Math.max(...both.map(({ responseMs }) => responseMs)),
    failed: both.filter(({ failed }) => failed).length,
    lostOther: both.filter(({ lost }) => lost.some((name) => !isBySubgraph || name !== hostile)).length,
    withHostile: during.filter(({ kept }) => kept.includes(hostile)).length,
    withoutHostile: during.filter(({ lost }) => lost.length === 1 && lost[0] === hostile).length,
  };
}

/** Returns what does not hold in a phase. */
function faultsOf(phase: Phase, calm: Phase, limit: MemoryLimit): readonly string[] {
  const most = 2 * calm.p99 + floorMs;
  const ofOthers = 2 * calm.othersP99 + floorMs;
  return [
    ...(phase.isAlive ? [] : ['the hub ended']),
    ...(phase.failed > 0 ? [`${phase.failed} calm requests without an answer`] : []),
    ...(phase.lostOther > 0 ? [`${phase.lostOther} calm answers lack another part`] : []),
    ...(phase.withHostile > 0 ? [`${phase.withHostile} calm answers have the hostile part`] : []),
    ...(phase.peak * mib > limit.bytes ? [`peak memory ${round(phase.peak)} MiB`] : []),
    ...(phase.p99 > most && !phase.isSilent
      ? [`p99 ${round(phase.p99)} ms, at most ${round(most)} ms expected`]
      : []),
    ...(phase.othersP99 > ofOthers
      ? [`p99 of the others ${round(phase.othersP99)} ms, at most ${round(ofOthers)} ms expected`]
      : []),
    ...(phase.longest > requestMs ? [`an answer after ${round(phase.longest)} ms`] : []),
    ...(phase.recovery === null ? [`no whole answer within ${recoveryMs / 1000} s after it`] : []),
    ...(phase.attack !== none.name && phase.sent.requests === 0 ? ['nothing was sent'] : []),
  ];
}

function report(calm: Phase, phases: readonly Phase[], limit: MemoryLimit, seconds: number): void {
  const limitMb = limit.bytes / mib;
  if (flags.json !== undefined) {
    const figures = {
      seconds,
      rate: Number(flags.rate),
      limitMb,
      isEnforced: limit.isEnforced,
      node: process.version,
      calm,
      phases,
    };
    writeFileSync(flags.json, `${JSON.stringify(figures, null, 2)}\n`);
  }
  const heads = [
    'attack',
    'calm answers',
    'p50',
    'p99',
    'response p99',
    "others' p99",
    'longest',
    'none',
    'lack more',
    'lack it alone',
  ];
  process.stdout.write(
    table(
      [...heads, 'whole after', 'hub', 'in use before, after', 'peak', 'CPU', 'log', 'sent', 'statuses'],
      [calm, ...phases].map(rowOf),
    ),
  );
  const used = limit.isEnforced ? 'enforced by a control group' : 'compared with the peak only';
  process.stdout.write(`memory limit of the hub: ${limitMb} MiB, ${used}\n`);
  const load = Math.max(...[calm, ...phases].map((phase) => phase.load));
  process.stdout.write(
    `load average of the machine: up to ${round(load)} on ${availableParallelism()} cores\n`,
  );
  if ([calm, ...phases].some(({ isPeakReset }) => !isPeakReset))
    process.stdout.write(
      'peaks are those since the start of the hub: the system does not permit to reset them\n',
    );
  for (const phase of [calm, ...phases]) {
    for (const fault of faultsOf(phase, calm, limit)) {
      process.stdout.write(`${phase.attack}: ${fault}\n`);
      process.exitCode = 1;
    }
  }
  const worst = phases.toSorted((one, other) => slowdownOf(other, calm) - slowdownOf(one, calm))[0] ?? calm;
  const peak = Math.max(...[calm, ...phases].map((phase) => phase.peak).filter(Number.isFinite));
  process.stdout.write(
    `bench:attacks: ${round(slowdownOf(worst, calm))} x (p99 of calm readers under the worst of ${phases.length} attacks, ` +
      `${worst.attack}, against ${round(calm.p99)} ms without one; peak memory ${round(peak)} of ${limitMb} MiB)\n`,
  );
}

/** Returns the ratio of a phase's p99 to the calm one: of the others only, while the subgraph is silent. */
function slowdownOf(phase: Phase, calm: Phase): number {
  const ofOthers = phase.othersP99 / calm.othersP99;
  return phase.isSilent ? ofOthers : Math.max(ofOthers, phase.p99 / calm.p99);
}

function rowOf(phase: Phase): readonly string[] {
  const { sent } = phase;
  const statuses = Object.entries(sent.statuses).map(([status, count]) => `${count} x ${status}`);
  return [
    phase.attack,
    String(phase.answers),
    ...[phase.p50, phase.p99, phase.responseP99, phase.othersP99, phase.longest].map(
      (ms) => `${round(ms)} ms`,
    ),
    ...[phase.failed, phase.lostOther, phase.withoutHostile].map(String),
    phase.recovery === null ? 'never' : `${round(phase.recovery / 1000)} s`,
    phase.isAlive ? 'alive' : 'ended',
    `${round(phase.memoryBefore)}, ${round(phase.memoryAfter)} MiB`,
    `${round(phase.peak)} MiB`,
    `${round(phase.cpuSeconds)} s`,
    `${round(phase.log)} MiB`,
    `${sent.requests}, ${round(sent.bytes / mib)} MiB`,
    statuses.join(', '),
  ];
}

const unknown = (flags.only ?? []).filter((name) => !attacks.some((attack) => attack.name === name));
const seconds = Number(flags.seconds);
const faults = [
  ...(Number(flags.rate) > 0 ? [] : [`--rate: expected a number above 0, got ${flags.rate}`]),
  ...(unknown.length > 0 ? [`--only: expected an attack of --help, got ${unknown.join(', ')}`] : []),
  ...(seconds > 0 ? [] : [`--seconds: expected a number above 0, got ${flags.seconds}`]),
];
if (flags.help) process.stdout.write(help);
else if (faults.length === 0)
  await main(
    attacks.filter(({ name }) => flags.only?.includes(name) ?? true),
    seconds,
  );
else {
  process.stderr.write(`${faults.join('\n')}\n`);
  process.exitCode = 1;
}
