import { type KeyState, readKeyState } from '../store/key-state.ts';
import { type Lease, readLease } from '../store/walk/lease.ts';
import type { CommunityStore } from '../store/store.ts';

/** A store's key state, and the lease of a relabelling. */
export type KeyStatus = { readonly labelling: KeyState | null; readonly lease: Lease | null };

/** Reads a store's key state and the lease of a relabelling. */
export async function readKeyStatus(store: CommunityStore): Promise<KeyStatus> {
  const [labelling, lease] = await Promise.all([readKeyState(store), readLease(store, 'relabel')]);
  return { labelling, lease };
}

/** Formats the status as lines of text. */
export function formatKeyStatus({ labelling, lease }: KeyStatus, now: Date): readonly string[] {
  if (labelling === null) return ['no policy was applied to this store yet'];
  const { serving, next, leaving, settled } = labelling;
  const found = `records are found by the access keys of version ${serving}`;
  if (next === null && settled === serving) return [`${found}, and have no others`];
  const worker = formatWorker(lease, now);
  if (next !== null)
    return [
      found,
      `keys of version ${next} are being added; until every record has them, versions ${serving} and ${next} must both allow`,
      worker,
    ];
  const since = labelling.switchedAt.toISOString();
  const kept = `keys of version ${leaving} are removed soon: records were found by them until ${since}`;
  return [found, leaving === null ? 'keys of other versions are being removed' : kept, worker];
}

function formatWorker(lease: Lease | null, now: Date): string {
  if (lease === null || lease.until < now) return "no process relabels now: start the community's subgraph";
  const { progress } = lease;
  if (progress === null) return 'a subgraph is relabelling';
  return `a subgraph is ${progress.step} keys: ${progress.done} of ${progress.all} records done`;
}
