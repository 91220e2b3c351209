import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { loadScenario } from '../../docker/trial/scenario.ts';
import { startTrial, type Trial } from '../../docker/trial/trial.ts';
import { communities } from '../../schema/record/vocabulary.ts';
import { fetchToken } from '../../docker/trial/issuer/token.ts';
import { type Asker, hangUp } from './ask/client.ts';
import { memoryNow } from './attacks/hub-process.ts';
import { percentile, round, table } from './figures.ts';
import { type StoreName, storeNames } from '../../docker/trial/stores/stores.ts';
import { Load, type Sample } from './outages/load.ts';
import { stepDown } from './outages/step-down.ts';
import { Place, logProgress } from './place.ts';
import { unbounded } from './unbounded.ts';

const victims = ['subgraph', 'store', 'primary'] as const;
const othersAtOnce = 2;

const help = `Kills each community's subgraph and store in turn under load, makes the primary of each store step down, and measures
what is missing and for how long.

  npm run bench:outages -- [options]

  --seconds N   how long each is down (4)
  --at-once N   concurrent requests (8)
  --only NAME   only this store: ${storeNames.join(', ')}; may be given more than once
  --by NAME     only this: ${victims.join(', ')}; may be given more than once
  --json FILE   all figures as JSON
  --help

Starts a trial with the exercise and a database server for each store, and requests one vulnerability with a list of each
community without a pause. Two further concurrent requests ask every community but the one that is down ("others"). Kills with
SIGKILL. A store whose primary steps down has none until its only node elects itself again. Without the hub's store no answer
leaves, so that the hub's store only steps down. Uses loopback only. Exits with 1 if an answer lacks another community than the
one that is down, if there is no answer (the hub's store excepted), if an answer takes longer than the deadline of requests
(10 s), or if answers do not become whole again.

Example:
  npm run bench:outages -- --only defence --seconds 2
`;

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    'at-once': { type: 'string', default: '8' },
    only: { type: 'string', multiple: true },
    by: { type: 'string', multiple: true },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const comesBackMs = 60_000;
/** The deadline of a request in the hub. */
const requestMs = 10_000;
const mib = 2 ** 20;

/** The effect of one outage on the answers. Times are in milliseconds, memory of the hub in MiB. */
type Outage = {
  readonly community: StoreName;
  readonly killed: (typeof victims)[number];
  /** The number of answers while the part was down, and of those that lack only its data. */
  readonly answers: number;
  readonly withoutIt: number;
  readonly lostMore: number;
  readonly failed: number;
  readonly p99Before: number;
  readonly p50Away: number;
  readonly p99Away: number;
  /** The p99 of the requests that do not ask the community, before and meanwhile. */
  readonly othersBefore: number;
  readonly othersAway: number;
  /** The longest time to an answer. */
  readonly longest: number;
  readonly memoryBefore: number;
  readonly memoryAfter: number;
  /** Time from the restart, or from the end of the step-down, to the first complete answer; null without one. */
  readonly recovery: number | null;
};

async function main(): Promise<void> {
  await using place = new Place('bench-outages');
  const trial = await startTrial({ home: join(place.folder, 'home'), port: 0, apart: true, env: unbounded });
  place.defer(async () => await trial.stop());
  await loadScenario(trial.home.folder, trial.stores.uris, logProgress);
  const who = {
    as: 'cert-eu-analyst',
    purpose: 'incident-response',
    picture: 'exercise:trial-2026',
  } as const;
  const where = { issuer: trial.issuer, home: trial.home.folder };
  const outages: Outage[] = [];
  for (const community of storeNames.filter((name) => flags.only?.includes(name) ?? true)) {
    for (const killed of victims.filter((name) => flags.by?.includes(name) ?? true)) {
      if (community === 'hub' && killed !== 'primary') continue;
      const { accessToken } = await fetchToken({ ...who, ...where });
      outages.push(await failUnderLoad(trial, community, killed, { url: trial.url, token: accessToken }));
    }
  }
  await hangUp();
  report(outages);
}

async function failUnderLoad(
  trial: Trial,
  community: StoreName,
  killed: Outage['killed'],
  asker: Asker,
): Promise<Outage> {
  const load = new Load(asker, Number(flags['at-once']));
  const others = new Load(
    asker,
    othersAtOnce,
    communities.filter((name) => name !== community),
  );
  try {
    const began = performance.now();
    if ((await load.until(began, isWhole, comesBackMs)) === null)
      throw new Error('no whole answer to begin with');
    const warm = performance.now();
    await pause(2000);
    const memoryBefore = memoryOfHub(trial);
    const away = performance.now();
    await takeAway(trial, community, killed);
    const gone = performance.now();
    await pause(Number(flags.seconds) * 1000);
    const back = performance.now();
    await bringBack(trial, community, killed);
    const whole = await load.until(back, isWhole, comesBackMs);
    await pause(500);
    const memoryAfter = memoryOfHub(trial);
    await Promise.all([load.stop(), others.stop()]);
    // Requests that were pending at the kill count for neither.
    const before = ({ samples }: Load) =>
      samples.filter(({ at, ms }) => at >= warm && at < away && at + ms <= away);
    const meanwhile = ({ samples }: Load) => samples.filter(({ at }) => at >= gone && at < back);
    const during = meanwhile(load);
    // Answers around the kill and the restart may be complete or lack the part.
    const all = [...load.samples, ...others.samples].filter(({ at }) => at >= warm);
    const outage: Outage = {
      community,
      killed,
      answers: during.length,
      withoutIt: during.filter(({ lost }) => lost.length === 1 && lost[0] === community).length,
      lostMore: all.filter(({ lost }) => lost.some((name) => name !== community)).length,
      failed: all.filter(({ failed }) => failed).length,
      p99Before: percentileOf(before(load), 0.99),
      p50Away: percentileOf(during, 0.5),
      p99Away: percentileOf(during, 0.99),
      othersBefore: percentileOf(before(others), 0.99),
      othersAway: percentileOf(meanwhile(others), 0.99),
      longest: Math.max(...all.map(({ ms }) => ms)),
      memoryBefore,
      memoryAfter,
      recovery: whole === null ? null : whole.at + whole.ms - back,
    };
    logProgress(
      `${community}, ${killed}: ${outage.withoutIt} of ${outage.answers} answers lack only its data`,
    );
    return outage;
  } finally {
    await Promise.all([load.stop(), others.stop()]);
  }
}

async function takeAway(trial: Trial, name: StoreName, killed: Outage['killed']): Promise<void> {
  if (killed === 'primary') await stepDown(trial, name, Number(flags.seconds));
  else if (killed === 'store') await trial.stores.killOne(name);
  else await trial.parts.get(name)?.kill();
}

/** Starts a part that was killed again. A primary that stepped down returns without help. */
async function bringBack(trial: Trial, name: StoreName, killed: Outage['killed']): Promise<void> {
  if (killed === 'store') await trial.stores.startOne(name);
  else if (killed === 'subgraph') await trial.restart(name);
}

function memoryOfHub({ parts }: Trial): number {
  return memoryNow(parts.get('hub')?.pid ?? 0) / mib;
}

function percentileOf(samples: readonly Sample[], share: number): number {
  return percentile(
    samples.map(({ ms }) => ms),
    share,
  );
}

function isWhole({ lost, failed }: Sample): boolean {
  return !failed && lost.length === 0;
}

function report(outages: readonly Outage[]): void {
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(outages, null, 2)}\n`);
  const heads = [
    'killed',
    '',
    'answers',
    'lack it alone',
    'lack more',
    'none',
    'p99 before',
    'p50 away',
    'p99 away',
    'others before',
    'others away',
    'longest',
    'memory before, after',
  ];
  const rows = outages.map((one) => [
    one.community,
    one.killed,
    ...[one.answers, one.withoutIt, one.lostMore, one.failed].map(String),
    ...[one.p99Before, one.p50Away, one.p99Away, one.othersBefore, one.othersAway, one.longest].map(
      (ms) => `${round(ms)} ms`,
    ),
    `${round(one.memoryBefore)}, ${round(one.memoryAfter)} MiB`,
    one.recovery === null ? 'never' : `${round(one.recovery / 1000)} s`,
  ]);
  process.stdout.write(table([...heads, 'complete after'], rows));
  const lost = outages.reduce(
    (sum, one) => sum + one.lostMore + (one.community === 'hub' ? 0 : one.failed),
    0,
  );
  const answers = outages.reduce((sum, one) => sum + one.answers, 0);
  if (lost > 0 || outages.some((one) => !isContained(one))) process.exitCode = 1;
  process.stdout.write(
    `bench:outages: ${lost} answers (that lack more than the part that is down; ${answers} requests while one of ` +
      `${outages.length} parts was down)\n`,
  );
}

/** Tells whether an outage ended, kept to the deadline, and cost its data in each answer. A step-down may cost none. */
function isContained({ killed, recovery, longest, answers, withoutIt }: Outage): boolean {
  return recovery !== null && longest <= requestMs && (killed === 'primary' || withoutIt === answers);
}

if (flags.help) process.stdout.write(help);
else await main();
