import { Command, InvalidArgumentError } from 'commander';
import { readOrThrow } from '../../../schema/runtime/settings/settings.ts';
import { formatSettings } from '../../../schema/runtime/settings/help.ts';
import { stopAtShutdown } from '../../../schema/runtime/shutdown.ts';
import { tlsSettings } from '../../../schema/runtime/tls.ts';
import { startIssuer } from './issuer.ts';
import { secretsPath } from './secrets.ts';

type Arguments = {
  readonly port: number;
  readonly home: string;
  readonly hub: string;
  readonly host?: string;
  readonly url?: string;
};

const { port, home, hub, host, url } = new Command('issuer')
  .description("run the trial's OpenID provider with fictional readers, on 127.0.0.1 unless --url is given")
  .requiredOption('--port <n>', 'the port to listen on; 0 chooses a free one', readPort)
  .requiredOption('--home <dir>', "the folder of the issuer's key and the trial's passwords")
  .option(
    '--hub <url>',
    "the hub's URL: the audience of the tokens",
    readUrl,
    'http://127.0.0.1:4000/graphql',
  )
  .option('--url <url>', 'the public URL of this issuer, for a deployment on trial', readUrl)
  .option('--host <address>', 'the address to listen on, with --url', '0.0.0.0')
  .addHelpText('after', `\nSettings, with --url:\n${formatSettings(Object.values(tlsSettings))}`)
  .parse()
  .opts<Arguments>();

try {
  const issuer = await startIssuer({
    port,
    home,
    hubUrl: hub,
    ...(url !== undefined && {
      published: { host: host ?? '0.0.0.0', url, ...readOrThrow(tlsSettings, process.env) },
    }),
    onFault: (fault) => console.error(fault),
  });
  console.log(
    `issuer at ${issuer.url} for ${hub}, logins in memory, key and passwords in ${secretsPath(home)} (for trials only)`,
  );
  stopAtShutdown(issuer.stop);
} catch (error) {
  console.error(`issuer: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

function readPort(value: string): number {
  const number = Number(value);
  if (!/^\d{1,5}$/.test(value) || number > 65_535) throw new InvalidArgumentError('Expected 0 to 65535.');
  return number;
}

function readUrl(value: string): string {
  if (!/^https?:$/.test(URL.parse(value)?.protocol ?? ''))
    throw new InvalidArgumentError('Expected an http or https URL.');
  return value;
}
