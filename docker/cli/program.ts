import { Command, InvalidArgumentError, Option } from 'commander';
import { addDeployCommands } from './deploy.ts';
import { importAliasTable, importIntoCommunity } from './import.ts';
import { homeFolder } from '../trial/home.ts';
import { readers } from '../trial/issuer/readers.ts';
import { migrateCommunities } from './migrate.ts';
import { operateCommunity } from './operate.ts';
import { addPolicyCommands } from './policy/policy.ts';
import { fetchToken } from '../trial/issuer/token.ts';
import { addReads } from './reads.ts';
import { start } from './start.ts';
import { addTrail } from './trail.ts';
import { readState } from '../trial/state.ts';
import { communities } from '../../schema/record/vocabulary.ts';

const home = homeFolder(process.env);

/** The hub's command line on one machine. Every command says with --help what it does, with an example. */
const program = new Command('hub')
  .description('The JCU hub on one machine: a trial with the stores, an issuer, the communities and the hub.')
  .showHelpAfterError()
  .enablePositionalOptions()
  .configureOutput({ outputError: (text, write) => write(text) });

program
  .command('start')
  .description('start everything; Ctrl-C stops it in order, and what was stored stays')
  .option('--fresh', 'begin anew: everything that was stored in the trial is gone first')
  .addOption(
    new Option('--stores <how>', 'in one database server, or in one for each')
      .choices(['together', 'apart'])
      .default('together'),
  )
  .option('--port <n>', "the hub's port", takePort, 4000)
  .addHelpText('after', '\nExample:\n  npm start -- --fresh')
  .action(async ({ fresh = false, stores, port }: { fresh?: boolean; stores: string; port: number }) => {
    await start({ home, fresh, apart: stores === 'apart', port });
    process.exit();
  });

program
  .command('token')
  .description("print an access token for one of the trial's readers")
  .requiredOption('--as <reader>', `one of: ${readers.map((reader) => reader.as).join(', ')}`)
  .option('--purpose <purpose>', 'the one purpose stated with it, such as incident-response')
  .option('--picture <picture>', 'real, or exercise:trial-2026', 'exercise:trial-2026')
  .option('--strong', 'log in with the second factor')
  .addHelpText('after', '\nExample:\n  npx hub token --as cert-eu-analyst --purpose incident-response')
  .action(async (flags: { as: string; purpose?: string; picture: string; strong?: boolean }) => {
    const issuer = (await readState(home))?.issuer;
    if (issuer === undefined)
      throw new Error('no trial is running here: `npm start` first, in another terminal');
    const { accessToken } = await fetchToken({ issuer, home, ...flags });
    process.stdout.write(`${accessToken}\n`);
  });

passOn('import', `take files into a store: ${communities.join(', ')}, or "registry" for alias tables`, {
  rest: 'files or folders, and options: see `hub import <community> --help`',
  example: 'npx hub import enisa known-exploited.json',
  run: async (community, rest) =>
    community === 'registry'
      ? await importAliasTable(home, rest)
      : await importIntoCommunity(home, community, rest),
});

passOn('operate', "a community operator's view, preview, alarms, labels, migrate and switch", {
  rest: 'a command and its options: see `hub operate <community> --help`',
  example: 'npx hub operate cert-eu view --as private-partner',
  run: async (community, rest) => await operateCommunity(home, community, rest),
});

program
  .command('migrate')
  .description(
    "bring a community's stored documents to the version of its program, or all communities', resumably",
  )
  .argument('[community]', `one of: ${communities.join(', ')}; all of them where none is said`)
  .option('--preview', 'count what would change, and change nothing')
  .option(
    '--contract',
    'then take away what only programs of older versions read: refused while one was there in the last minute',
  )
  .addHelpText(
    'after',
    '\nIt may be killed at any moment, run again and run twice: what is left to do is told by the records.\n' +
      'Exit codes: 0 every record is of this version, 1 failed or refused, 2 some records could not be migrated.\n\n' +
      'Example:\n  npx hub migrate enisa --preview\n  npx hub migrate enisa\n' +
      '  npx hub migrate --contract    # when no older program runs any more',
  )
  .action(async (community: string | undefined, flags: { preview?: boolean; contract?: boolean }) => {
    process.exitCode = await migrateCommunities(home, community, flags);
  });

addPolicyCommands(program);
addReads(program);
addTrail(program);
addDeployCommands(program);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`hub: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

type PassedOn = {
  readonly rest: string;
  readonly example: string;
  readonly run: (community: string, rest: readonly string[]) => Promise<number>;
};

/** A command whose options are those of a community's own program: they are handed on as they stand. */
function passOn(name: string, description: string, { rest: words, example, run }: PassedOn): void {
  program
    .command(name)
    .description(description)
    .argument('<community>')
    .argument('[arguments...]', words)
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .addHelpText('after', `\nExample:\n  ${example}`)
    .action(async (community: string, rest: string[], _flags: object, command: Command) => {
      if (['--help', '-h'].includes(community)) command.help();
      process.exitCode = await run(community, rest);
    });
}

function takePort(value: string): number {
  const port = Number(value);
  if (!/^\d{1,5}$/.test(value) || port > 65_535) throw new InvalidArgumentError('Expected 0 to 65535.');
  return port;
}
