import type { CommunityPart } from './graph/community.ts';
import { serve } from './serve.ts';
import { formatSettings } from '../../schema/runtime/settings/help.ts';
import { stopAtShutdown } from '../../schema/runtime/shutdown.ts';
import { readSettings, subgraphSettings } from './settings.ts';

/**
 * Runs a community's subgraph in this process until SIGTERM, SIGINT or the end of the parent's IPC channel. Prints its
 * URL to stdout once it listens. `--help` prints its settings.
 */
export async function runSubgraph(community: CommunityPart): Promise<void> {
  if (process.argv.includes('--help')) {
    const settings = formatSettings(Object.values(subgraphSettings));
    process.stdout.write(
      `Runs the subgraph of ${community.name}. It takes no arguments.\n\nSettings:\n${settings}`,
    );
    return;
  }
  try {
    const running = await serve(community, readSettings(community.name, process.env));
    process.stdout.write(`${community.name} listens on ${running.url}\n`);
    stopAtShutdown(async () => await running.stop());
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
