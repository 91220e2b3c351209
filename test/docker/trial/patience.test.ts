import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { retry, Stuck, waitForProgress } from '../../../docker/trial/patience.ts';

const limits = { silenceMs: 400, reportMs: 200, checkMs: 20 };

/** Runs a Node program for a test, and kills it at the end. */
async function running(program: string) {
  const child = spawn(process.execPath, ['-e', `process.stdout.write('up'); ${program}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    pid: child.pid,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

test('waits for a process that uses CPU time, however long, and reports that it waits', async () => {
  await using busy = await running('for (;;);');
  const lines: string[] = [];
  const until = Date.now() + 1500;
  const wait = waitForProgress({ name: 'enisa', pid: busy.pid, report: (line) => lines.push(line) }, limits);
  await wait(() => Promise.resolve(Date.now() > until));
  expect(lines.length).toBeGreaterThan(2);
  expect(lines[0]).toMatch(/^enisa: still starting after \d+ s; Ctrl-C stops$/);
});

test('gives up a process that makes no progress, unless its output grows', async () => {
  await using idle = await running('setTimeout(() => 0, 60_000);');
  const starting = { name: 'enisa', pid: idle.pid, report: () => undefined };
  await expect(waitForProgress(starting, limits)(() => Promise.resolve(false))).rejects.toThrow(Stuck);
  let size = 0;
  const until = Date.now() + 1000;
  await waitForProgress(
    { ...starting, sign: () => (size += 1) },
    limits,
  )(() => Promise.resolve(Date.now() > until));
});

test('ends the wait at once when it is aborted', async () => {
  const aborted = AbortSignal.abort(new Error('stopped'));
  const wait = waitForProgress({ name: 'x', pid: process.pid, report: () => undefined, signal: aborted });
  await expect(wait(() => Promise.resolve(false))).rejects.toThrow('stopped');
});

test('repeats a step up to three times, and reports each failure', async () => {
  const lines: string[] = [];
  let attempts = 0;
  const step = (succeedsAt: number, mayRetry = true) => ({
    name: 'registry',
    run: () => {
      attempts += 1;
      return attempts < succeedsAt ? Promise.reject(new Error('busy')) : Promise.resolve('done');
    },
    mayRetry: () => mayRetry,
    report: (line: string) => void lines.push(line),
    waitMs: 1,
  });
  expect(await retry(step(3))).toBe('done');
  expect(lines).toEqual(['registry: busy; attempt 2 of 3', 'registry: busy; attempt 3 of 3']);
  attempts = 0;
  await expect(retry(step(4))).rejects.toThrow('busy');
  attempts = 0;
  await expect(retry(step(2, false))).rejects.toThrow('busy');
  expect(attempts).toBe(1);
});
