import { Command, Option } from 'commander';
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
import { say, withStore } from './with-store.ts';
import { formatKey } from '../store/format-key.ts';

/**
 * The command line of a community's operator, on the community's own store and with its credentials: what a reader
 * would see, what a rule would open, what was open that should not have been, and the switch that takes it out.
 */
export async function runOperate(community: CommunityPart): Promise<void> {
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
    .description(`What ${community.name}'s operator may look at and turn, on its own store.`)
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
    .description('what a reader would see of these records: counts, markings and ids, never content')
    .requiredOption('--reader <file>', 'who: a reader as JSON (schema/protocol/reader.ts)')
    .option('--json', 'as JSON')
    .action(async (flags: { reader: string; json?: boolean }) => {
      const reader = readReader(flags.reader);
      const seen = await withStore(community, async (store) => {
        const policy = await servedNow(store);
        return await viewAs(store, community.kinds, policy, reader, new Date());
      });
      if (flags.json === true) return say(JSON.stringify(seen, null, 2));
      for (const { kind, records, exact, newest } of seen) {
        say(`${kind}: ${records}${exact ? '' : ' or more'}`);
        for (const { id, tlp, hidden } of newest)
          say(`  ${id} ${tlp}${hidden.length > 0 ? ` without ${hidden.join(', ')}` : ''}`);
      }
    });
}

function addPreview(program: Command, community: CommunityPart): void {
  program
    .command('preview')
    .description('what the rules of a folder would open and close of these records')
    .requiredOption('--policy <folder>', 'the policy as it would be')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `\nExample:\n  npx hub operate ${community.name} preview --policy ../changed-policy`,
    )
    .action(async (flags: { policy: string; json?: boolean }) => {
      const next = readPolicy(flags.policy);
      const preview = await withStore(community, async (store) => {
        const policy = await policyOfRun(process.env, store);
        return await previewPolicy(store, policy, next);
      });
      if (flags.json === true) return say(JSON.stringify(preview, null, 2));
      tellCounted('would open', preview.gains);
      tellCounted('would close', preview.losses);
      say(
        `${preview.looked} records looked at, ${preview.gains.length} gains, ${preview.losses.length} losses`,
      );
    });
}

function addAlarms(program: Command, community: CommunityPart): void {
  program
    .command('alarms')
    .description(
      "records that had been open to more than their new marking allows, or that another's file claimed",
    )
    .option('--limit <n>', 'how many, the newest first', '20')
    .action(async (flags: { limit: string }) => {
      const alarms = await withStore(
        community,
        async (store) => await newestAlarms(store, Number(flags.limit)),
      );
      for (const { at, record, since, lost, isClaimed } of alarms) {
        const what =
          isClaimed === true
            ? `another originator's file claims its id since ${since.toISOString()}: it was rejected`
            : `open since ${since.toISOString()} to ${lost.map(formatKey).join('; ')}`;
        say(`${at.toISOString()} ${record}: ${what}`);
      }
      say(
        `${alarms.length} alarms; who read such a record: hub reads ${community.name} --record ID, or ownReads(record:) of the graph`,
      );
    });
}

function addLabelsCommand(program: Command, community: CommunityPart): void {
  program
    .command('labels')
    .description('by which version of the policy records are found, and how far a relabelling is')
    .option('--json', 'as JSON')
    .action(async (flags: { json?: boolean }) => {
      const now = await withStore(community, readKeyStatus);
      if (flags.json === true) return say(JSON.stringify(now, null, 2));
      for (const line of formatKeyStatus(now, new Date())) say(line);
    });
}

/** What the subgraph decides by: two versions while the records are relabelled from one to the other. */
async function servedNow(store: CommunityStore): Promise<Policy> {
  const inForce = await policyOfRun(process.env, store);
  const state = await readKeyState(store);
  return state === null ? inForce : await policyServed(state.serving, inForce, versionsIn(policiesOf(store)));
}

function addSwitch(program: Command, community: CommunityPart): void {
  program
    .command('switch')
    .description('take this community out of the hub at once, or back in; without a word: how it stands')
    .addOption(
      new Option('--to <state>', 'out: nothing is answered; in: it takes part').choices(['out', 'in']),
    )
    .option('--because <reason>', 'why, for the record')
    .option('--by <operator>', 'who turns it, for the record', process.env['USER'] ?? 'operator')
    .addHelpText(
      'after',
      `\nExample:\n  npx hub operate ${community.name} switch --to out --because "a leak is looked into"`,
    )
    .action(async (flags: { to?: 'out' | 'in'; because?: string; by: string }) => {
      await withStore(community, async (store) => await doSwitch(store, flags));
    });
}

async function doSwitch(
  store: CommunityStore,
  { to, because, by }: { readonly to?: 'out' | 'in'; readonly because?: string; readonly by: string },
): Promise<void> {
  if (to !== undefined) {
    if (because === undefined || because.trim() === '')
      throw new Error('switch --to: say why, with --because "..."');
    await turnSwitch(store, to === 'out', by, because, new Date());
  }
  const turn = await lastTurn(store);
  if (turn === null) say('in: it was never taken out');
  else say(`${turn.out ? 'out' : 'in'} since ${turn.at.toISOString()}, by ${turn.by}: ${turn.because}`);
}

function tellCounted(what: string, rows: readonly Counted[]): void {
  for (const { what: whom, records, examples } of rows)
    say(`${what} ${records}: ${whom} (such as ${examples[0] ?? 'none'})`);
}
