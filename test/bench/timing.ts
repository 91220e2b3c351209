import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { absent, importHidden, outsiders, probes, type Target } from '../helpers/hidden.ts';
import { loadScenario } from '../../docker/trial/scenario.ts';
import { fetchToken } from '../../docker/trial/issuer/token.ts';
import { startTrial } from '../../docker/trial/trial.ts';
import { patient } from '../helpers/standing.ts';
import { ask, type Asker, hangUp } from './ask/client.ts';
import { percentile, round, table } from './figures.ts';
import { Place, logProgress } from './place.ts';
import { holm } from './timing/holm.ts';
import { mannWhitney } from './timing/mann-whitney.ts';
import { openHubRoads } from './timing/moves/hub-roads.ts';
import { openMoveRoads } from './timing/moves/open-roads.ts';
import type { Road } from './timing/road.ts';
import { openRoads } from './timing/roads.ts';
import { unbounded } from './unbounded.ts';

const help = `Measures whether response times distinguish a hidden record from one that does not exist.

  npm run bench:timing -- [options]

  --pairs N      samples of each kind for each query (400)
  --only WORD    \`roads\`, \`moves\` or \`hub\` (all)
  --road WORD    only roads whose name contains this text
  --json FILE    all figures as JSON
  --help

A reader who may not see a record requests it and one that does not exist, in pairs in random order: over a hub, and by
every road of a subgraph (lookup, filter, window of time, total, write) to records of 1 KB and of 10 MB. The roads of
\`moves\` are releases, moves of workflows on hidden records of 1 MB, moves that name one, and the inbox, tasks, deadlines and
prompts of an organisation that hidden records concern; requests for a release and recalls go over a hub. A Mann-Whitney
test shows whether both sets of times have one distribution; the p-values are corrected for their number (Holm). As a
control, the same is done with a delay of 1 ms, or of a fifth of the median if that is more, for the hidden record. Exits
with 1 if a corrected p is at most 0.05, or if a delay is not detected. Uses loopback only.

Example:
  npm run bench:timing -- --pairs 500 --json figures.json
`;

const { values: flags } = parseArgs({
  options: {
    pairs: { type: 'string', default: '400' },
    only: { type: 'string' },
    road: { type: 'string', default: '' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const measured = ['a lookup by id', 'a shared key', 'a filter', 'a count alone'];
const sizes = [
  ['1 KB', 1000],
  ['10 MB', 10_000_000],
] as const;
const least = 0.05;
const gapMs = 1;

type Result = {
  readonly probe: string;
  readonly gap: number;
  readonly p: number;
  readonly hidden: number;
  readonly absent: number;
};

async function main(): Promise<void> {
  const results: Result[] = [];
  if (isMeasured('roads')) await measureRoads(results);
  if (isMeasured('moves')) await measureMoves(results);
  if (isMeasured('hub') || isMeasured('moves')) await measureHub(results);
  report(results);
}

function isMeasured(group: 'roads' | 'moves' | 'hub'): boolean {
  return flags.only === undefined || flags.only === group;
}

/** Measures every road of a subgraph. */
async function measureRoads(results: Result[]): Promise<void> {
  for (const [size, bytes] of sizes) {
    const { roads, stop } = await openRoads(bytes);
    try {
      for (const road of roads) await measure(results, { ...road, name: `${road.name}, ${size}` });
    } finally {
      await stop();
    }
  }
}

/** Measures moves, releases and the inbox in subgraphs. */
async function measureMoves(results: Result[]): Promise<void> {
  const opened = await openMoveRoads({ bytes: 1_000_000, records: 24 });
  try {
    for (const road of opened.roads) await measure(results, road);
  } finally {
    await opened.stop();
  }
}

/** Measures queries and moves over a hub in front of a whole trial. */
async function measureHub(results: Result[]): Promise<void> {
  await using place = new Place('bench-timing');
  // A refusal because the machine is busy has no time that could be compared.
  const env = { ...unbounded, ...patient };
  const trial = await startTrial({ home: join(place.folder, 'home'), port: 0, env });
  place.defer(async () => await trial.stop());
  await loadScenario(trial.home.folder, trial.stores.uris, logProgress);
  const asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
  const target = await importHidden(asked, trial.stores.uris['cert-eu']);
  const [partner, analyst] = outsiders.map((as) => async (): Promise<Asker> => {
    const { accessToken } = await fetchToken({ picture: 'real', ...as, ...asked });
    return { url: trial.url, token: accessToken };
  });
  if (partner !== undefined && isMeasured('hub')) await measureProbes(results, await partner(), target);
  if (analyst !== undefined && isMeasured('moves')) {
    await using over = await openHubRoads(trial, analyst, target);
    for (const road of over.roads) await measure(results, road);
  }
  await hangUp();
}

async function measureProbes(results: Result[], asker: Asker, target: Target): Promise<void> {
  for (const [probe, query] of probes.filter(([one]) => measured.includes(one))) {
    const to = (one: Target) => async () => await ask(asker, { query: query(one), variables: {} });
    await measure(results, { name: `${probe}, over the hub`, hidden: to(target), absent: to(absent) });
  }
}

async function measure(results: Result[], road: Road): Promise<void> {
  if (!road.name.includes(flags.road)) return;
  const plain = await compare(road, 0);
  const delayed = await compare(road, Math.max(gapMs, plain.absent / 5));
  results.push(plain, delayed);
  logProgress(`${road.name}: p ${plain.p.toPrecision(2)}, with a delay ${delayed.p.toPrecision(2)}`);
}

/** Measures both requests of a road, in pairs in random order. */
async function compare({ name, hidden, absent: none, cleanUp }: Road, gap: number): Promise<Result> {
  const requests = [hidden, none] as const;
  const times: [number[], number[]] = [[], []];
  for (let turn = 0; turn < warmUp; turn += 1) {
    for (const request of requests) await request();
    await cleanUp?.();
  }
  for (let turn = 0; turn < Number(flags.pairs); turn += 1) {
    for (const which of Math.random() < 0.5 ? ([0, 1] as const) : ([1, 0] as const)) {
      const began = performance.now();
      if (gap > 0 && which === 0) await pause(gap);
      await requests[which]();
      times[which].push(performance.now() - began);
    }
    await cleanUp?.();
  }
  return {
    probe: name,
    gap,
    p: mannWhitney(times[0], times[1]),
    hidden: percentile(times[0], 0.5),
    absent: percentile(times[1], 0.5),
  };
}

const warmUp = 50;

function report(results: readonly Result[]): void {
  if (results.length === 0) throw new Error('expected a road whose name contains --road, got none');
  const plain = corrected(results.filter(({ gap }) => gap === 0));
  const controls = results.filter(({ gap }) => gap > 0);
  if (flags.json !== undefined)
    writeFileSync(
      flags.json,
      `${JSON.stringify({ pairs: Number(flags.pairs), plain, controls }, null, 2)}\n`,
    );
  const rows = plain.map(({ probe, p, holm: pHolm, hidden, absent: none }, at) => [
    probe,
    p.toPrecision(2),
    pHolm.toPrecision(2),
    round(hidden),
    round(none),
    controls[at]?.p.toPrecision(2) ?? '',
  ]);
  process.stdout.write(
    table(['road', 'p', 'p (Holm)', 'hidden p50 ms', 'absent p50 ms', 'p with a delay'], rows),
  );
  const revealed = plain.filter((one) => one.holm <= least);
  const missed = controls.filter(({ p }) => p > least);
  for (const { probe } of revealed)
    process.stdout.write(`FAULT ${probe}: the time reveals a hidden record\n`);
  for (const { probe, gap } of missed)
    process.stdout.write(`FAULT ${probe}: a delay of ${round(gap)} ms was not detected\n`);
  if (revealed.length + missed.length > 0) process.exitCode = 1;
  const lowest = Math.min(...plain.map((one) => one.holm));
  const highest = Math.max(...controls.map(({ p }) => p));
  process.stdout.write(
    `bench:timing: ${lowest.toPrecision(2)} p (the lowest of ${plain.length} roads after Holm's correction, hidden against absent, ${flags.pairs} pairs each; a delay gives ${highest.toPrecision(2)} at most)\n`,
  );
}

function corrected(results: readonly Result[]): readonly (Result & { readonly holm: number })[] {
  const values = holm(results.map(({ p }) => p));
  return results.map((result, at) => ({ ...result, holm: values[at] ?? 1 }));
}

if (flags.help) process.stdout.write(help);
else await main();
