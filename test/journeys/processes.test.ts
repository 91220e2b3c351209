import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import type { Trial } from '../../docker/trial/trial.ts';
import { type Asked, post, tokenOf } from '../helpers/ask.ts';
import { runHub } from '../helpers/command-line.ts';
import { startExercise } from '../helpers/standing.ts';
import { until } from '../helpers/until.ts';

/** A hub of two processes on one port. */

const query = '{ advisories(first: 2) { nodes { id serial } } }';
const as = 'cert-eu-analyst';
let trial: Trial;
let asked: Asked;

beforeAll(async () => {
  trial = await startExercise({ env: { JCU_PROCESSES: '2', JCU_DRAIN_MS: '1000' } });
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
});

afterAll(async () => await trial.stop());

/** The processes that the hub's first process started. */
function processes(): readonly number[] {
  const pid = trial.parts.get('hub')?.pid ?? 0;
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);
}

/** Sends requests on connections of their own until `isOver`, four at a time. Returns the statuses; 0 without an answer. */
async function sendUntil(isOver: () => boolean): Promise<readonly number[]> {
  const authorization = `Bearer ${await tokenOf(asked, { as })}`;
  const statuses: number[] = [];
  const loop = async (): Promise<void> => {
    while (!isOver()) {
      const headers = { authorization, connection: 'close' };
      statuses.push(
        await post(trial.url, { query }, headers).then(
          ({ status }) => status,
          () => 0,
        ),
      );
    }
  };
  await Promise.all([1, 2, 3, 4].map(loop));
  return statuses;
}

test('answers from several processes on one port, in one chain of the audit log', async () => {
  expect(processes()).toHaveLength(2);
  const end = performance.now() + 3000;
  const statuses = await sendUntil(() => performance.now() > end);
  expect(new Set(statuses)).toEqual(new Set([200]));
  const { code, out } = await runHub(asked.home, 'trail', 'verify', '--json');
  expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ ok: true })]);
});

test('goes on with the other process when one is killed, and starts it again', async () => {
  const [killed = 0] = processes();
  let isOver = false;
  const sending = sendUntil(() => isOver);
  process.kill(killed, 'SIGKILL');
  await until('two processes again', () => processes().length === 2 && !processes().includes(killed));
  isOver = true;
  const statuses = await sending;
  // Only requests that the killed process had taken are lost.
  expect(statuses.filter((status) => status !== 200).length).toBeLessThanOrEqual(4);
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(4);
});

test('ends every process at SIGTERM, and answers every request before', async () => {
  const all = processes();
  let isStopping = false;
  const sending = sendUntil(() => isStopping);
  const balancer = (async () => {
    for (; !isStopping; isStopping = (await fetch(new URL('/ready', trial.url))).status !== 200)
      await new Promise((resolve) => setTimeout(resolve, 50));
  })();
  await trial.parts.get('hub')?.stop();
  await balancer;
  expect((await sending).filter((status) => status !== 200)).toEqual([]);
  const alive = all.filter((pid) => existsSync(`/proc/${pid}`));
  expect(alive).toEqual([]);
});
