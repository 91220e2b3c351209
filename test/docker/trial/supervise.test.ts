import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { type Death, type Part, startPart } from '../../../docker/trial/process.ts';
import { supervise } from '../../../docker/trial/supervise.ts';
import { until } from '../../helpers/until.ts';
import { makeFolder } from './stores/place.ts';

const fast = { firstPauseMs: 5, longestPauseMs: 20, steadyMs: 1000 };
const crash = { reason: 'SIGKILL', lastOutput: 'first line\nout of memory\n' };

test('announces a part that dies with its last output, and starts it again', async () => {
  const [lines, started]: [string[], string[]] = [[], []];
  const supervisor = supervise((line) => lines.push(line), fast);
  supervisor.attach(async (name) => void (await Promise.resolve(started.push(name))));
  supervisor.died('enisa', crash);
  await until('two lines', () => lines.length === 2);
  expect(started).toEqual(['enisa']);
  expect(lines).toEqual([
    'enisa died (SIGKILL): it is started again in 0.005 s. Its last output: out of memory',
    'enisa: runs again',
  ]);
});

test('waits longer after each death, and leaves a part out that keeps dying, with its last error', async () => {
  const lines: string[] = [];
  let starts = 0;
  const supervisor = supervise((line) => lines.push(line), fast);
  supervisor.attach(async () => {
    starts += 1;
    if (starts === 2)
      throw new Error('europol ended with 1 before it listened:\nJCU_STORE_URI: expected a URI');
    await Promise.resolve();
    supervisor.died('europol', crash);
  });
  supervisor.died('europol', crash);
  await until('a part that stays out', () => lines.some((line) => line.includes('stays out')));
  await pause(50);
  expect(starts).toBe(4);
  const pauses = lines.flatMap((line) => /in ([\d.]+) s/.exec(line)?.[1] ?? []);
  expect(pauses).toEqual(['0.005', '0.01', '0.02', '0.02']);
  expect(lines.join('\n')).toContain('Its last output: JCU_STORE_URI: expected a URI');
  expect(lines.find((line) => line.includes('stays out'))).toMatch(
    /^europol died 5 times \(SIGKILL\) and stays out; .* Its last error: out of memory\. Correct/,
  );
});

test('counts again from the start after a part ran for a while, and restarts nothing after the end', async () => {
  const lines: string[] = [];
  let [now, starts] = [0, 0];
  const supervisor = supervise(
    (line) => lines.push(line),
    fast,
    () => now,
  );
  supervisor.attach(async () => void (await Promise.resolve((starts += 1))));
  for (let death = 1; death <= 8; death += 1) {
    supervisor.died('eeas', crash);
    await until('a start', () => starts === death);
    now += 2000;
  }
  expect(lines.some((line) => line.includes('stays out'))).toBe(false);
  supervisor.died('eeas', crash);
  supervisor.stop();
  await pause(50);
  expect(starts).toBe(8);
});

test('reports the end of a part that crashes, and not of one that is stopped', async () => {
  await using place = await makeFolder();
  const file = join(place.folder, 'part.mjs');
  writeFileSync(
    file,
    "console.log('http://127.0.0.1:1/'); console.error('its last words'); setInterval(() => 0, 1000);",
  );
  mkdirSync(join(place.folder, 'logs'));
  const deaths: (readonly [string, Death])[] = [];
  const start = async (): Promise<Part> =>
    await startPart('enisa', [file], {}, join(place.folder, 'logs'), {
      died: (...death) => void deaths.push(death),
    });
  await (await start()).stop();
  const crashed = await start();
  await pause(200);
  process.kill(crashed.pid, 'SIGKILL');
  await until('a death', () => deaths.length > 0);
  await pause(100);
  expect(deaths).toEqual([['enisa', { reason: 'SIGKILL', lastOutput: 'its last words\n' }]]);
});
