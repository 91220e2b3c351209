import { type KeyState, readKeyState } from '../store/key-state.ts';
import { type Lease, readLease } from '../store/walk/lease.ts';
import type { CommunityStore } from '../store/store.ts';

/** How a store's labels stand, and how far a relabelling is. */
export type KeyStatus = { readonly labelling: KeyState | null; readonly lease: Lease | null };

/** Reads how a store's labels stand. */
export async function readKeyStatus(store: CommunityStore): Promise<KeyStatus> {
  const [labelling, lease] = await Promise.all([readKeyState(store), readLease(store, 'relabel')]);
  return { labelling, lease };
}

/** The same in words, a line each. */
export function formatKeyStatus({ labelling, lease }: KeyStatus, now: Date): readonly string[] {
  if (labelling === null) return ['no record was labelled yet'];
  const { serving, next, leaving, settled } = labelling;
  const found = `records are found by the labels of version ${serving}`;
  if (next === null && settled === serving) return [`${found}, and bear no others`];
  const worker = sayWorker(lease, now);
  if (next !== null)
    return [
      found,
      `labels of version ${next} are being added; until all bear them, what ${serving} and ${next} both allow is shown`,
      worker,
    ];
  const since = labelling.switchedAt.toISOString();
  const kept = `labels of version ${leaving} are kept a moment longer: records were found by them until ${since}`;
  return [found, leaving === null ? 'labels of other versions are being removed' : kept, worker];
}

function sayWorker(lease: Lease | null, now: Date): string {
  if (lease === null || lease.until < now)
    return "nobody works on it: the community's subgraph does, once it runs";
  const { progress } = lease;
  if (progress === null) return 'a subgraph works on it';
  return `a subgraph works on it: ${progress.step} labels, ${progress.done} of ${progress.all} records looked at`;
}
