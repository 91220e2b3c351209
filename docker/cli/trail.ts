import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ChainHead } from '../../gateway/audit/entry.ts';
import { readEntries } from '../../gateway/audit/store.ts';
import { type ChainVerdict, type StoredEntry, verifyChain } from '../../gateway/audit/verify.ts';
import { withDatabase } from '../trial/client.ts';
import { deployment as trials, homeFolder } from '../trial/home.ts';
import { readState } from '../trial/state.ts';

const help = `
Each entry is looked at as it lies in the hub's store: that its bytes are canonical, that its hash is theirs, that it has
its place, hangs on the one before, and is found by what its bytes say. An end that was cut off or written anew is seen by
who kept the head of an earlier look: given as --since, it must be met on the way. The store is JCU_STORE_URI where it is
set, and that of the trial that runs otherwise. It ends with 0 where the chain is whole, with 2 where it is broken, with 1
where there is nothing to look at.

Examples:
  npx hub trail verify
  npx hub trail verify --since 1204:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08`;

type Flags = { readonly since?: ChainHead; readonly deployment: string; readonly json?: true };

/** Adds `hub trail verify`: whether the trail is one unbroken chain. */
export function addTrail(program: Command): void {
  program
    .command('trail')
    .description('the trail of what was disclosed')
    .command('verify')
    .description('check every entry of the trail and its link to the one before')
    .addOption(new Option('--since <seq:hash>', 'a head that an earlier look told').argParser(readHead))
    .option('--deployment <id>', 'whose chain', trials)
    .option('--json', 'the same as JSON')
    .addHelpText('after', help)
    .action(async ({ since, deployment, json }: Flags) => {
      const uri = process.env['JCU_STORE_URI'] ?? (await readState(homeFolder(process.env)))?.uris.hub;
      if (uri === undefined)
        throw new Error('no trial is running here: `npm start` first, or set JCU_STORE_URI');
      const verdict = await withDatabase(uri, async (db) => {
        const chain = { deployment, ...(since && { known: since }) };
        return await verifyChain(counted(readEntries(db, deployment)), chain);
      });
      if (verdict.ok && verdict.entries === 0)
        throw new Error(`the store has no entry of ${deployment}: is it the right one?`);
      process.stdout.write(json ? `${JSON.stringify(verdict)}\n` : `${tell(verdict, deployment)}\n`);
      process.exitCode = verdict.ok ? 0 : 2;
    });
}

async function* counted(entries: AsyncIterable<StoredEntry>): AsyncIterable<StoredEntry> {
  let read = 0;
  for await (const entry of entries) {
    yield entry;
    read += 1;
    if (read % 100_000 === 0) process.stderr.write(`${read} entries hang together so far\n`);
  }
}

function tell(verdict: ChainVerdict, deployment: string): string {
  if (!verdict.ok) return `the trail of ${deployment} is broken at entry ${verdict.seq}: ${verdict.reason}`;
  const { entries, head } = verdict;
  const many = entries === 1 ? '1 entry is' : `${entries} entries are`;
  return `trail of ${deployment}: ${many} one chain; its head, to be kept elsewhere: ${head.seq}:${head.hash}`;
}

function readHead(text: string): ChainHead {
  const { seq, hash } = /^(?<seq>[1-9]\d{0,15}):(?<hash>[0-9a-f]{64})$/.exec(text)?.groups ?? {};
  if (seq === undefined || hash === undefined)
    throw new InvalidArgumentError('Expected SEQ:HASH as `hub trail verify` tells it.');
  return { seq: Number(seq), hash };
}
