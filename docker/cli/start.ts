import { clearHome } from '../trial/home.ts';
import { loadScenario } from '../trial/scenario.ts';
import { readState, removeState, writeState } from '../trial/state.ts';
import { readers } from '../trial/issuer/readers.ts';
import { listenForShutdown, untilAborted } from '../../schema/runtime/shutdown.ts';
import { startTrial, type Trial } from '../trial/trial.ts';
import { supervise } from '../trial/supervise.ts';
import { watchTrial } from '../trial/watch.ts';

/** Starts the trial in a terminal: prints progress and an example query, and stops every part in order at Ctrl-C. */
export async function start(options: {
  readonly home: string;
  readonly fresh: boolean;
  readonly apart: boolean;
  readonly port: number;
  /** Restart a part when its source files change. */
  readonly watch: boolean;
  /** Settings of the hub that the user gives. */
  readonly env: Readonly<Record<string, string>>;
}): Promise<void> {
  const running = await readState(options.home);
  if (running !== null)
    throw new Error(
      `a trial runs in ${options.home} already, at ${running.url} (process ${running.pid}): ` +
        'use it, stop it with Ctrl-C, or set JCU_HOME to another folder',
    );
  const began = performance.now();
  process.stdout.write('starting the JCU hub as a trial on this machine\n');
  const shutdown = listenForShutdown();
  shutdown.addEventListener('abort', printStopping, { once: true });
  try {
    if (options.fresh) await clearHome(options.home);
    const supervisor = supervise(announce);
    shutdown.addEventListener('abort', () => supervisor.stop(), { once: true });
    const { died } = supervisor;
    await using trial = await startTrial({ ...options, report, signal: shutdown, died });
    supervisor.attach(async (name) => await trial.restart(name));
    await run(trial, options, shutdown, began);
  } catch (error) {
    // A shutdown makes a start in progress fail: that is no error.
    if (!shutdown.aborted) throw error;
  } finally {
    removeState(options.home);
  }
}

/** Imports the scenario, prints an example query, and waits for the shutdown. */
async function run(
  trial: Trial,
  { home, watch }: { readonly home: string; readonly watch: boolean },
  shutdown: AbortSignal,
  began: number,
): Promise<void> {
  const { url, issuer, stores } = trial;
  await writeState(home, { pid: process.pid, url, issuer, uris: stores.uris });
  await loadScenario(home, stores.uris, report, shutdown);
  await using _watcher = watch ? watchTrial(trial, report) : undefined;
  if (!shutdown.aborted) process.stdout.write(welcome(trial, (performance.now() - began) / 1000));
  await untilAborted(shutdown);
}

function report(line: string): void {
  process.stdout.write(`  ${line}\n`);
}

/** Deaths and restarts go to stderr: they are no part of the progress of the start. */
function announce(line: string): void {
  process.stderr.write(`  ${line}\n`);
}

function printStopping(): void {
  process.stdout.write('\nstopping in order: hub, communities, issuer, stores\n');
}

function welcome(trial: Trial, seconds: number): string {
  const width = Math.max(...readers.map(({ as }) => as.length));
  const kinds = readers.map(({ as, kind }) => `    ${as.padEnd(width)} ${kind.name}`).join('\n');
  const query =
    '{ vulnerability(id: \\"CVE-2099-10001\\") { name exploitation { nodes { assertedBy } } ' +
    'advisories { nodes { serial title { value } } } ransomwareFamilies { nodes { name } } ' +
    'cyberIncidents { nodes { name } } defenceAssessments { nodes { judgement } } ' +
    'jointCaseRecords { nodes { title workflow } } } }';
  return `
The JCU hub listens on ${trial.url} (started in ${seconds.toFixed(1)} s). Its records are an EXERCISE: all are fictional.

  To get a token: npx hub token --as READER [--purpose P] [--picture real], where READER is one of:
${kinds}

  One query that joins all six communities (run it in another terminal, in this folder):

  curl -s ${trial.url} -H "authorization: Bearer $(npx hub token --as cert-eu-analyst)" \\
    -H 'content-type: application/json' \\
    -d '{"query": "${query}"}'

  Ctrl-C stops every part in order. The stored data is kept for the next start.
`;
}
