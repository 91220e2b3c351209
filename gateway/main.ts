import cluster from 'node:cluster';
import { parseArgs } from 'node:util';
import { limits } from './budget/operation-size.ts';
import { reportToFirst, startProcesses } from './processes.ts';
import { createLog } from '../schema/runtime/log.ts';
import { stopAtShutdown } from '../schema/runtime/shutdown.ts';

const help = `The JCU hub's gateway.

  node gateway/main.ts
      starts the hub with the settings in the environment (listed below)
  node gateway/main.ts --open --supergraph FILE [--port N] [--subgraph NAME=URL]...
                       [--max-selections N] [--max-depth N] [--max-root-fields N] [--share]
      serves any supergraph for trials, without tokens, policy and audit log; on
      loopback only; refuses to start in production or if settings of the hub are set.
      --subgraph replaces the URL of a subgraph that the supergraph states; the limits
      are those of one operation with its fragments expanded (2000, 24 and 100);
      --share executes identical queries that are in progress together only once
  node gateway/main.ts --help
      prints this text and the settings

Example:
  node gateway/main.ts --open --supergraph schema/supergraph.graphql --port 4010
`;

/** Starts the hub or, with `--open`, the open server. Neither loads the code of the other. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      open: { type: 'boolean', default: false },
      supergraph: { type: 'string' },
      port: { type: 'string', default: '4000' },
      subgraph: { type: 'string', multiple: true, default: [] },
      'max-selections': { type: 'string', default: String(limits.selections) },
      'max-depth': { type: 'string', default: String(limits.depth) },
      'max-root-fields': { type: 'string', default: String(limits.rootFields) },
      share: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return await printHelp();
  const running = values.open ? await startOpenWiring(values) : await startWholeHub();
  if (cluster.isWorker) reportToFirst(running);
  else process.stdout.write(`hub listens on ${running.url}\n`);
  stopAtShutdown(async () => await running.stop());
}

async function printHelp(): Promise<void> {
  const [{ hubSettings }, { formatSettings }] = await Promise.all([
    import('./settings.ts'),
    import('../schema/runtime/settings/help.ts'),
  ]);
  process.stdout.write(`${help}\nSettings of the hub:\n${formatSettings(hubSettings)}`);
}

async function startWholeHub() {
  const { readSettings } = await import('./settings.ts');
  const settings = readSettings(process.env);
  if (settings.processes > 1 && cluster.isPrimary)
    return await startProcesses(settings, createLog('hub', settings.log));
  const { startHub } = await import('./hub.ts');
  return await startHub(settings);
}

type OpenValues = {
  readonly supergraph?: string | undefined;
  readonly port: string;
  readonly subgraph: readonly string[];
  readonly 'max-selections': string;
  readonly 'max-depth': string;
  readonly 'max-root-fields': string;
  readonly share: boolean;
};

async function startOpenWiring(values: OpenValues) {
  if (values.supergraph === undefined) throw new Error('--open: expected --supergraph FILE, got nothing');
  const { startOpen } = await import('./open/open.ts');
  return await startOpen({
    supergraph: values.supergraph,
    port: Number(values.port),
    env: process.env,
    shares: values.share,
    addresses: new Map(values.subgraph.map(toAddress)),
    limits: {
      selections: toLimit('--max-selections', values['max-selections']),
      depth: toLimit('--max-depth', values['max-depth']),
      rootFields: toLimit('--max-root-fields', values['max-root-fields']),
    },
  });
}

function toAddress(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  const [name, url] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || !URL.canParse(url))
    throw new Error(`--subgraph: expected NAME=URL, such as books=http://127.0.0.1:4001/, got ${text}`);
  return [name, url];
}

function toLimit(flag: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`${flag}: expected a whole number above 0, got ${text}`);
  return number;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
