import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { named } from './named-mutants.ts';

const help = `Changes the policy's compilers in hundreds of small ways and runs their tests against each change.

  npm run mutants -- [options]

  --again   only the mutants that survived the last run
  --last    run nothing: print the result of the last run
  --help

Prints each mutant that survives, with its place. It is a gap in the tests, or it is equivalent to the original and is
listed with a reason in test/mutants/named-mutants.ts. Exits with 1 if a surviving mutant is not listed. Takes about 45
minutes on two cores.

Examples:
  npm run mutants
  npm run mutants -- --again
`;

const { values: flags } = parseArgs({
  options: {
    again: { type: 'boolean', default: false },
    last: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const root = join(import.meta.dirname, '..', '..');
const reportFile = join(root, '.cache', 'mutants.json');

const place = z.object({ line: z.int(), column: z.int() });
const reportShape = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.string(),
      mutants: z.array(
        z.object({
          status: z.string(),
          replacement: z.string().default(''),
          location: z.object({ start: place, end: place }),
        }),
      ),
    }),
  ),
});

/** A mutant: its file, the line, the original text (its first line) and the replacement. */
type Mutant = {
  readonly file: string;
  readonly range: string;
  readonly description: readonly [file: string, line: string, from: string, to: string];
  readonly isAlive: boolean;
};

function readReport(): readonly Mutant[] {
  if (!existsSync(reportFile)) throw new Error('there is no report of a run: start one with npm run mutants');
  const { files } = reportShape.parse(JSON.parse(readFileSync(reportFile, 'utf8')));
  return Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants
      .filter(({ status }) => status !== 'Ignored')
      .map(({ status, replacement, location: { start, end } }) => {
        const line = source.split('\n')[start.line - 1] ?? '';
        const last = end.line === start.line ? end.column - 1 : line.length;
        const from = line.slice(start.column - 1, last);
        return {
          file,
          range: `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`,
          description: [file.replace('schema/policy/', ''), line.trim(), from, replacement] as const,
          isAlive: status === 'Survived' || status === 'NoCoverage',
        };
      }),
  );
}

function mutate(): void {
  const install = spawnSync('npm', ['ci', '--prefix', join(root, 'test', 'mutants')], { stdio: 'inherit' });
  if (install.status !== 0) throw new Error('StrykerJS could not be installed');
  const alive = flags.again ? readReport().filter(({ isAlive }) => isAlive) : [];
  const only = flags.again ? ['--mutate', alive.map(({ range }) => range).join(',')] : [];
  const stryker = join(root, 'test/mutants/node_modules/@stryker-mutator/core/bin/stryker.js');
  const args = [stryker, 'run', join(root, 'test/mutants/stryker.config.json'), ...only];
  const run = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (run.status !== 0) throw new Error(`StrykerJS ended with ${run.status}`);
}

function report(): void {
  const mutants = readReport();
  const alive = mutants.filter(({ isAlive }) => isAlive);
  const known = new Set(
    named.flatMap(({ mutants: list }) => list.map((description) => JSON.stringify(description))),
  );
  const unnamed = alive.filter(({ description }) => !known.has(JSON.stringify(description)));
  for (const { range, description } of unnamed) {
    process.stdout.write(`SURVIVED: ${range}\n  ${JSON.stringify(description)}\n`);
  }
  process.stdout.write(
    `mutants: ${mutants.length - alive.length} of ${mutants.length} killed, ` +
      `${alive.length - unnamed.length} listed as equivalent, ${unnamed.length} survived\n`,
  );
  if (unnamed.length > 0) process.exitCode = 1;
}

if (flags.help) process.stdout.write(help);
else {
  if (!flags.last) mutate();
  report();
}
