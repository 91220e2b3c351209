import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ChainHead } from '../../gateway/audit/entry.ts';
import { readEntries } from '../../gateway/audit/store.ts';
import { type ChainVerdict, type StoredEntry, verifyChain } from '../../gateway/audit/verify.ts';
import { withDatabase } from '../trial/client.ts';
import { deployment as trialDeployment, homeFolder } from '../trial/home.ts';
import { noTrial, readState } from '../trial/state.ts';

const help = `
Checks each entry in the hub's store: its bytes are canonical (RFC 8785), its hash matches them, its sequence number
follows, it links to the entry before, and its indexed fields match its bytes. To detect an end that was removed or
rewritten, keep the head that this command prints and give it as --since: the chain must still contain it. The store is
JCU_STORE_URI if it is set, otherwise that of the running trial.

Exit codes: 0 the chain is intact, 2 it is broken, 1 there is no store or no entry.

Examples:
  npx hub trail verify
  npx hub trail verify --since 1204:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08`;

type Flags = { readonly since?: ChainHead; readonly deployment: string; readonly json?: true };

/** Adds `hub trail verify`, which verifies the hash chain of the audit log. */
export function addTrail(program: Command): void {
  program
    .command('trail')
    .description('the audit log of disclosures and decisions')
    .command('verify')
    .description('verify every entry of the audit log and its link to the entry before')
    .addOption(new Option('--since <seq:hash>', 'a head that an earlier run printed').argParser(readHead))
    .option('--deployment <id>', 'the deployment whose chain to verify', trialDeployment)
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async ({ since, deployment, json }: Flags) => {
      const home = homeFolder(process.env);
      const uri = process.env['JCU_STORE_URI'] ?? (await readState(home))?.uris.hub;
      if (uri === undefined) throw noTrial(home);
      const verdict = await withDatabase(uri, async (db) => {
        const chain = { deployment, ...(since && { known: since }) };
        return await verifyChain(reportProgress(readEntries(db, deployment)), chain);
      });
      if (verdict.ok && verdict.entries === 0)
        throw new Error(
          `expected entries of the deployment ${deployment}, found none: check --deployment and JCU_STORE_URI`,
        );
      process.stdout.write(json ? `${JSON.stringify(verdict)}\n` : `${formatVerdict(verdict, deployment)}\n`);
      process.exitCode = verdict.ok ? 0 : 2;
    });
}

async function* reportProgress(entries: AsyncIterable<StoredEntry>): AsyncIterable<StoredEntry> {
  let read = 0;
  for await (const entry of entries) {
    yield entry;
    read += 1;
    if (read % 100_000 === 0) process.stderr.write(`${read} entries verified so far\n`);
  }
}

function formatVerdict(verdict: ChainVerdict, deployment: string): string {
  if (!verdict.ok)
    return `the audit log of ${deployment} is broken at entry ${verdict.seq}: ${verdict.reason}`;
  const { entries, head } = verdict;
  const count = entries === 1 ? '1 entry' : `${entries} entries`;
  return `audit log of ${deployment}: ${count} in one intact chain; keep its head elsewhere: ${head.seq}:${head.hash}`;
}

function readHead(text: string): ChainHead {
  const { seq, hash } = /^(?<seq>[1-9]\d{0,15}):(?<hash>[0-9a-f]{64})$/.exec(text)?.groups ?? {};
  if (seq === undefined || hash === undefined)
    throw new InvalidArgumentError('Expected SEQ:HASH as `hub trail verify` prints it.');
  return { seq: Number(seq), hash };
}
