import { Command } from 'commander';
import { fetchToken } from './token.ts';

type Arguments = {
  readonly issuer: string;
  readonly home: string;
  readonly as: string;
  readonly purpose?: string;
  readonly picture: string;
  readonly strong?: boolean;
};

/** Prints a token from the issuer of a deployment on trial. For the trial on one machine use `npx hub token`. */
const flags = new Command('token')
  .description("print an access token for one of the trial's fictional readers")
  .requiredOption('--issuer <url>', "the issuer's URL")
  .requiredOption('--home <dir>', 'the folder where that issuer keeps the passwords')
  .requiredOption('--as <reader>', 'the reader, such as cert-eu-analyst')
  .option('--purpose <purpose>', 'the purpose to state; one at most')
  .option('--picture <picture>', 'real, or exercise:trial-2026', 'real')
  .option('--strong', 'log in with the second factor')
  .addHelpText(
    'after',
    '\nExample:\n  node docker/trial/issuer/token-main.ts --issuer https://issuer:4443 --home /home/issuer --as cert-eu-analyst',
  )
  .parse()
  .opts<Arguments>();

try {
  process.stdout.write(`${(await fetchToken(flags)).accessToken}\n`);
} catch (error) {
  console.error(`token: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
