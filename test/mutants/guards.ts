import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { guards } from './guard-list.ts';
import type { Guard } from './guard.ts';

const help = `Removes each guard from a copy of the project, one at a time, and runs the tests that must fail without it.

  npm run guards -- [options]

  --only WORD    only guards whose name contains this text
  --help

Exits with 1 if the tests pass without a guard. Takes almost an hour on two cores.

Example:
  npm run guards -- --only cursor
`;

const { values: flags } = parseArgs({
  options: { only: { type: 'string', default: '' }, help: { type: 'boolean', default: false } },
});
const root = join(import.meta.dirname, '..', '..');
const copy = join(root, '.cache', 'guards', 'hub');
const greenOf = new Map<string, boolean>();

function main(): void {
  rmSync(copy, { recursive: true, force: true });
  const { stdout } = spawnSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' });
  for (const file of stdout.split('\n').filter(Boolean)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const chosen = guards.filter(({ name }) => name.includes(flags.only));
  const unnoticed = chosen.filter((guard) => !isNoticed(guard));
  // If the machine fails during the run, every later test fails and every guard looks tested.
  const last = chosen.findLast((guard) => !unnoticed.includes(guard));
  if (last !== undefined && run(last) !== 0) {
    process.stdout.write(`FAILS AT THE END WITH ALL GUARDS: ${last.tests}\n`);
    process.exitCode = 1;
  }
  process.stdout.write(
    `guards: ${chosen.length - unnoticed.length} of ${chosen.length} detected when removed\n`,
  );
  if (unnoticed.length > 0) process.exitCode = 1;
}

/** Checks that the tests pass with a guard and fail without it. */
function isNoticed(guard: Guard): boolean {
  const path = join(copy, guard.file);
  const text = readFileSync(path, 'utf8');
  const without = text.replace(guard.from, guard.to);
  if (without === text) {
    process.stdout.write(`NOT FOUND IN ITS FILE: ${guard.name}\n`);
    return false;
  }
  writeFileSync(path, without);
  const red = run(guard) !== 0;
  writeFileSync(path, text);
  const green = red && isGreen(guard);
  process.stdout.write(
    `${green ? 'detected' : red ? 'FAILS WITH THE GUARD, TOO' : 'UNDETECTED'}: ${guard.name}\n`,
  );
  return green;
}

/** Checks that a guard's tests pass with it. Guards with the same tests share one run. */
function isGreen(guard: Guard): boolean {
  const { project, tests } = guard;
  const known = greenOf.get(`${project} ${tests}`);
  if (known !== undefined) return known;
  const green = run(guard) === 0;
  greenOf.set(`${project} ${tests}`, green);
  return green;
}

function run({ project, tests }: Guard): number | null {
  const args = [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--silent',
    '--bail',
  ];
  const chosen = [`--selectProjects=${project}`, '--testPathPatterns', tests];
  return spawnSync(process.execPath, [...args, ...chosen], { cwd: copy, encoding: 'utf8' }).status;
}

if (flags.help) process.stdout.write(help);
else main();
