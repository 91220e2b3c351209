import { clearHome } from '../trial/home.ts';
import { loadScenario } from '../trial/scenario.ts';
import { readState, removeState, writeState } from '../trial/state.ts';
import { readers } from '../trial/issuer/readers.ts';
import { listenForTheEnd, untilTold } from '../trial/shutdown-signal.ts';
import { startTrial, type Trial } from '../trial/trial.ts';

/** Starts the trial for a person: says how far it is, what it can be asked, and stops in order at Ctrl-C. */
export async function start(options: {
  readonly home: string;
  readonly fresh: boolean;
  readonly apart: boolean;
  readonly port: number;
}): Promise<void> {
  const running = await readState(options.home);
  if (running !== null)
    throw new Error(`a trial is running here already, at ${running.url} (process ${running.pid})`);
  const began = performance.now();
  process.stdout.write('starting the JCU hub, a trial on this machine\n');
  const told = listenForTheEnd();
  told.addEventListener('abort', sayStopping, { once: true });
  try {
    if (options.fresh) await clearHome(options.home);
    await using trial = await startTrial({ ...options, report, told });
    await run(trial, options.home, told, began);
  } catch (error) {
    // What fails because it was told to stop is no failure.
    if (!told.aborted) throw error;
  } finally {
    removeState(options.home);
  }
}

/** Fills the trial with its scenario, says what it can be asked, and waits to be told to stop. */
async function run(trial: Trial, home: string, told: AbortSignal, began: number): Promise<void> {
  const { url, issuer, stores } = trial;
  await writeState(home, { pid: process.pid, url, issuer, uris: stores.uris });
  await loadScenario(home, stores.uris, report, told);
  if (!told.aborted) process.stdout.write(welcome(trial, (performance.now() - began) / 1000));
  await untilTold(told);
}

function report(line: string): void {
  process.stdout.write(`  ${line}\n`);
}

function sayStopping(): void {
  process.stdout.write('\nstopping in order: hub, communities, issuer, stores\n');
}

function welcome(trial: Trial, seconds: number): string {
  const kinds = readers.map(({ as, kind }) => `    ${as.padEnd(20)} ${kind.name}`).join('\n');
  const query =
    '{ vulnerability(id: \\"CVE-2099-10001\\") { name exploitation { nodes { assertedBy } } ' +
    'advisories { nodes { serial title { value } } } ransomwareFamilies { nodes { name } } ' +
    'cyberIncidents { nodes { name } } defenceAssessments { nodes { judgement } } ' +
    'jointCaseRecords { nodes { title workflow } } } }';
  return `
The JCU hub listens on ${trial.url} (${seconds.toFixed(1)} s). Its scenario is fiction: EXERCISE.

  A token for each kind of reader: npx hub token --as READER [--purpose P] [--picture real]
${kinds}

  One question, joined from all six communities (in another terminal, in this folder):

  curl -s ${trial.url} -H "authorization: Bearer $(npx hub token --as cert-eu-analyst)" \\
    -H 'content-type: application/json' \\
    -d '{"query": "${query}"}'

  Ctrl-C stops everything in order; what was stored is there at the next start.
`;
}
