import { Command, InvalidArgumentError, Option } from 'commander';
import { addDeployCommands } from './deploy.ts';
import { importAliasTable, importIntoCommunity } from './import.ts';
import { readGiven, settable } from '../trial/given-settings.ts';
import { homeFolder } from '../trial/home.ts';
import { readers } from '../trial/issuer/readers.ts';
import { migrateCommunities } from './migrate.ts';
import { operateCommunity } from './operate.ts';
import { addPolicyCommands } from './policy/policy.ts';
import { fetchToken } from '../trial/issuer/token.ts';
import { addReads } from './reads.ts';
import { addRevoke } from './revoke.ts';
import { start } from './start.ts';
import { addTrail } from './trail.ts';
import { noTrial, readState } from '../trial/state.ts';
import { addWebhooks } from './webhooks.ts';
import { communities } from '../../schema/record/vocabulary.ts';

/** Builds the command line `hub` without running it. Each command's `--help` describes it and gives an example. */
export function createProgram(): Command {
  const program = new Command('hub')
    .description('The JCU hub: a trial on this machine (stores, issuer, communities and hub), and its tools.')
    .showHelpAfterError()
    .enablePositionalOptions()
    .configureOutput({ outputError: (text, write) => write(text) })
    .addHelpText('after', example);
  addStart(program);
  addToken(program);
  addImport(program);
  addOperate(program);
  addMigrate(program);
  addPolicyCommands(program);
  addReads(program);
  addTrail(program);
  addRevoke(program);
  addWebhooks(program);
  addDeployCommands(program);
  return program;
}

const example = `
Example:
  npm start                             # in one terminal
  npx hub token --as cert-eu-analyst    # in another terminal, in the same folder`;

type StartFlags = {
  readonly fresh?: boolean;
  readonly stores: string;
  readonly port: number;
  readonly watch?: boolean;
  readonly set: readonly string[];
};

function addStart(program: Command): void {
  program
    .command('start')
    .description('start the trial; Ctrl-C stops every part in order and keeps the stored data')
    .option('--fresh', 'delete everything that the trial has stored, then start')
    .addOption(
      new Option('--stores <how>', 'run one database server for all stores, or one for each store')
        .choices(['together', 'apart'])
        .default('together'),
    )
    .option('--port <n>', "the hub's port; 0 chooses a free one", readPort, 4000)
    .option(
      '--set <name=value>',
      `give a setting to the hub, also as a variable of the environment: ${settable.join(', ')}`,
      collect,
      [],
    )
    .option('--watch', 'restart the hub, a community or the issuer when its source files change')
    .addHelpText(
      'after',
      '\nExamples:\n  npm start -- --fresh\n  npm start -- --set JCU_READER_BUDGET=600000/60 --set JCU_ORGANISATION_BUDGET=6000000/60\n  npm run dev    # the same as `npm start -- --watch`',
    )
    .action(async ({ fresh = false, stores, port, watch = false, set }: StartFlags) => {
      const home = homeFolder(process.env);
      const env = readGiven(process.env, set);
      await start({ home, fresh, apart: stores === 'apart', port, watch, env });
      process.exit();
    });
}

function addToken(program: Command): void {
  program
    .command('token')
    .description("print an access token for one of the trial's readers")
    .requiredOption('--as <reader>', `one of: ${readers.map((reader) => reader.as).join(', ')}`)
    .option('--purpose <purpose>', 'the purpose to state, such as incident-response; one at most')
    .option('--picture <picture>', 'real, or exercise:trial-2026', 'exercise:trial-2026')
    .option('--strong', 'log in with the second factor')
    .addHelpText('after', '\nExample:\n  npx hub token --as cert-eu-analyst --purpose incident-response')
    .action(async (flags: { as: string; purpose?: string; picture: string; strong?: boolean }) => {
      const home = homeFolder(process.env);
      const issuer = (await readState(home))?.issuer;
      if (issuer === undefined) throw noTrial(home);
      const { accessToken } = await fetchToken({ issuer, home, ...flags });
      process.stdout.write(`${accessToken}\n`);
    });
}

function addImport(program: Command): void {
  passOn(
    program,
    'import',
    `import files into a store: ${communities.join(', ')}, or "registry" for alias tables`,
    {
      rest: 'files or folders, and options: see `hub import <community> --help`',
      example: 'npx hub import enisa known-exploited.json',
      run: async (home, community, rest) =>
        community === 'registry'
          ? await importAliasTable(home, rest)
          : await importIntoCommunity(home, community, rest),
    },
  );
}

function addOperate(program: Command): void {
  passOn(program, 'operate', "a community operator's view, preview, alarms, labels, migrate and switch", {
    rest: 'a command and its options: see `hub operate <community> --help`',
    example: 'npx hub operate cert-eu view --as private-partner',
    run: operateCommunity,
  });
}

const migrateHelp = `
It may be killed, run again, and run twice at the same time: the stored records show which of them remain.
Exit codes: 0 every record has the current version, 1 it failed or was refused, 2 some records could not be migrated.

Examples:
  npx hub migrate enisa --preview
  npx hub migrate enisa
  npx hub migrate --contract    # when no older program runs any more`;

function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description(
      "migrate a community's stored documents, or those of all communities, to the current version",
    )
    .argument('[community]', `one of: ${communities.join(', ')}; without it, all of them`)
    .option('--preview', 'count the documents that would change; change none')
    .option(
      '--contract',
      'then remove the fields that only older programs read; refused if one ran within the last minute',
    )
    .addHelpText('after', migrateHelp)
    .action(async (community: string | undefined, flags: { preview?: boolean; contract?: boolean }) => {
      process.exitCode = await migrateCommunities(homeFolder(process.env), community, flags);
    });
}

type PassedOn = {
  readonly rest: string;
  readonly example: string;
  readonly run: (home: string, community: string, rest: readonly string[]) => Promise<number>;
};

/** Adds a command that passes its options on, unread, to the community's own program. */
function passOn(program: Command, name: string, description: string, given: PassedOn): void {
  program
    .command(name)
    .description(description)
    .argument('<community>')
    .argument('[arguments...]', given.rest)
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .addHelpText('after', `\nExample:\n  ${given.example}`)
    .action(async (community: string, rest: string[], _flags: object, command: Command) => {
      if (['--help', '-h'].includes(community)) command.help();
      process.exitCode = await given.run(homeFolder(process.env), community, rest);
    });
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function readPort(value: string): number {
  const port = Number(value);
  if (!/^\d{1,5}$/.test(value) || port > 65_535) throw new InvalidArgumentError('Expected 0 to 65535.');
  return port;
}
