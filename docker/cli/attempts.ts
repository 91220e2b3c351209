import type { Command } from 'commander';
import type { Db } from 'mongodb';
import type { AttemptsEntry } from '../../gateway/audit/entry.ts';
import { parseEntry } from '../../gateway/audit/parse-entry.ts';
import { readEntries } from '../../gateway/audit/store.ts';
import { deployment as trialDeployment } from '../trial/home.ts';

const help = `
Prints the requests that failed before they had an entry, by minute, error code and organisation: without a valid token,
malformed, too large, or beyond a budget. The organisation is "-" if the reader was not identified. The store is
JCU_STORE_URI if it is set, otherwise that of the running trial.

Example:
  npx hub trail attempts --since 2026-11-28T00:00:00Z`;

type Flags = { readonly since?: string; readonly deployment: string };

/** Adds `hub trail attempts`, which lists the counts of failed requests in the audit log. */
export function addAttempts(
  trail: Command,
  withStore: <Result>(use: (db: Db) => Promise<Result>) => Promise<Result>,
): void {
  trail
    .command('attempts')
    .description('list the counts of requests that failed before a decision')
    .option('--since <time>', 'only those after this time, such as 2026-11-28T00:00:00Z')
    .option('--deployment <id>', 'the deployment whose log to read', trialDeployment)
    .addHelpText('after', help)
    .action(async ({ since, deployment }: Flags) => {
      const from = since === undefined ? 0 : Date.parse(since);
      if (Number.isNaN(from))
        throw new Error(`--since: expected a time such as 2026-11-28T00:00:00Z, got ${since}`);
      await withStore(async (db) => {
        for await (const { bytes } of readEntries(db, deployment)) {
          const entry = parseEntry(bytes);
          if (entry?.kind === 'attempts' && Date.parse(entry.until) > from)
            process.stdout.write(formatAttempts(entry));
        }
      });
    });
}

function formatAttempts({ at, attempts, more }: AttemptsEntry): string {
  const rows = attempts.map(
    ({ code, organisation, count }) => `${at} ${code.padEnd(28)} ${organisation ?? '-'}: ${count}\n`,
  );
  return `${rows.join('')}${more > 0 ? `${at} others: ${more}\n` : ''}`;
}
