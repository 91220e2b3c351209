import { setTimeout as pause } from 'node:timers/promises';
import type { Trial } from '../../../docker/trial/trial.ts';
import { logProgress } from '../place.ts';
import { ask, type Asker, askWhole, type Body, type Latency, measure } from './client.ts';
import { coresOfOthers, type CpuTime, cpuPerAnswer, cpuTimes, machineTime, type Processes } from './cpu.ts';
import { type Journey, pagesOf } from './journeys.ts';
import type { Op, Profiler } from './plans.ts';
import { askerOf, type BenchReader } from './readers.ts';

/** The measurements of one journey for one reader. */
export type Measured = {
  readonly journey: string;
  readonly reader: string;
  /** Records in the first answer. */
  readonly records: number;
  readonly alone: Latency;
  readonly together: Latency;
  /** CPU milliseconds of each process for one answer, with concurrent requests. */
  readonly cpu: CpuTime;
  /** Cores that were busy with other work during the measurement. */
  readonly others: number;
  readonly ops: readonly Op[];
};

export type Effort = {
  readonly answersAlone: number;
  readonly seconds: number;
  readonly atOnce: number;
  readonly pagesDeep: number;
  /** Requests that are sent under the profiler. */
  readonly explained: number;
};

/** Measures one journey as one reader: warm-up, sequential, concurrent, and under the profiler. */
export async function measureJourney(
  trial: Trial,
  journey: Journey,
  reader: BenchReader,
  effort: Effort,
  profiler: Profiler,
  processes: Processes,
): Promise<Measured> {
  const asker = await askerOf(trial, reader);
  const after = journey.deep === undefined ? null : await turnPages(asker, journey.deep, effort.pagesDeep);
  const bodyAt = (turn: number): Body => ({
    query: journey.query,
    variables: after === null ? journey.variables(turn) : { after },
  });
  const records = countRecords((await askWhole(asker, bodyAt(0))).text);
  await measure(asker, bodyAt, { atOnce: effort.atOnce, seconds: 1, answers: 200, from: 10_000 });
  await settle(processes);
  const alone = await measure(asker, bodyAt, {
    atOnce: 1,
    seconds: effort.seconds,
    answers: effort.answersAlone,
    from: 0,
  });
  const before = { cpu: cpuTimes(processes), machine: machineTime() };
  const together = await measure(asker, bodyAt, {
    atOnce: effort.atOnce,
    seconds: effort.seconds,
    answers: Number.POSITIVE_INFINITY,
    from: 1000,
  });
  const cpu = cpuPerAnswer(before.cpu, cpuTimes(processes), together.answers);
  const others = coresOfOthers(before.machine, machineTime(), cpu, together.answers);
  await settle(processes);
  const ops = await profiler.watch(async () => {
    for (let turn = 0; turn < effort.explained; turn += 1) await ask(asker, bodyAt(turn));
  });
  const latency = `${alone.p50.toFixed(1)} ms alone, p99 ${together.p99.toFixed(0)} ms at ${effort.atOnce} at once`;
  logProgress(
    `${journey.name} as ${reader.name}: ${latency}, ${together.perSecond.toFixed(0)} answers/s, ${together.broken} broken`,
  );
  return { journey: journey.name, reader: reader.name, records, alone, together, cpu, others, ops };
}

/** Waits until the processes are idle. Abandoned requests would otherwise distort the next figures. */
async function settle(processes: Processes): Promise<void> {
  const { client: _client, ...parts } = processes;
  const busy = () => Object.values(cpuTimes(parts)).reduce((sum, ms) => sum + ms, 0);
  for (let round = 0; round < maxRounds; round += 1) {
    const before = busy();
    await pause(roundMs);
    if (busy() - before < roundMs / 5) return;
  }
}

const roundMs = 250;
const maxRounds = 80;

/** Returns the cursor a number of pages of 100 deep, or the last one if the list is shorter. */
async function turnPages(asker: Asker, door: string, pages: number): Promise<string | null> {
  let after: string | null = null;
  for (let page = 0; page < pages; page += 1) {
    const { text } = await askWhole(asker, { query: pagesOf(door), variables: { after } });
    const answer = JSON.parse(text) as { data: Record<string, { pageInfo: PageInfo } | null> };
    const info: PageInfo | undefined = answer.data[door]?.pageInfo;
    if (info === undefined || !info.hasNextPage) break;
    after = info.endCursor;
  }
  return after;
}

type PageInfo = { readonly endCursor: string | null; readonly hasNextPage: boolean };

/** Every record of an answer has its marking. */
function countRecords(text: string): number {
  return text.split('"marking":{').length - 1;
}
