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

/** Prints a token of an issuer that runs beside a deployment on trial; `npx hub token` is for the trial on one machine. */
const asked = new Command('token')
  .description("print an access token for one of the trial's fictional readers")
  .requiredOption('--issuer <url>', 'the issuer')
  .requiredOption('--home <dir>', 'where that issuer keeps the passwords')
  .requiredOption('--as <reader>', 'such as cert-eu-analyst')
  .option('--purpose <purpose>', 'the one purpose stated with it')
  .option('--picture <picture>', 'real, or exercise:trial-2026', 'real')
  .option('--strong', 'log in with the second factor')
  .parse()
  .opts<Arguments>();

try {
  process.stdout.write(`${(await fetchToken(asked)).accessToken}\n`);
} catch (error) {
  console.error(`token: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
