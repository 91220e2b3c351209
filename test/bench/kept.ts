import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { MongoClient } from 'mongodb';
import { randomUUID } from 'node:crypto';
import { findReader } from '../../docker/trial/issuer/readers.ts';
import { ask, type Asked, post, tokenOf } from '../helpers/ask.ts';
import { created, milcert as analyst, operator, update } from '../helpers/changes.ts';
import { startExercise } from '../helpers/standing.ts';
import { percentile, round } from './figures.ts';
import { logProgress, Place } from './place.ts';
import { unbounded } from './unbounded.ts';

const help = `Measures how old a kept answer can be after a change, and whether a revocation ends kept answers.

  npm run bench:kept -- [options]

  --keep MS          the time for which the hub keeps answers (900)
  --writes N         changes of a record while readers ask for it (100)
  --revocations N    memberships that end and begin again while readers ask (1000)
  --json FILE        all figures as JSON
  --help

Starts a trial with the exercise. Eight loops ask for one record of defence without a pause. A change is sent through the
hub; an answer with the value before it, received after the change was answered, is old. Then a reader who gets kept
answers is put out of the registry and in again. Uses loopback only. Exits with 1 if a reader got an answer after a
revocation, or an answer that was older than the time by more than 200 ms.

Examples:
  npm run bench:kept -- --writes 20 --revocations 50
  npm run bench:kept -- --keep 300
`;

const { values: flags } = parseArgs({
  options: {
    keep: { type: 'string', default: '900' },
    writes: { type: 'string', default: '100' },
    revocations: { type: 'string', default: '1000' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const loops = 8;
const toleranceMs = 200;
const query = 'query Q($id: ID!) { defenceAssessment(id: $id) { id judgement } }';

async function main(): Promise<void> {
  await using place = new Place('bench-kept');
  const trial = await startExercise({ env: { ...unbounded, JCU_KEEP_MS: flags.keep } });
  place.defer(async () => await trial.stop());
  const asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
  const store = new MongoClient(trial.stores.uris.hub);
  place.defer(async () => await store.close());

  const staleness = await measureStaleness(asked);
  const revocations = await measureRevocations(asked, store);
  const p99 = percentile(staleness.ages, 0.99);
  const figures = { keepMs: Number(flags.keep), ...staleness, p99, ...revocations };
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(figures, null, 2)}\n`);
  process.stdout.write(
    `${staleness.asked} answers while ${flags.writes} changes were made, ${staleness.broken} of them incomplete\n` +
      `age of the oldest answer after a change: p50 ${round(percentile(staleness.ages, 0.5))} ms, ` +
      `p99 ${round(p99)} ms, most ${round(Math.max(...staleness.ages))} ms\n` +
      `${revocations.answered} answers after ${flags.revocations} revocations, while ${revocations.others} others were answered\n` +
      `kept: ${round(p99)} ms (p99 age of an answer after a change, answers kept for ${flags.keep} ms; ` +
      `${revocations.answered} answers after ${flags.revocations} revocations)\n`,
  );
  const isTooOld = Math.max(...staleness.ages) > Number(flags.keep) + toleranceMs;
  if (isTooOld || revocations.answered > 0 || staleness.broken > 0) process.exitCode = 1;
}

/** Changes a record while readers ask for it. `ages` has the age of the oldest answer after each change. */
async function measureStaleness(asked: Asked) {
  const id = await created(asked);
  const authorization = `Bearer ${await tokenOf(asked, analyst)}`;
  let number = 0;
  let changedAt = Number.POSITIVE_INFINITY;
  const isOver = new AbortController();
  const seen = { asked: 0, oldestMs: 0, broken: 0 };
  const loop = async (): Promise<void> => {
    while (!isOver.signal.aborted) {
      const { body } = await post(asked.url, { query, variables: { id } }, { authorization });
      seen.asked += 1;
      const judgement: unknown = body.data?.defenceAssessment?.judgement;
      if (typeof judgement !== 'string') seen.broken += 1;
      else if (judgement !== textOf(number) && performance.now() > changedAt)
        seen.oldestMs = Math.max(seen.oldestMs, performance.now() - changedAt);
    }
  };
  const change = async (version: number): Promise<void> => {
    const input = {
      key: randomUUID(),
      id,
      expectedVersion: version,
      content: { judgement: textOf(version) },
    };
    await ask(asked, operator, update, { input });
  };
  await change(1);
  number = 1;
  await pause(2 * Number(flags.keep));
  const running = Array.from({ length: loops }, loop);
  const ages: number[] = [];
  for (let version = 2; version < Number(flags.writes) + 2; version += 1) {
    changedAt = Number.POSITIVE_INFINITY;
    await change(version);
    number = version;
    seen.oldestMs = 0;
    changedAt = performance.now();
    // Another time in each turn, so that changes meet kept answers of every age.
    await pause(Number(flags.keep) + toleranceMs + (version % 10) * 37);
    ages.push(seen.oldestMs);
    if (version % 20 === 0) logProgress(`${version} of ${flags.writes} changes`);
  }
  isOver.abort();
  await Promise.all(running);
  return { asked: seen.asked, broken: seen.broken, ages };
}

/** Ends a membership again and again while its reader and others ask. Counts the answers after each end. */
async function measureRevocations(asked: Asked, store: MongoClient) {
  const id = await created(asked);
  const others = `Bearer ${await tokenOf(asked, operator)}`;
  const authorization = `Bearer ${await tokenOf(asked, analyst)}`;
  const send = async (by: string) =>
    await post(asked.url, { query, variables: { id } }, { authorization: by });
  const _id = findReader(analyst.as)?.subject ?? '';
  const memberships = store.db().collection<{ _id: string }>('memberships');
  const endAt = async (until: Date | null) => await memberships.updateOne({ _id }, { $set: { until } });
  const isOver = new AbortController();
  let answeredOthers = 0;
  const loop = async (): Promise<void> => {
    while (!isOver.signal.aborted) {
      if ((await send(others)).status === 200) answeredOthers += 1;
    }
  };
  const running = Array.from({ length: loops }, loop);
  let answered = 0;
  for (let turn = 1; turn <= Number(flags.revocations); turn += 1) {
    const before = await send(authorization);
    if (before.body.data?.defenceAssessment === null)
      throw new Error(`expected the record, got ${before.text}`);
    await endAt(new Date(Date.now() - 1));
    const after = await send(authorization);
    if (after.status === 200) answered += 1;
    await endAt(null);
    if (turn % 200 === 0) logProgress(`${turn} of ${flags.revocations} revocations`);
  }
  isOver.abort();
  await Promise.all(running);
  return { answered, others: answeredOthers };
}

function textOf(version: number): string {
  return `EXERCISE: version ${version}`;
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

if (flags.help) process.stdout.write(help);
else await main();
