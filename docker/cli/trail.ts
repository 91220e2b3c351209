import { type Command, InvalidArgumentError, Option } from 'commander';
import { readFileSync } from 'node:fs';
import type { Db } from 'mongodb';
import { readCheckpoint } from '../../gateway/audit/checkpoint.ts';
import type { ChainHead } from '../../gateway/audit/entry.ts';
import { readEntryKeys } from '../../gateway/audit/signature.ts';
import { countStrays, readEntries } from '../../gateway/audit/store.ts';
import { type ChainVerdict, type StoredEntry, verifyChain } from '../../gateway/audit/verify.ts';
import { withDatabase } from '../trial/client.ts';
import { deployment as trialDeployment, homeFolder, openHome } from '../trial/home.ts';
import { noTrial, readState } from '../trial/state.ts';
import { addAttempts } from './attempts.ts';

const help = `
Checks each entry in the hub's store: its bytes are canonical (RFC 8785), its hash matches them, its sequence number
follows, it links to the entry before, a hub of the deployment signed it, its indexed fields match its bytes, and its
personal parts match it unless they were erased. An end that was removed is detected by a head that was kept elsewhere:
give the head that an earlier run printed as --since, or the hub's file JCU_AUDIT_CHECKPOINT_FILE as --checkpoint. The
store is JCU_STORE_URI if it is set, otherwise that of the running trial.

Exit codes: 0 the chain is intact, 2 it is broken, 1 there is no store or no entry.

Examples:
  npx hub trail verify
  npx hub trail verify --since 1204:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
  npx hub trail verify --deployment jcu --keys /srv/jcu/public/audit-keys.json --checkpoint /mnt/worm/head.json`;

type Flags = {
  readonly since?: ChainHead;
  readonly checkpoint?: string;
  readonly keys?: string;
  readonly unsignedUntil: number;
  readonly deployment: string;
  readonly json?: true;
};

/** Adds `hub trail verify`, which verifies the hash chain of the audit log, and `hub trail attempts`. */
export function addTrail(program: Command): void {
  const trail = program.command('trail').description('the audit log of disclosures and decisions');
  trail
    .command('verify')
    .description('verify every entry of the audit log, its signature and its link to the entry before')
    .addOption(new Option('--since <seq:hash>', 'a head that an earlier run printed').argParser(readHead))
    .addOption(
      new Option('--checkpoint <file>', 'the file with a head that the hub wrote').conflicts('since'),
    )
    .option('--keys <file>', "all public keys that the hub ever had, a JWKS file; without it, the trial's")
    .option(
      '--unsigned-until <seq>',
      'accept entries without a signature up to this one: an earlier version of the hub wrote them',
      readSeq,
      0,
    )
    .option('--deployment <id>', 'the deployment whose chain to verify', trialDeployment)
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (flags: Flags) => {
      const { deployment, json } = flags;
      const verdict = await withHubStore(async (db) => await verify(db, flags));
      if (verdict.ok && verdict.entries === 0)
        throw new Error(
          `expected entries of the deployment ${deployment}, found none: check --deployment and JCU_STORE_URI`,
        );
      process.stdout.write(json ? `${JSON.stringify(verdict)}\n` : `${formatVerdict(verdict, deployment)}\n`);
      process.exitCode = verdict.ok ? 0 : 2;
    });
  addAttempts(trail, withHubStore);
}

async function withHubStore<Result>(use: (db: Db) => Promise<Result>): Promise<Result> {
  const home = homeFolder(process.env);
  const uri = process.env['JCU_STORE_URI'] ?? (await readState(home))?.uris.hub;
  if (uri === undefined) throw noTrial(home);
  return await withDatabase(uri, use);
}

async function verify(db: Db, { since, checkpoint, deployment, ...flags }: Flags): Promise<ChainVerdict> {
  const keysFile = flags.keys ?? openHome(homeFolder(process.env)).hubKeysFile;
  const keys = readEntryKeys(readFileSync(keysFile, 'utf8'));
  const known = checkpoint === undefined ? since : readCheckpoint(checkpoint, deployment);
  const chain = { deployment, keys, unsignedUntil: flags.unsignedUntil, ...(known && { known }) };
  const verdict = await verifyChain(reportProgress(readEntries(db, deployment)), chain);
  const strays = verdict.ok ? await countStrays(db) : 0;
  if (!verdict.ok || strays === 0) return verdict;
  return { ok: false, seq: verdict.head.seq + 1, reason: 'a stored field has the wrong type' };
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
  const { entries, head, unsigned, erased } = verdict;
  const count = entries === 1 ? '1 entry' : `${entries} entries`;
  const notes = `${unsigned > 0 ? `, ${unsigned} of them unsigned` : ''}${erased > 0 ? `, ${erased} personal parts erased` : ''}`;
  return `audit log of ${deployment}: ${count} in one intact chain${notes}; keep its head elsewhere: ${head.seq}:${head.hash}`;
}

function readHead(text: string): ChainHead {
  const { seq, hash } = /^(?<seq>[1-9]\d{0,15}):(?<hash>[0-9a-f]{64})$/.exec(text)?.groups ?? {};
  if (seq === undefined || hash === undefined)
    throw new InvalidArgumentError('Expected SEQ:HASH as `hub trail verify` prints it.');
  return { seq: Number(seq), hash };
}

function readSeq(text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new InvalidArgumentError('Expected the number of an entry, such as 1204.');
  return Number(text);
}
