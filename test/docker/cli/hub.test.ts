import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { communities } from '../../../schema/record/vocabulary.ts';
import { readState, writeState } from '../../../docker/trial/state.ts';
import { commandLineOf } from '../../../docker/trial/stores/processes.ts';

const hub = fileURLToPath(new URL('../../../docker/cli/hub.ts', import.meta.url));

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'jcu-hub-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

type Run = {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly said: () => string;
};

/** Runs the command line in the test's home. */
function run(...args: readonly string[]): Run {
  const child = spawn(process.execPath, ['--no-warnings', hub, ...args], {
    env: { ...process.env, JCU_HOME: home, NODE_ENV: 'test' },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  }
  return { child, ended: once(child, 'close').then(([code]) => code as number | null), said: () => said };
}

async function until(holds: () => boolean, over: () => boolean): Promise<void> {
  while (!holds() && !over()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Tells whether a database server still runs on the home. */
async function hasServer(): Promise<boolean> {
  const lock = join(home, 'stores', 'all', 'db', 'mongod.lock');
  const pid = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0;
  return pid > 0 && (await commandLineOf(pid)).includes(home);
}

test.each<readonly [string, (said: string) => boolean]>([
  ['while its database server starts', () => existsSync(join(home, 'stores', 'all', 'db', 'mongod.lock'))],
  ['while its parts start', (said) => /^ {2}(issuer|hub|enisa):/m.test(said)],
  ['while the scenario is imported', (said) => said.includes('scenario:')],
])(
  'stops in order and leaves no process when it is interrupted %s',
  async (_when, isThen) => {
    const { child, ended, said } = run('start', '--port', '0');
    await until(
      () => isThen(said()),
      () => child.exitCode !== null,
    );
    child.kill('SIGINT');
    expect([await ended, said()]).toEqual([0, expect.stringContaining('stopping in order')]);
    expect(said()).not.toContain('listens on');
    expect(await hasServer()).toBe(false);
    expect(existsSync(join(home, 'stores', 'owner.json'))).toBe(false);
    expect(await readState(home)).toBeNull();
  },
  240_000,
);

test('says what to do when the port is in use, and leaves no process', async () => {
  await using other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { ended, said } = run('start', '--port', String(port));
  expect(await ended).toBe(1);
  expect(said()).toContain(`port ${port} on 127.0.0.1 is in use: stop the program that listens there`);
  expect(said()).not.toContain('    at ');
  expect(await hasServer()).toBe(false);
});

test('stops the stores that an import started', async () => {
  const file = join(home, 'none.json');
  writeFileSync(file, '{"format":"none"}');
  const { ended, said } = run('import', 'enisa', file);
  expect(await ended).toBe(1);
  expect(said()).toContain("is not a file of this community's sources");
  expect(await hasServer()).toBe(false);
});

test.each([
  [['--help'], 'Commands:'],
  [['start', '--help'], '--fresh'],
  [['token', '--help'], 'cert-eu-analyst'],
  [['import', '--help'], 'Usage: hub import'],
  [['operate', '--help'], 'Usage: hub operate'],
])('describes itself, with an example or its commands: %j', async (args, words) => {
  const { ended, said } = run(...args);
  expect([await ended, said()]).toEqual([0, expect.stringContaining(words)]);
});

test.each([
  [['start', '--stores', 'nonsense'], 'Allowed choices are together, apart'],
  [['start', '--port', 'x'], 'Expected 0 to 65535'],
  [
    ['import', 'nowhere', 'x.json'],
    `expected a community (${communities.join(', ')}) or "registry", got nowhere`,
  ],
  [['token', '--as', 'cert-eu-analyst'], 'run `npm start` in another terminal first'],
])('says what was expected when an argument is wrong: %j', async (args, words) => {
  const { ended, said } = run(...args);
  expect([await ended, said()]).toEqual([1, expect.stringContaining(words)]);
  expect(said()).not.toContain('    at ');
});

test('ignores the state of a killed trial, even if another process has its id now', async () => {
  const state = { pid: process.pid, url: 'u', issuer: 'i', uris: {} as never };
  await writeState(home, state);
  expect(await readState(home)).toEqual(state);
  const file = join(home, 'trial.json');
  const kept = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...kept, start: '1' }));
  expect(await readState(home)).toBeNull();
});
