import { constants, cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importAliasTable, runQuietImports } from '../../docker/cli/import.ts';
import { loadScenario } from '../../docker/trial/scenario.ts';
import { removeState, writeState } from '../../docker/trial/state.ts';
import { startTrial, type Trial, type TrialOptions } from '../../docker/trial/trial.ts';
import type { Community } from '../../schema/record/vocabulary.ts';

/** The folder of public records from outside the project. Journeys that need them are skipped without them. */
export const realData = join(import.meta.dirname, '..', '..', '..', 'shared', 'data');

const eurepoc = ['initiators', 'attributions-basis', 'responses', 'targeted-sectors'];
const resolving = ['--aliases', 'common/misp-galaxy-threat-actor.json'];

/** The imports of real files. Alias tables come first, because other imports resolve names with them. */
export const realImports: readonly { readonly into: Community; readonly paths: readonly string[] }[] = [
  { into: 'enisa', paths: ['enisa/cisa-kev.json'] },
  { into: 'enisa', paths: ['enisa/eu-kev.json', ...resolving] },
  { into: 'cert-eu', paths: ['common/misp-galaxy-threat-actor.json'] },
  { into: 'cert-eu', paths: ['cert-eu/advisories'] },
  { into: 'cert-eu', paths: ['common/misp-events'] },
  { into: 'europol', paths: ['common/misp-galaxy-threat-actor.json'] },
  { into: 'europol', paths: ['europol/misp-galaxy-ransomware.json'] },
  // Two of the documents have no TLP label. The operator who imports them states that they are public.
  { into: 'enisa', paths: ['enisa/csaf', '--tlp=CLEAR'] },
  { into: 'eeas', paths: ['eeas/eu-consolidated-sanctions-sample.xml', ...resolving] },
  { into: 'eeas', paths: eurepoc.map((table) => `eeas/eurepoc-${table}.csv`) },
  { into: 'defence', paths: ['defence/attack-ics-18.1.stix.json', ...resolving] },
];

/**
 * Long deadlines, so that no subgraph and no store fails on a busy machine, and no refusal of requests because the machine
 * is busy with other tests. A stopped subgraph fails at once all the same.
 */
export const patient = {
  JCU_PART_DEADLINE_MS: '20000',
  JCU_STORE_DEADLINE_MS: '8000',
  JCU_MAX_LOOP_DELAY_MS: '60000',
};

/** Starts a separate trial with the exercise, for tests that stop its parts. */
export async function startExercise(options: Pick<TrialOptions, 'apart' | 'env'> = {}): Promise<Trial> {
  return await startWith(options, async () => undefined);
}

/** Starts a trial with the exercise, and with the real records if they exist. Each part is a separate process. */
export async function startStanding(): Promise<Trial> {
  return await startWith({}, async (trial) => {
    if (existsSync(realData)) await importReal(trial);
  });
}

/** The variable with the folder of a stopped trial that has the exercise. */
const preparedHome = 'JCU_EXERCISE_HOME';
const copying = { recursive: true, mode: constants.COPYFILE_FICLONE };

function newHome(): string {
  return mkdtempSync(join(tmpdir(), 'jcu-standing-'));
}

/** Imports the exercise into a trial and stops it, so that all trials of a run start with a copy of its home. */
export async function prepareExercise(): Promise<AsyncDisposable> {
  const home = newHome();
  const remove = async () => await Promise.resolve(rmSync(home, { recursive: true, force: true }));
  try {
    await using trial = await startTrial({ home, port: 0, env: patient });
    await loadScenario(home, trial.stores.uris, () => undefined);
  } catch (error) {
    await remove();
    throw error;
  }
  process.env[preparedHome] = home;
  return { [Symbol.asyncDispose]: remove };
}

async function startWith(
  options: Pick<TrialOptions, 'apart' | 'env'>,
  fill: (trial: Trial) => Promise<void>,
): Promise<Trial> {
  const home = newHome();
  const prepared = process.env[preparedHome];
  // The import of the exercise takes half the time of a start. A home with one server for each store is imported.
  if (prepared !== undefined && options.apart !== true) cpSync(prepared, home, copying);
  const env = { ...patient, ...options.env };
  const trial = await startTrial({ home, port: 0, ...options, env });
  try {
    await writeState(home, {
      pid: process.pid,
      url: trial.url,
      issuer: trial.issuer,
      uris: trial.stores.uris,
    });
    await loadScenario(home, trial.stores.uris, () => undefined);
    await fill(trial);
  } catch (error) {
    await trial.stop();
    throw error;
  }
  const stop = async () => {
    await trial.stop();
    removeState(home);
    rmSync(home, { recursive: true, force: true });
  };
  return { ...trial, stop, [Symbol.asyncDispose]: stop };
}

async function importReal(trial: Trial): Promise<void> {
  const home = trial.home.folder;
  const tables = ['common/misp-galaxy-threat-actor.json', 'enisa/eu-kev.json'].map((path) =>
    join(realData, path),
  );
  await quietly(async () => await importAliasTable(home, tables));
  await Promise.all(
    [...Map.groupBy(realImports, (one) => one.into)].map(async ([into, imports]) => {
      const placed = imports.map(({ paths }) =>
        paths.map((path) => (path.startsWith('--') ? path : join(realData, path))),
      );
      // The sample of the sanctions list has one record twice: the second is rejected.
      await runQuietImports(home, into, trial.stores.uris[into], placed, { mayReject: true });
    }),
  );
}

/** Runs commands without their output for people. */
async function quietly(work: () => Promise<unknown>): Promise<void> {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = () => true;
  try {
    await work();
  } finally {
    process.stdout.write = write;
  }
}
