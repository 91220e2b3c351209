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
import { Place, logProgress } from './place.ts';
import { mannWhitney } from './timing/mann-whitney.ts';
import { unbounded } from './unbounded.ts';

const help = `Measures whether response times distinguish a hidden record from one that does not exist.

  npm run bench:timing -- [options]

  --pairs N      samples of each kind for each query (1500)
  --json FILE    all figures as JSON
  --help

A reader who may not see a record requests it and one that does not exist, in pairs in random order. A Mann-Whitney test
shows whether both sets of times have one distribution. As a control, the same is done with a delay of 1 ms for the hidden
record. Exits with 1 if p <= 0.01 for any query, or if the delay is not detected. Uses loopback only.

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
  readonly probe: string;
  readonly gap: number;
  readonly p: number;
  readonly hidden: number;
  readonly absent: number;
};

async function main(): Promise<void> {
  await using place = new Place('bench-timing');
  const trial = await startTrial({ home: join(place.folder, 'home'), port: 0, env: unbounded });
  place.defer(async () => await trial.stop());
  await loadScenario(trial.home.folder, trial.stores.uris, logProgress);
  const asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
  const hidden = await importHidden(asked, trial.stores.uris['cert-eu']);
  const results: Result[] = [];
  for (const who of outsiders.slice(0, 1)) {
    const asker = { url: trial.url, token: await tokenOf(asked, who) };
    for (const [probe, query] of probes.filter(([one]) => measured.includes(one))) {
      results.push(await compare(probe, 0, asker, query, hidden));
      results.push(await compare(probe, gapMs, asker, query, hidden));
      logProgress(`${probe}: done`);
    }
  }
  await hangUp();
  report(results);
}

/** Measures one query for both records, in pairs in random order. */
async function compare(
  probe: string,
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
    probe,
    gap,
    p: mannWhitney(times[0], times[1]),
    hidden: percentile(times[0], 0.5),
    absent: percentile(times[1], 0.5),
  };
}

function report(results: readonly Result[]): void {
  if (flags.json !== undefined)
    writeFileSync(flags.json, `${JSON.stringify({ pairs: Number(flags.pairs), results }, null, 2)}\n`);
  const rows = results.map(({ probe, gap, p, hidden, absent: other }) => [
    probe,
    String(gap),
    p.toPrecision(2),
    round(hidden),
    round(other),
  ]);
  process.stdout.write(table(['query', 'gap ms', 'p', 'hidden p50 ms', 'absent p50 ms'], rows));
  const revealed = results.filter(({ gap, p }) => gap === 0 && p <= least);
  const missed = results.filter(({ gap, p }) => gap > 0 && p > least);
  for (const { probe } of revealed)
    process.stdout.write(`FAULT ${probe}: the time reveals a hidden record\n`);
  for (const { probe } of missed)
    process.stdout.write(`FAULT ${probe}: a gap of ${gapMs} ms was not detected\n`);
  if (revealed.length + missed.length > 0) process.exitCode = 1;
  const lowest = Math.min(...results.filter(({ gap }) => gap === 0).map(({ p }) => p));
  process.stdout.write(
    `bench:timing: ${lowest.toPrecision(2)} p (the lowest of ${measured.length} queries, hidden against absent, ${flags.pairs} pairs each; a gap of ${gapMs} ms gives ${Math.max(...results.filter(({ gap }) => gap > 0).map(({ p }) => p)).toPrecision(2)} at most)\n`,
  );
}

if (flags.help) process.stdout.write(help);
else await main();
