import { type Command, InvalidArgumentError } from 'commander';
import { resolve } from 'node:path';

/** Adds `hub deploy`: the files of a deployment by docker/compose.yaml. */
export function addDeployCommands(program: Command): void {
  const deploy = program
    .command('deploy')
    .description('the keys and files of a deployment (docker/README.md)');
  deploy
    .command('init')
    .description('make every key, password and file that a deployment lacks; what is there stays as it is')
    .argument('<folder>')
    .requiredOption(
      '--hub <url>',
      "the hub's address for its readers, which is their tokens' audience",
      readUrl,
    )
    .option(
      '--issuer <url>',
      "your OpenID provider; without it, the trial's own with its fictional readers",
      readUrl,
    )
    .option('--deployment <id>', "the deployment's name", readId, 'trial')
    .addHelpText(
      'after',
      '\nExample:\n  npx hub deploy init /srv/jcu --deployment jcu --hub https://hub.example/graphql \\\n' +
        '    --issuer https://login.example',
    )
    .action(async (folder: string, flags: { hub: string; issuer?: string; deployment: string }) => {
      // What makes certificates is loaded by this command alone.
      const { initDeployment } = await import('../deploy/init.ts');
      const { hub, issuer = null, deployment } = flags;
      const made = await initDeployment({ folder: resolve(folder), hub, issuer, deployment });
      for (const name of made) process.stdout.write(`made ${name}\n`);
      process.stdout.write(`${made.length} files made in ${resolve(folder)}; what was there is as it was\n`);
    });
  deploy
    .command('rotate-hub-key')
    .description("exchange the hub's signing key while everything runs; with --end-old, the old one's end")
    .argument('<folder>')
    .option('--end-old', 'take every older public key out')
    .action(async (folder: string, { endOld = false }: { endOld?: boolean }) => {
      const { endOldHubKeys, rotateHubKey } = await import('../deploy/rotate.ts');
      if (endOld) endOldHubKeys(resolve(folder));
      else process.stdout.write(`the hub signs under ${await rotateHubKey(resolve(folder))}\n`);
    });
}

function readUrl(value: string): string {
  if (!/^https:\/\/./.test(value) || !URL.canParse(value))
    throw new InvalidArgumentError('Expected an https URL.');
  return value;
}

function readId(value: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(value))
    throw new InvalidArgumentError('Expected a-z, 0-9 and -, at most 40.');
  return value;
}
