import { clearHome } from './home.ts';
import { loadScenario } from './scenario.ts';
import { readState, removeState, writeState } from './state.ts';
import { readers } from './issuer/readers.ts';
import { startTrial, type Trial } from './trial.ts';

/** Starts the trial for a person: says how far it is, what it can be asked, and stops in order at Ctrl-C. */
export async function start(options: {
  readonly home: string;
  readonly fresh: boolean;
  readonly apart: boolean;
  readonly port: number;
}): Promise<void> {
  const running = readState(options.home);
  if (running !== null)
    throw new Error(`a trial is running here already, at ${running.url} (process ${running.pid})`);
  const began = performance.now();
  process.stdout.write('starting the JCU hub, a trial on this machine\n');
  if (options.fresh) await clearHome(options.home);
  const trial = await startTrial({ ...options, report });
  stopWhenTold(trial, options.home);
  try {
    writeState(options.home, {
      pid: process.pid,
      url: trial.url,
      issuer: trial.issuer,
      uris: trial.stores.uris,
    });
    await loadScenario(options.home, trial.stores.uris, report);
  } catch (error) {
    removeState(options.home);
    await trial.stop();
    throw error;
  }
  process.stdout.write(welcome(trial, (performance.now() - began) / 1000));
}

function report(line: string): void {
  process.stdout.write(`  ${line}\n`);
}

function stopWhenTold(trial: Trial, home: string): void {
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    process.stdout.write('\nstopping in order: hub, communities, issuer, stores\n');
    void trial.stop().then(() => {
      removeState(home);
      process.exit(0);
    });
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

function welcome(trial: Trial, seconds: number): string {
  const kinds = readers.map(({ as, kind }) => `    ${as.padEnd(20)} ${kind.name}`).join('\n');
  const query =
    '{ vulnerability(id: \\"CVE-2099-10001\\") { name exploitation { nodes { assertedBy } } ' +
    'advisories { nodes { serial title { value } } } ransomwareFamilies { nodes { name } } } }';
  return `
The JCU hub listens on ${trial.url} (${seconds.toFixed(1)} s). Its scenario is fiction: EXERCISE.

  A token for each kind of reader: npx hub token --as READER [--purpose P] [--picture real]
${kinds}

  One question, joined from all three communities (in another terminal, in this folder):

  curl -s ${trial.url} -H "authorization: Bearer $(npx hub token --as cert-eu-analyst)" \\
    -H 'content-type: application/json' \\
    -d '{"query": "${query}"}'

  Ctrl-C stops everything in order; what was stored is there at the next start.
`;
}
