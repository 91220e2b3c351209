import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { guards } from './guard-list.ts';
import type { Guard } from './guard.ts';

const help = `Takes each guard out of a copy of the project, one at a time, and runs the tests that must notice.

  npm run guards -- [options]

  --only WORD    only guards whose name has this word
  --help

It ends with 1 where a guard can be taken out and its tests stay green. The better part of an hour on two cores.

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
  // A machine that broke on the way would have every test red from there on.
  const last = chosen.findLast((guard) => !unnoticed.includes(guard));
  if (last !== undefined && run(last) !== 0) {
    process.stdout.write(`RED AT THE END, WITH EVERY GUARD: ${last.tests}\n`);
    process.exitCode = 1;
  }
  process.stdout.write(
    `guards: ${chosen.length - unnoticed.length} of ${chosen.length} noticed when taken out\n`,
  );
  if (unnoticed.length > 0) process.exitCode = 1;
}

/** Whether tests that are green with a guard turn red without it. */
function isNoticed(guard: Guard): boolean {
  const path = join(copy, guard.file);
  const text = readFileSync(path, 'utf8');
  const without = text.replace(guard.from, guard.to);
  if (without === text) {
    process.stdout.write(`NOT IN ITS FILE: ${guard.name}\n`);
    return false;
  }
  writeFileSync(path, without);
  const red = run(guard) !== 0;
  writeFileSync(path, text);
  const green = red && isGreen(guard);
  process.stdout.write(`${green ? 'noticed' : red ? 'RED WITH IT, TOO' : 'UNNOTICED'}: ${guard.name}\n`);
  return green;
}

/** Whether a guard's tests are green while it stands: asked once for all guards that have the same tests. */
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
