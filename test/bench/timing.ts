import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { tokenOf } from '../helpers/ask.ts';
import { absent, importHidden, outsiders, probes, type Target } from '../helpers/hidden.ts';
import { loadScenario } from '../../docker/trial/scenario.ts';
import { startTrial } from '../../docker/trial/trial.ts';
import { ask, type Asker, askWhole, hangUp } from './ask/client.ts';
import { percentile, round, table } from './figures.ts';
import { Place, tell } from './place.ts';
import { mannWhitney } from './timing/mann-whitney.ts';
import { unbounded } from './unbounded.ts';

const help = `Measures whether time tells a hidden record from one that does not exist.

  npm run bench:timing -- [options]

  --pairs N      samples of each kind on each road (1500)
  --json FILE    all figures as JSON
  --help

A reader who may not see a record asks for it and for one that does not exist, in pairs whose order is drawn by lot, and
a Mann-Whitney test tells whether the two sets of times are of one distribution. To show that it would notice, the
same is done with a gap of 1 ms put in front of the hidden one. It ends with 1 where p <= 0.01 on any road, or where
the gap is not noticed. Loopback only.

Example:
  npm run bench:timing -- --pairs 500 --json figures.json
`;

const { values: flags } = parseArgs({
  options: {
    pairs: { type: 'string', default: '1500' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const measured = ['a lookup by id', 'a shared key', 'a filter', 'a count alone'];
const least = 0.01;
const gapMs = 1;

type Result = {
  readonly road: string;
  readonly gap: number;
  readonly p: number;
  readonly hidden: number;
  readonly absent: number;
};

async function main(): Promise<void> {
  await using place = new Place('bench-timing');
  const trial = await startTrial({ home: join(place.folder, 'home'), port: 0, env: unbounded });
  place.defer(async () => await trial.stop());
  await loadScenario(trial.home.folder, trial.stores.uris, tell);
  const asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
  const hidden = await importHidden(asked, trial.stores.uris['cert-eu']);
  const results: Result[] = [];
  for (const who of outsiders.slice(0, 1)) {
    const asker = { url: trial.url, token: await tokenOf(asked, who) };
    for (const [road, query] of probes.filter(([name]) => measured.includes(name))) {
      results.push(await compare(road, 0, asker, query, hidden));
      results.push(await compare(road, gapMs, asker, query, hidden));
      tell(`${road}: done`);
    }
  }
  await hangUp();
  report(results);
}

/** Times of one road to both, in pairs, each pair's order by lot. */
async function compare(
  road: string,
  gap: number,
  asker: Asker,
  query: (target: Target) => string,
  hidden: Target,
): Promise<Result> {
  const bodies = [hidden, absent].map((target) => ({ query: query(target), variables: {} }));
  const times: [number[], number[]] = [[], []];
  for (let turn = 0; turn < 100; turn += 1) for (const body of bodies) await askWhole(asker, body);
  for (let turn = 0; turn < Number(flags.pairs); turn += 1) {
    for (const which of Math.random() < 0.5 ? ([0, 1] as const) : ([1, 0] as const)) {
      const body = bodies[which] ?? { query: '', variables: {} };
      const began = performance.now();
      if (gap > 0 && which === 0) await pause(gap);
      await ask(asker, body);
      times[which].push(performance.now() - began);
    }
  }
  return {
    road,
    gap,
    p: mannWhitney(times[0], times[1]),
    hidden: percentile(times[0], 0.5),
    absent: percentile(times[1], 0.5),
  };
}

function report(results: readonly Result[]): void {
  if (flags.json !== undefined)
    writeFileSync(flags.json, `${JSON.stringify({ pairs: Number(flags.pairs), results }, null, 2)}\n`);
  const rows = results.map(({ road, gap, p, hidden, absent: other }) => [
    road,
    String(gap),
    p.toPrecision(2),
    round(hidden),
    round(other),
  ]);
  process.stdout.write(table(['road', 'gap ms', 'p', 'hidden p50 ms', 'absent p50 ms'], rows));
  const told = results.filter(({ gap, p }) => gap === 0 && p <= least);
  const missed = results.filter(({ gap, p }) => gap > 0 && p > least);
  for (const { road } of told) process.stdout.write(`FAULT ${road}: time tells what is hidden\n`);
  for (const { road } of missed)
    process.stdout.write(`FAULT ${road}: a gap of ${gapMs} ms was not noticed\n`);
  if (told.length + missed.length > 0) process.exitCode = 1;
  const lowest = Math.min(...results.filter(({ gap }) => gap === 0).map(({ p }) => p));
  process.stdout.write(
    `bench:timing: ${lowest.toPrecision(2)} p (the lowest of ${measured.length} probes, hidden against absent, ${flags.pairs} pairs each; a gap of ${gapMs} ms gives ${Math.max(...results.filter(({ gap }) => gap > 0).map(({ p }) => p)).toPrecision(2)} at most)\n`,
  );
}

if (flags.help) process.stdout.write(help);
else await main();
