import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StoreName } from './stores/names.ts';
import { startOf } from './stores/processes.ts';

/** What a running trial tells the other commands: where its parts are. Its owner alone can read it. */
export type TrialState = {
  readonly pid: number;
  readonly url: string;
  readonly issuer: string;
  readonly uris: Readonly<Record<StoreName, string>>;
};

/** What tells the process of a trial that was killed from a later one under the same id. */
type Kept = TrialState & { readonly start: string };

/** The state of the trial that runs in this home; null where none does. */
export async function readState(home: string): Promise<TrialState | null> {
  const file = fileOf(home);
  if (!existsSync(file)) return null;
  const { start, ...state } = JSON.parse(readFileSync(file, 'utf8')) as Kept;
  return (await startOf(state.pid)) === start ? state : null;
}

/** Leaves the state for the other commands, until its process ends. */
export async function writeState(home: string, state: TrialState): Promise<void> {
  const kept: Kept = { ...state, start: (await startOf(state.pid)) ?? '' };
  writeFileSync(`${fileOf(home)}.new`, JSON.stringify(kept, null, 2), { mode: 0o600 });
  renameSync(`${fileOf(home)}.new`, fileOf(home));
}

/** Takes the state of this process's trial away: it has stopped. Another's stays. */
export function removeState(home: string): void {
  const file = fileOf(home);
  if (!existsSync(file)) return;
  const { pid } = JSON.parse(readFileSync(file, 'utf8')) as Kept;
  if (pid === process.pid) rmSync(file, { force: true });
}

function fileOf(home: string): string {
  return join(home, 'trial.json');
}
