import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StoreName } from './stores/names.ts';
import { startOf } from './stores/processes.ts';

/** Addresses of the running trial's parts, for other commands. The file is readable by its owner only. */
export type TrialState = {
  readonly pid: number;
  readonly url: string;
  readonly issuer: string;
  readonly uris: Readonly<Record<StoreName, string>>;
};

/** The start time distinguishes a killed trial's process from a later one with the same id. */
type StoredState = TrialState & { readonly start: string };

/** Returns the state of the trial that runs in this home, or null. */
export async function readState(home: string): Promise<TrialState | null> {
  const file = fileOf(home);
  if (!existsSync(file)) return null;
  const { start, ...state } = JSON.parse(readFileSync(file, 'utf8')) as StoredState;
  return (await startOf(state.pid)) === start ? state : null;
}

/** The error of a command that needs a running trial. */
export function noTrial(home: string): Error {
  return new Error(
    `expected a running trial in ${home}, found none: run \`npm start\` in another terminal first (JCU_HOME sets the folder)`,
  );
}

/** Writes the state that other commands read while the trial's process runs. */
export async function writeState(home: string, state: TrialState): Promise<void> {
  const stored: StoredState = { ...state, start: (await startOf(state.pid)) ?? '' };
  writeFileSync(`${fileOf(home)}.new`, JSON.stringify(stored, null, 2), { mode: 0o600 });
  renameSync(`${fileOf(home)}.new`, fileOf(home));
}

/** Removes the state of this process's trial; leaves that of another process. */
export function removeState(home: string): void {
  const file = fileOf(home);
  if (!existsSync(file)) return;
  const { pid } = JSON.parse(readFileSync(file, 'utf8')) as StoredState;
  if (pid === process.pid) rmSync(file, { force: true });
}

function fileOf(home: string): string {
  return join(home, 'trial.json');
}
