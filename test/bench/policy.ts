import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { checkPolicy } from '../../schema/policy/check/check.ts';
import { diffPolicies } from '../../schema/policy/table/diff.ts';
import { policyOfTexts, readPolicyTexts } from '../../schema/policy/decide/load.ts';
import { countRows, tablesOf } from '../../schema/policy/table/table.ts';
import { percentile, round, table } from './figures.ts';
import { logProgress } from './place.ts';

const help = `Measures the policy's tools: compiling, checking every cell, comparing two versions, and printing the table.

  npm run bench:policy -- [options]

  --runs N     runs of each job (5); the median is reported
  --json FILE  all figures as JSON
  --help

Two versions are compared: the policy without J01, which differs for every record, and with RED in J06, which differs for
one class of record. Starts no process and stores nothing.

Example:
  npm run bench:policy -- --runs 11 --json figures.json
`;

const { values: flags } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const texts = readPolicyTexts();

function edited(from: string | RegExp, to: string): Readonly<Record<string, string>> {
  return { ...texts, 'baseline.yaml': (texts['baseline.yaml'] ?? '').replace(from, to) };
}

/** Runs each job a few times and returns the median. */
function main(runs: number): void {
  const policy = policyOfTexts(texts);
  const small = policyOfTexts(edited('tlp: [AMBER_STRICT]', 'tlp: [AMBER_STRICT, RED]')).source;
  const large = policyOfTexts(edited(/ {2}- id: J01\n[^]*?(?= {2}- id: J01a\n)/, '')).source;
  const measured = {
    'read and resolve': measure('read and resolve', runs, () => policyOfTexts(texts)),
    'compile every group': measure('compile every group', runs, () => compileAll(policyOfTexts(texts))),
    check: measure('check', runs, () => checkPolicy(policy)),
    'diff of one class': measure('diff of one class', runs, () => diffPolicies(policy.source, small)),
    'diff of all': measure('diff of all', runs, () => diffPolicies(policy.source, large)),
    table: measure('table', runs, () => tablesOf(policy.source)),
  };
  const { cells, covered, all } = checkPolicy(policy);
  const [one, every] = [small, large].map((after) => diffPolicies(policy.source, after));
  const tables = tablesOf(policy.source);
  const figures = {
    runs,
    milliseconds: measured,
    cells,
    coordinates: { covered, all },
    compared: { one: one?.compared, all: every?.compared },
    changed: { one: (one?.gained ?? 0) + (one?.lost ?? 0), all: (every?.gained ?? 0) + (every?.lost ?? 0) },
    tables: tables.length,
    rows: countRows(tables),
  };
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(figures, null, 2)}\n`);
  report(figures);
}

function report({ milliseconds, cells, compared, changed, tables, rows }: Figures): void {
  const lines = Object.entries(milliseconds).map(([name, value]) => [name, round(value)]);
  process.stdout.write(table(['job', 'ms'], lines));
  process.stdout.write(
    `${cells.all} cells of ${cells.accesses} tables, of which ${cells.tables} differ with ${cells.distinct} cells; ` +
      `printed as ${tables} tables of ${rows} rows\n` +
      `diff of one class: ${compared.one} cells compared, ${changed.one} differ; ` +
      `of all: ${compared.all} compared, ${changed.all} differ\n` +
      `bench:policy: ${round(milliseconds.check)} ms (check of ${cells.all} cells; diff ${round(milliseconds['diff of all'])} ms)\n`,
  );
}

type Figures = {
  readonly milliseconds: Readonly<Record<string, number>> & {
    readonly check: number;
    readonly 'diff of all': number;
  };
  readonly cells: ReturnType<typeof checkPolicy>['cells'];
  readonly compared: { readonly one: number | undefined; readonly all: number | undefined };
  readonly changed: { readonly one: number; readonly all: number };
  readonly tables: number;
  readonly rows: number;
};

function compileAll(policy: ReturnType<typeof policyOfTexts>): void {
  for (const [kind, { groups }] of Object.entries(policy.source.domain.kinds))
    for (const group of groups) policy.compiled(kind, group);
}

function measure(what: string, runs: number, work: () => unknown): number {
  logProgress(what);
  const times = Array.from({ length: runs }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return percentile(times, 0.5);
}

const runs = Number(flags.runs);
if (flags.help) process.stdout.write(help);
else if (!Number.isInteger(runs) || runs < 1) {
  process.stderr.write(`expected --runs to be a whole number from 1, got ${flags.runs}\n`);
  process.exitCode = 2;
} else main(runs);
