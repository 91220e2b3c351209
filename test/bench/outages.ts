import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { loadScenario } from '../../docker/trial/scenario.ts';
import { startTrial, type Trial } from '../../docker/trial/trial.ts';
import { communities, type Community } from '../../schema/record/vocabulary.ts';
import { fetchToken } from '../../docker/trial/issuer/token.ts';
import { hangUp } from './ask/client.ts';
import { percentile, round, table } from './figures.ts';
import { Load, type Sample } from './outages/load.ts';
import { Place, logProgress } from './place.ts';
import { unbounded } from './unbounded.ts';

const help = `Kills each community's subgraph and store in turn under load, and measures what is missing and for how long.

  npm run bench:outages -- [options]

  --seconds N   how long each is down (4)
  --at-once N   concurrent requests (8)
  --only NAME   only this community: ${communities.join(', ')}; may be given more than once
  --json FILE   all figures as JSON
  --help

Starts a trial with the exercise and a database server for each store, and requests one vulnerability with a list of each
community without a pause. Kills with SIGKILL. Uses loopback only. Exits with 1 if an answer lacks another community than
the killed one, if there is no answer, or if the killed part does not recover.

Example:
  npm run bench:outages -- --only defence --seconds 2
`;

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    'at-once': { type: 'string', default: '8' },
    only: { type: 'string', multiple: true },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const victims = ['subgraph', 'store'] as const;
const comesBackMs = 60_000;

/** The effect of one kill on the answers. Times are in milliseconds. */
type Outage = {
  readonly community: Community;
  readonly killed: (typeof victims)[number];
  /** The number of answers while the part was down, and of those that lack only its data. */
  readonly answers: number;
  readonly withoutIt: number;
  readonly lostMore: number;
  readonly failed: number;
  readonly p99Before: number;
  readonly p50Away: number;
  readonly p99Away: number;
  /** Time from the restart to the first complete answer, including the start; null without one. */
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
  for (const community of communities.filter((name) => flags.only?.includes(name) ?? true)) {
    for (const killed of victims) {
      const { accessToken } = await fetchToken({ ...who, ...where });
      outages.push(await killUnderLoad(trial, community, killed, { url: trial.url, token: accessToken }));
    }
  }
  await hangUp();
  report(outages);
}

async function killUnderLoad(
  trial: Trial,
  community: Community,
  killed: Outage['killed'],
  asker: { readonly url: string; readonly token: string },
): Promise<Outage> {
  const load = new Load(asker, Number(flags['at-once']));
  try {
    const began = performance.now();
    if ((await load.until(began, isWhole, comesBackMs)) === null)
      throw new Error('no whole answer to begin with');
    const warm = performance.now();
    await pause(2000);
    const away = performance.now();
    await (killed === 'store' ? trial.stores.killOne(community) : trial.parts.get(community)?.kill());
    const gone = performance.now();
    await pause(Number(flags.seconds) * 1000);
    const back = performance.now();
    await (killed === 'store' ? trial.stores.startOne(community) : trial.restart(community));
    const whole = await load.until(back, isWhole, comesBackMs);
    await pause(500);
    const asked = (from: number, to: number) => load.samples.filter(({ at }) => at >= from && at < to);
    // Requests that were pending at the kill count for neither.
    const before = asked(warm, away).filter(({ at, ms }) => at + ms <= away);
    const during = asked(gone, back);
    // Answers around the kill and the restart may be complete or lack the part.
    const all = asked(warm, Number.POSITIVE_INFINITY);
    const outage: Outage = {
      community,
      killed,
      answers: during.length,
      withoutIt: during.filter(({ lost }) => lost.length === 1 && lost[0] === community).length,
      lostMore: all.filter(({ lost }) => lost.some((name) => name !== community)).length,
      failed: all.filter(({ failed }) => failed).length,
      p99Before: percentileOf(before, 0.99),
      p50Away: percentileOf(during, 0.5),
      p99Away: percentileOf(during, 0.99),
      recovery: whole === null ? null : whole.at + whole.ms - back,
    };
    logProgress(
      `${community}, ${killed}: ${outage.withoutIt} of ${outage.answers} answers lack only its data`,
    );
    return outage;
  } finally {
    await load.stop();
  }
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
  ];
  const rows = outages.map((one) => [
    one.community,
    one.killed,
    ...[one.answers, one.withoutIt, one.lostMore, one.failed].map(String),
    ...[one.p99Before, one.p50Away, one.p99Away].map((ms) => `${round(ms)} ms`),
    one.recovery === null ? 'never' : `${round(one.recovery / 1000)} s`,
  ]);
  process.stdout.write(table([...heads, 'complete after'], rows));
  const lost = outages.reduce((sum, { lostMore, failed }) => sum + lostMore + failed, 0);
  const answers = outages.reduce((sum, one) => sum + one.answers, 0);
  const never = outages.some(
    ({ recovery, answers: during, withoutIt }) => recovery === null || withoutIt < during,
  );
  if (lost > 0 || never) process.exitCode = 1;
  process.stdout.write(
    `bench:outages: ${lost} answers (that lack more than the killed part; ${answers} requests while one of ` +
      `${outages.length} parts was down)\n`,
  );
}

if (flags.help) process.stdout.write(help);
else await main();
