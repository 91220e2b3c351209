import { type Command, InvalidArgumentError } from 'commander';
import { resolve } from 'node:path';

/** Adds `hub deploy`, which makes the files that docker/compose.yaml needs. */
export function addDeployCommands(program: Command): void {
  const deploy = program
    .command('deploy')
    .description('make and rotate the keys and files of a deployment (see docker/README.md)');
  deploy
    .command('init')
    .description('make every missing key, password and file of a deployment; keep the existing ones')
    .argument('<folder>', 'the folder of the deployment, outside this repository')
    .requiredOption(
      '--hub <url>',
      "the hub's URL for its readers, which is also the audience of their tokens",
      readUrl,
    )
    .option(
      '--issuer <url>',
      "your OpenID provider; without it, the trial's provider with fictional readers",
      readUrl,
    )
    .option('--deployment <id>', 'the id of the deployment', readId, 'trial')
    .addHelpText(
      'after',
      '\nExample:\n  npx hub deploy init /srv/jcu --deployment jcu --hub https://hub.example/graphql \\\n' +
        '    --issuer https://login.example',
    )
    .action(async (folder: string, flags: { hub: string; issuer?: string; deployment: string }) => {
      // Only this command loads the certificate library.
      const { initDeployment } = await import('../deploy/init.ts');
      const { hub, issuer = null, deployment } = flags;
      const made = await initDeployment({ folder: resolve(folder), hub, issuer, deployment });
      for (const name of made) process.stdout.write(`made ${name}\n`);
      process.stdout.write(`made ${made.length} files in ${resolve(folder)}; kept all existing files\n`);
    });
  deploy
    .command('rotate-hub-key')
    .description("replace the hub's signing key without a restart")
    .argument('<folder>', 'the folder of the deployment')
    .option('--end-old', 'make no new key; remove all older public keys, so that they are no longer accepted')
    .addHelpText(
      'after',
      '\nExample:\n  npx hub deploy rotate-hub-key /srv/jcu\n  npx hub deploy rotate-hub-key /srv/jcu --end-old',
    )
    .action(async (folder: string, { endOld = false }: { endOld?: boolean }) => {
      const { endOldHubKeys, rotateHubKey } = await import('../deploy/rotate.ts');
      const path = resolve(folder);
      if (endOld) {
        endOldHubKeys(path);
        process.stdout.write('only the current key of the hub is accepted now\n');
        return;
      }
      process.stdout.write(`the hub signs with the key ${await rotateHubKey(path)} now\n`);
    });
}

function readUrl(value: string): string {
  if (!/^https:\/\/./.test(value) || !URL.canParse(value))
    throw new InvalidArgumentError('Expected an https URL, such as https://hub.example/graphql.');
  return value;
}

function readId(value: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(value))
    throw new InvalidArgumentError('Expected at most 40 characters of a-z, 0-9 and -, such as jcu.');
  return value;
}
