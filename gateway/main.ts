import { parseArgs } from 'node:util';
import { stopAtShutdown } from '../schema/runtime/shutdown.ts';

const help = `The JCU hub's gateway.

  node gateway/main.ts
      starts the hub with the settings in the environment (listed below)
  node gateway/main.ts --open --supergraph FILE [--port N]
      serves any supergraph for trials, without tokens, policy and audit log; on
      loopback only; refuses to start in production or if settings of the hub are set
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
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return await printHelp();
  const running = values.open
    ? await startOpenWiring(values.supergraph, Number(values.port))
    : await startWholeHub();
  process.stdout.write(`hub listens on ${running.url}\n`);
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
  const [{ startHub }, { readSettings }] = await Promise.all([import('./hub.ts'), import('./settings.ts')]);
  return await startHub(readSettings(process.env));
}

async function startOpenWiring(supergraph: string | undefined, port: number) {
  if (supergraph === undefined) throw new Error('--open: expected --supergraph FILE, got nothing');
  const { startOpen } = await import('./open/open.ts');
  return await startOpen({ supergraph, port, env: process.env });
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
