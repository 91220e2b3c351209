import type { CommunityPart } from './community.ts';
import { serve } from './serve.ts';
import { readSettings } from './settings.ts';

/** Runs a community's subgraph as a process of its own until it is told to stop; says on stdout where it listens. */
export async function runSubgraph(community: CommunityPart): Promise<void> {
  try {
    const running = await serve(community, readSettings(community.name, process.env));
    process.stdout.write(`${community.name} listens on ${running.url}\n`);
    const stop = () => void running.stop().then(() => process.exit(0));
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
    process.once('disconnect', stop);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
