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

/** The commands about the policy: those that look at it as a whole, and those that ask it something. */
export function addPolicyCommands(program: Command): void {
  const policy = program
    .command('policy')
    .description(
      'the policy: check it, compare two versions, read it as a table, what it says of a field, who can, why somebody ' +
        'may or may not read a record, why a request was refused',
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
      'check the policy against the graph and against itself; it ends with 1 where there are findings',
    )
    .argument('[folder]', "the policy's files", policyFolder)
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
Each line begins with "+" where somebody gains and with "-" where somebody loses; below it stands a example, a reader and
a record for which the two versions decide differently. A record of which a line says nothing is in the reader's own
picture, validly marked and not classified. "being nobody in particular" is a reader in no relation that a rule asks for.
It ends with 0 where nobody gains or loses anything, with 1 where somebody does, with 2 where a policy is not taken.

Example:
  npx hub policy diff schema/policy/released schema/policy`;

function addDiff(policy: Command): void {
  policy
    .command('diff')
    .description('exactly who gains and who loses what between two versions of the policy')
    .argument('<old>', "a folder with a policy's files")
    .argument('<new>', "a folder with a policy's files")
    .addOption(new Option('--json', 'the same as JSON'))
    .addHelpText('after', diffHelp)
    .action((old: string, next: string, { json }: { json?: boolean }) => {
      const sources = readBoth(old, next);
      process.exitCode = sources === null ? 2 : diff(sources, json === true);
    });
}

type Both = readonly [before: PolicySource, after: PolicySource];

/** Null, and on stderr why, where one of them is no policy: a script must not take that for a difference. */
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

function addTable(policy: Command): void {
  policy
    .command('table')
    .description(
      'the whole policy as tables: classes of record against classes of reader, with the rules that allow',
    )
    .addOption(new Option('--format <format>', 'what to write').choices(['html', 'csv']).default('html'))
    .option('--out <file>', 'where to write it, instead of the terminal')
    .argument('[folder]', "the policy's files", policyFolder)
    .addHelpText('after', '\nExample:\n  npx hub policy table --format html --out policy.html')
    .action((folder: string, flags: { format: string; out?: string }) => {
      const { source } = policyOfTexts(readPolicyTexts(folder));
      const tables = tablesOf(source);
      const text = flags.format === 'csv' ? toCsv(tables) : toHtml(tables, source);
      if (flags.out === undefined) process.stdout.write(text);
      else writeFileSync(flags.out, text);
      process.stderr.write(`${tables.length} tables, ${countRows(tables)} rows\n`);
    });
}
