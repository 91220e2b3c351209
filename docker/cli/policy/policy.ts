import { writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { checkPolicy } from '../../../schema/policy/check/check.ts';
import { diffPolicies } from '../../../schema/policy/table/diff.ts';
import { policyFolder, policyOfTexts, readPolicyTexts } from '../../../schema/policy/decide/load.ts';
import { countRows, tablesOf } from '../../../schema/policy/table/table.ts';
import { toCsv } from '../../../schema/policy/table/table-csv.ts';
import { toHtml } from '../../../schema/policy/table/table-html.ts';
import type { PolicySource } from '../../../schema/policy/language/rules.ts';
import { addExplainCommands } from './policy-explain.ts';
import { formatCheck, formatDifference } from '../../../schema/policy/check/report.ts';
import { toReader } from '../operate.ts';

/** Adds the commands that check, compare, print and explain the policy. */
export function addPolicyCommands(program: Command): void {
  const policy = program
    .command('policy')
    .description(
      'check the policy, compare two versions, print it as a table, and explain who may do what and why a request was refused',
    );
  addCheck(policy);
  addDiff(policy);
  addTable(policy);
  addExplainCommands(policy);
}

function addCheck(policy: Command): void {
  policy
    .command('check')
    .description(
      'check that the policy covers the graph and is consistent; exit code 1 if there are findings',
    )
    .argument('[folder]', "the folder of the policy's files", policyFolder)
    .addHelpText(
      'after',
      '\nThe last line is "covered N of N, N findings".\n\nExample:\n  npx hub policy check',
    )
    .action((folder: string) => {
      const start = performance.now();
      const check = checkPolicy(policyOfTexts(readPolicyTexts(folder)));
      process.stdout.write(formatCheck(check, performance.now() - start));
      process.exitCode = check.findings.length === 0 && check.covered === check.all ? 0 : 1;
    });
}

const diffHelp = `
A line begins with "+" if readers gain access and with "-" if they lose it. Below it is an example: a reader and a record
for which the two versions decide differently. Unless a line says otherwise, the record is in the reader's own picture,
validly marked and not classified. "being nobody in particular" is a reader in no relation that a rule asks for.
Exit codes: 0 no access changes, 1 some access changes, 2 one of the folders is not a valid policy.

Example:
  npx hub policy diff schema/policy/released schema/policy`;

function addDiff(policy: Command): void {
  policy
    .command('diff')
    .description('print exactly which readers gain or lose which access between two versions of the policy')
    .argument('<old>', 'a folder of policy files')
    .argument('<new>', 'a folder of policy files')
    .addOption(new Option('--json', 'print JSON'))
    .addHelpText('after', diffHelp)
    .action((old: string, next: string, { json }: { json?: boolean }) => {
      const sources = readBoth(old, next);
      process.exitCode = sources === null ? 2 : diff(sources, json === true);
    });
}

type Both = readonly [before: PolicySource, after: PolicySource];

/** Returns null and prints the reason if one is not a valid policy: a script must not mistake that for a difference. */
function readBoth(old: string, next: string): Both | null {
  try {
    return [policyOfTexts(readPolicyTexts(old)).source, policyOfTexts(readPolicyTexts(next)).source];
  } catch (error) {
    process.stderr.write(`hub: ${error instanceof Error ? error.message : String(error)}\n`);
    return null;
  }
}

function diff([before, after]: Both, asJson: boolean): number {
  const start = performance.now();
  const difference = diffPolicies(before, after);
  const { gained, lost, changes } = difference;
  const lines = changes.map(({ effect, words }) => ({ effect, words }));
  process.stdout.write(
    asJson
      ? `${JSON.stringify({ gained, lost, changes: lines }, null, 2)}\n`
      : formatDifference(difference, performance.now() - start),
  );
  return changes.length === 0 ? 0 : 1;
}

type TableFlags = {
  readonly format: string;
  readonly out?: string;
  readonly as?: string;
  readonly purpose?: string;
  readonly strong?: boolean;
};

function addTable(policy: Command): void {
  policy
    .command('table')
    .description(
      'print the policy as tables: classes of records against classes of readers, with the rules that allow access',
    )
    .addOption(
      new Option('--format <format>', 'the format to write').choices(['html', 'csv']).default('html'),
    )
    .option(
      '--as <reader>',
      "show the access of one of the trial's readers only: `hub token --help` lists them",
    )
    .option('--purpose <purpose>', 'with --as: the purpose that the reader states')
    .option('--strong', 'with --as: the reader has logged in with the second factor')
    .option('--out <file>', 'the file to write to instead of the terminal')
    .argument('[folder]', "the folder of the policy's files", policyFolder)
    .addHelpText(
      'after',
      '\nExamples:\n  npx hub policy table --format html --out policy.html\n' +
        '  npx hub policy table --as private-partner --purpose incident-response --out partner.html',
    )
    .action((folder: string, flags: TableFlags) => {
      const { source } = policyOfTexts(readPolicyTexts(folder));
      const reader = flags.as === undefined ? undefined : toReader(flags.as, flags);
      const tables = tablesOf(source, reader);
      const text = flags.format === 'csv' ? toCsv(tables) : toHtml(tables, source, flags.as);
      if (flags.out === undefined) process.stdout.write(text);
      else writeFileSync(flags.out, text);
      process.stderr.write(`${tables.length} tables, ${countRows(tables)} rows\n`);
    });
}
