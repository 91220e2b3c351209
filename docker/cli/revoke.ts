import { type Command, InvalidArgumentError } from 'commander';
import { revoke } from '../../gateway/registry/revocations.ts';
import { withDatabase } from '../trial/client.ts';
import { homeFolder } from '../trial/home.ts';
import { withUri } from './import.ts';

const help = `
The hub refuses the token within two seconds, without a restart. A token's id is its claim jti; the audit log has it in
the personal part of an entry. Revoking a subject refuses all its tokens, also new ones, until the end: end the membership
in the registry if the person left. The store is JCU_STORE_URI if it is set, otherwise that of the trial.

Examples:
  npx hub revoke --token-id 3sBx0e6y9QG --until 2026-12-01T12:00:00Z --because "lost laptop"
  npx hub revoke --subject u-7f3a91c2d4e8 --until 2026-12-01T12:00:00Z --because "stolen account"`;

type Flags = {
  readonly tokenId?: string;
  readonly subject?: string;
  readonly until: Date;
  readonly because: string;
};

/** Adds `hub revoke`, which revokes an access token or all access tokens of a subject. */
export function addRevoke(program: Command): void {
  program
    .command('revoke')
    .description('refuse an access token, or all access tokens of a subject, until a time')
    .option('--token-id <jti>', 'the id of the token', readName)
    .option('--subject <sub>', 'the subject of the tokens', readName)
    .requiredOption('--until <time>', 'when it ends, in UTC: after the expiry of the token', readTime)
    .requiredOption('--because <reason>', 'the reason, which is kept in the registry', readName)
    .addHelpText('after', help)
    .action(async ({ tokenId, subject, until, because }: Flags) => {
      const value = tokenId ?? subject;
      if (value === undefined || (tokenId !== undefined && subject !== undefined))
        throw new Error('expected --token-id or --subject, got neither or both');
      const by = tokenId === undefined ? 'subject' : 'token';
      await withUri(homeFolder(process.env), 'hub', async (uri) => {
        await withDatabase(uri, async (db) => await revoke(db, { by, value, until, because }, new Date()));
      });
      process.stdout.write(`revoked the ${by} ${value} until ${until.toISOString()}\n`);
    });
}

/** Claims of a token have at most 200 characters. */
function readName(value: string): string {
  if (value === '' || value.length > 200) throw new InvalidArgumentError('Expected 1 to 200 characters.');
  return value;
}

function readTime(value: string): Date {
  const time = new Date(value);
  const isUtc = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z$/.test(value);
  if (!isUtc || Number.isNaN(time.getTime()))
    throw new InvalidArgumentError('Expected a time in UTC, such as 2026-12-01T12:00:00Z.');
  if (time <= new Date()) throw new InvalidArgumentError('Expected a time in the future.');
  return time;
}
