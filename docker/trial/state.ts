import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StoreName } from './stores/names.ts';

/** What a running trial tells the other commands: where its parts are. Its owner alone can read it. */
export type TrialState = {
  readonly pid: number;
  readonly url: string;
  readonly issuer: string;
  readonly uris: Readonly<Record<StoreName, string>>;
};

/** The state of the trial that runs in this home; null where none does. */
export function readState(home: string): TrialState | null {
  const file = fileOf(home);
  if (!existsSync(file)) return null;
  const state = JSON.parse(readFileSync(file, 'utf8')) as TrialState;
  return isAlive(state.pid) ? state : null;
}

/** Leaves the state for the other commands. */
export function writeState(home: string, state: TrialState): void {
  writeFileSync(`${fileOf(home)}.new`, JSON.stringify(state, null, 2), { mode: 0o600 });
  renameSync(`${fileOf(home)}.new`, fileOf(home));
}

/** Takes the state away: the trial has stopped. */
export function removeState(home: string): void {
  rmSync(fileOf(home), { force: true });
}

function fileOf(home: string): string {
  return join(home, 'trial.json');
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
