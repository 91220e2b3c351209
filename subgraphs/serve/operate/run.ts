import { Command, Option } from 'commander';
import { endOnClosedPipe } from '../../../schema/runtime/closed-pipe.ts';
import { readPolicy } from '../../../schema/policy/decide/load.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { CommunityPart } from '../graph/community.ts';
import { policiesOf, policyOfRun } from '../store/policies.ts';
import { readKeyState } from '../store/key-state.ts';
import { policyServed } from '../relabel/served.ts';
import { versionsIn } from '../store/policy-versions.ts';
import type { CommunityStore } from '../store/store.ts';
import { newestAlarms } from '../store/alarms.ts';
import { readKeyStatus, formatKeyStatus } from './relabel-status.ts';
import { addMigrate } from './migrate-command.ts';
import { previewPolicy } from '../preview/openings.ts';
import { readReader } from './reader-file.ts';
import { lastTurn, turnSwitch } from './switch.ts';
import type { Counted } from '../preview/tally.ts';
import { viewAs } from './view.ts';
import { printLine, withStore } from './with-store.ts';
import { formatKey } from '../store/format-key.ts';

/**
 * Runs the command line of a community's operator on the community's store: the view of a reader, the preview of a
 * policy, alarms, the key state, migration, and the switch that takes the community out of the hub.
 */
export async function runOperate(community: CommunityPart): Promise<void> {
  endOnClosedPipe();
  const command = describe(community);
  try {
    await command.parseAsync();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
  process.exit();
}

function describe(community: CommunityPart): Command {
  const program = new Command(`hub operate ${community.name}`)
    .description(`Commands for ${community.name}'s operator, on the community's store.`)
    .showHelpAfterError();
  addView(program, community);
  addPreview(program, community);
  addAlarms(program, community);
  addLabelsCommand(program, community);
  addMigrate(program, community);
  addSwitch(program, community);
  return program;
}

function addView(program: Command, community: CommunityPart): void {
  program
    .command('view')
    .description('show what a reader would see of the records: counts, markings and ids, never content')
    .requiredOption('--reader <file>', 'JSON file with the reader (schema/protocol/reader.ts)')
    .option('--json', 'print JSON')
    .action(async (flags: { reader: string; json?: boolean }) => {
      const reader = readReader(flags.reader);
      const seen = await withStore(community, async (store) => {
        const policy = await servedNow(community, store);
        return await viewAs(store, community.kinds, policy, reader, new Date());
      });
      if (flags.json === true) return printLine(JSON.stringify(seen, null, 2));
      for (const { kind, records, exact, newest } of seen) {
        printLine(`${kind}: ${records}${exact ? '' : ' or more'}`);
        for (const { id, tlp, hidden } of newest)
          printLine(`  ${id} ${tlp}${hidden.length > 0 ? ` without ${hidden.join(', ')}` : ''}`);
      }
    });
}

function addPreview(program: Command, community: CommunityPart): void {
  program
    .command('preview')
    .description('show which records another policy would open or close, and to whom')
    .requiredOption('--policy <folder>', 'folder with the policy to compare with the one in force')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `\nExample:\n  npx hub operate ${community.name} preview --policy ../changed-policy`,
    )
    .action(async (flags: { policy: string; json?: boolean }) => {
      const next = readPolicy(flags.policy);
      const preview = await withStore(community, async (store) => {
        const policy = await policyOfRun(process.env, community.name, store);
        return await previewPolicy(store, policy, next);
      });
      if (flags.json === true) return printLine(JSON.stringify(preview, null, 2));
      printCounts('would open', preview.gains);
      printCounts('would close', preview.losses);
      printLine(
        `${preview.looked} records compared, ${preview.gains.length} gains, ${preview.losses.length} losses`,
      );
    });
}

function addAlarms(program: Command, community: CommunityPart): void {
  program
    .command('alarms')
    .description(
      "list records that were open to more readers than their new marking allows, or whose id another originator's file used",
    )
    .option('--limit <n>', 'how many alarms, the newest first', '20')
    .action(async (flags: { limit: string }) => {
      const alarms = await withStore(
        community,
        async (store) => await newestAlarms(store, Number(flags.limit)),
      );
      for (const { at, record, since, lost, isClaimed } of alarms) {
        const what =
          isClaimed === true
            ? `another originator's file has used its id since ${since.toISOString()}, and was rejected`
            : `open since ${since.toISOString()} to ${lost.map(formatKey).join('; ')}`;
        printLine(`${at.toISOString()} ${record}: ${what}`);
      }
      printLine(
        `${alarms.length} alarms; to see who read a record: hub reads ${community.name} --record ID, or the query ownReads(record:)`,
      );
    });
}

function addLabelsCommand(program: Command, community: CommunityPart): void {
  program
    .command('labels')
    .description('show which policy version records are found by, and the progress of a relabelling')
    .option('--json', 'print JSON')
    .action(async (flags: { json?: boolean }) => {
      const now = await withStore(community, readKeyStatus);
      if (flags.json === true) return printLine(JSON.stringify(now, null, 2));
      for (const line of formatKeyStatus(now, new Date())) printLine(line);
    });
}

/** Returns the policy that the subgraph decides by. During a relabelling it combines two versions. */
async function servedNow({ name }: CommunityPart, store: CommunityStore): Promise<Policy> {
  const inForce = await policyOfRun(process.env, name, store);
  const state = await readKeyState(store);
  return state === null ? inForce : await policyServed(state.serving, inForce, versionsIn(policiesOf(store)));
}

function addSwitch(program: Command, community: CommunityPart): void {
  program
    .command('switch')
    .description('take this community out of the hub at once, or back in; without --to, show the state')
    .addOption(new Option('--to <state>', 'out: answer no request; in: answer again').choices(['out', 'in']))
    .option('--because <reason>', 'reason, kept with the change')
    .option(
      '--by <operator>',
      'operator who changes it, kept with the change',
      process.env['USER'] ?? 'operator',
    )
    .addHelpText(
      'after',
      `\nExample:\n  npx hub operate ${community.name} switch --to out --because "investigating a leak"`,
    )
    .action(async (flags: { to?: 'out' | 'in'; because?: string; by: string }) => {
      await withStore(community, async (store) => await runSwitch(store, flags));
    });
}

async function runSwitch(
  store: CommunityStore,
  { to, because, by }: { readonly to?: 'out' | 'in'; readonly because?: string; readonly by: string },
): Promise<void> {
  if (to !== undefined) {
    if (because === undefined || because.trim() === '')
      throw new Error('switch --to: expected a reason, such as --because "investigating a leak"');
    await turnSwitch(store, to === 'out', by, because, new Date());
  }
  const turn = await lastTurn(store);
  if (turn === null) printLine('in: the switch was never used');
  else printLine(`${turn.out ? 'out' : 'in'} since ${turn.at.toISOString()}, by ${turn.by}: ${turn.because}`);
}

function printCounts(what: string, rows: readonly Counted[]): void {
  for (const { what: whom, records, examples } of rows)
    printLine(`${what} ${records}: ${whom} (such as ${examples[0] ?? 'none'})`);
}
