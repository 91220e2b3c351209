import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { fetchToken } from '../../docker/trial/issuer/token.ts';
import { loadScenario, scenarioExercise } from '../../docker/trial/scenario.ts';
import { startTrial, type Trial } from '../../docker/trial/trial.ts';
import { CalmReaders, hangUpCalm, prepareCalm } from './attacks/calm.ts';
import { cpuSeconds, isAlive } from './attacks/hub-process.ts';
import { percentile, round, table } from './figures.ts';
import { kinds } from './hostile/kinds.ts';
import type { Order, Statuses } from './hostile/sender.ts';
import { logProgress, Place } from './place.ts';

const help = `Sends hostile queries with a valid token, and measures the hub's CPU for each refusal and the answers to calm readers.

  npm run bench:hostile -- [options]

  --seconds N   duration of each kind (10)
  --rate N      hostile queries a second (1000)
  --at-once N   queries that are sent at once at the end (10000), over 900 connections
  --only NAME   only this kind; may be given more than once
  --json FILE   all figures as JSON
  --help

Kinds:
${kinds.map(({ name, summary }) => `  ${name.padEnd(18)}${summary}`).join('\n')}

Three calm readers send ten requests per second together. The CPU of a refusal is that of the hub's process, divided by the
hostile queries, without that of the calm requests meanwhile: each counts as much as one in the calm phase. Uses loopback only. Exits with 1 if the hub ended, if a
hostile query got no answer or was not refused, if a refusal took 5 ms of CPU or more, if a calm reader got no answer, or if the
p99 of the calm readers is above twice that of the calm phase plus 50 ms. The last two do not hold for the queries at once.

Example:
  npm run bench:hostile -- --only aliases --seconds 5 --json figures.json
`;

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    rate: { type: 'string', default: '1000' },
    'at-once': { type: 'string', default: '10000' },
    only: { type: 'string', multiple: true },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const maxCpuMs = 5;
const floorMs = 50;
/** The first phase is the one that all others are compared with: V8 must have compiled the code before. */
const warmUpMs = { first: 10_000, later: 2000 };
const noAttack = 'none';
const calmReaders = ['cert-eu-analyst', 'enisa-analyst', 'fr-csirt-analyst'];
const attackers = ['eeas-analyst', 'ee-milcert-analyst', 'pl-csirt-analyst'];

/** The figures of one phase, in milliseconds. `cpu` is that of one hostile query, without the calm requests. */
type Phase = {
  readonly name: string;
  readonly queries: number;
  readonly cpu: number;
  /** CPU of the hub in the whole phase, and the calm requests in it. */
  readonly used: number;
  readonly calmRequests: number;
  /** From the first hostile query to the last answer. */
  readonly duration: number;
  readonly p50: number;
  readonly p99: number;
  readonly calmFailed: number;
  readonly isAlive: boolean;
  readonly statuses: Statuses;
};

type Bench = { readonly trial: Trial; send(order: Order): Promise<Statuses> };

async function main(): Promise<void> {
  await using place = new Place('bench-hostile');
  const child = fork(join(import.meta.dirname, 'hostile', 'sender.ts'), { detached: true });
  place.defer(async () => await Promise.resolve(child.disconnect()));
  const trial = await startTrial({ home: join(place.folder, 'home'), port: 0 });
  place.defer(async () => await trial.stop());
  await loadScenario(trial.home.folder, trial.stores.uris, logProgress);
  const send = async (order: Order) => {
    child.send(order);
    const [statuses] = (await once(child, 'message')) as [Statuses];
    return statuses;
  };
  const bench = { trial, send };
  const seconds = Number(flags.seconds);
  const rate = Number(flags.rate);
  const calm = await measure(bench, noAttack, async () => await pause(seconds * 1000).then(() => ({})));
  const phases: Phase[] = [];
  for (const [at, { name: kind }] of kinds.entries()) {
    if (flags.only?.includes(kind) === false) continue;
    const token = await tokenOf(trial, attackers[at % attackers.length] ?? '');
    const order = { url: trial.url, token, kind, count: seconds * rate, perSecond: rate };
    phases.push(await measure(bench, kind, async () => await send(order), calm));
  }
  const count = Number(flags['at-once']);
  const last = { url: trial.url, token: await tokenOf(trial, 'eeas-analyst'), kind: 'fragment-bomb', count };
  phases.push(await measure(bench, 'at-once', async () => await send({ ...last, perSecond: 1e9 }), calm));
  await hangUpCalm();
  report(calm, phases);
}

/** Runs the calm readers and hostile queries together. */
async function measure(
  { trial }: Bench,
  name: string,
  attack: () => Promise<Statuses>,
  quiet: Phase | null = null,
): Promise<Phase> {
  const readers = [];
  for (const as of calmReaders)
    readers.push(await prepareCalm({ url: trial.url, token: await tokenOf(trial, as, 'incident-response') }));
  const calm = new CalmReaders(readers);
  await pause(name === noAttack ? warmUpMs.first : warmUpMs.later);
  const pid = trial.parts.get('hub')?.pid ?? 0;
  const cpu = cpuSeconds(pid);
  const from = performance.now();
  const statuses = await attack();
  const duration = performance.now() - from;
  const used = 1000 * (cpuSeconds(pid) - cpu);
  const samples = await calm.stop(from);
  const queries = Object.values(statuses).reduce((sum, one) => sum + one, 0);
  const times = samples.map(({ ms }) => ms);
  const ofCalm = quiet === null ? 0 : (quiet.used / quiet.calmRequests) * samples.length;
  const phase = {
    name,
    queries,
    cpu: Math.max(0, used - ofCalm) / queries,
    used,
    calmRequests: samples.length,
    duration,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    calmFailed: samples.filter(({ failed }) => failed).length,
    isAlive: isAlive(pid),
    statuses,
  };
  logProgress(
    `${name}: ${round(phase.cpu)} ms of CPU, p99 ${round(phase.p99)} ms ${JSON.stringify(statuses)}`,
  );
  return phase;
}

async function tokenOf(trial: Trial, as: string, purpose?: string): Promise<string> {
  const where = { issuer: trial.issuer, home: trial.home.folder };
  const { accessToken } = await fetchToken({ ...where, as, picture: scenarioExercise, purpose });
  return accessToken;
}

function faultsOf(phase: Phase, calm: Phase): readonly string[] {
  const most = 2 * calm.p99 + floorMs;
  const { statuses } = phase;
  return [
    ...(phase.isAlive ? [] : ['the hub ended']),
    ...(statuses['failed'] === undefined ? [] : [`${statuses['failed']} hostile queries without an answer`]),
    ...(statuses['200'] === undefined ? [] : [`${statuses['200']} hostile queries were not refused`]),
    ...(phase.cpu >= maxCpuMs
      ? [`${round(phase.cpu)} ms of CPU for each, below ${maxCpuMs} ms expected`]
      : []),
    ...(phase.calmFailed > 0 && phase.name !== 'at-once'
      ? [`${phase.calmFailed} calm requests without an answer`]
      : []),
    ...(phase.p99 > most && phase.name !== 'at-once'
      ? [`p99 ${round(phase.p99)} ms, at most ${round(most)} ms expected`]
      : []),
  ];
}

function report(calm: Phase, phases: readonly Phase[]): void {
  if (flags.json !== undefined) {
    const figures = { load: loadavg()[0], node: process.version, calm, phases };
    writeFileSync(flags.json, `${JSON.stringify(figures, null, 2)}\n`);
  }
  const rows = [calm, ...phases].map(({ name, queries, cpu, duration, p50, p99, calmFailed, statuses }) => [
    name,
    String(queries),
    `${round(duration / 1000)} s`,
    ...[cpu, p50, p99].map((ms) => `${round(ms)} ms`),
    String(calmFailed),
    Object.entries(statuses)
      .map(([status, count]) => `${count} x ${status}`)
      .join(', '),
  ]);
  process.stdout.write(
    table(
      ['kind', 'queries', 'answered in', 'CPU of one', 'calm p50', 'calm p99', 'calm, no answer', 'statuses'],
      rows,
    ),
  );
  process.stdout.write(
    `load average of the machine: ${round(loadavg()[0] ?? 0)} on ${availableParallelism()} cores\n`,
  );
  for (const phase of phases) {
    for (const fault of faultsOf(phase, calm)) {
      process.stdout.write(`${phase.name}: ${fault}\n`);
      process.exitCode = 1;
    }
  }
  const dearest = phases.toSorted((one, other) => other.cpu - one.cpu)[0] ?? calm;
  const worst = Math.max(...phases.filter(({ name }) => name !== 'at-once').map(({ p99 }) => p99));
  process.stdout.write(
    `bench:hostile: ${round(dearest.cpu)} ms (CPU of the dearest refusal, ${dearest.name}, of ${phases.length} kinds; ` +
      `p99 of calm readers up to ${round(worst)} ms, ${round(calm.p99)} ms without hostile queries)\n`,
  );
}

const numbers = ['seconds', 'rate', 'at-once'] as const;
const faults = [
  ...numbers.flatMap((name) =>
    Number(flags[name]) > 0 ? [] : [`--${name}: expected a number above 0, got ${flags[name]}`],
  ),
  ...(flags.only ?? []).flatMap((name) =>
    kinds.some((kind) => kind.name === name) ? [] : [`--only: expected a kind of --help, got ${name}`],
  ),
];
if (flags.help) process.stdout.write(help);
else if (faults.length === 0) await main();
else {
  process.stderr.write(`${faults.join('\n')}\n`);
  process.exitCode = 1;
}
