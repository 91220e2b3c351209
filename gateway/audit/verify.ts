import { canonicalBytes, sha256 } from './canonical.ts';
import { type AccessEntry, type ChainHead, genesis } from './entry.ts';

/** An entry as it lies in the store: the bytes are the entry, the rest repeats what they say. */
export type StoredEntry = ChainHead & {
  readonly id: string;
  readonly bytes: Uint8Array;
  /** What auditors' questions find it by. */
  readonly found?: FoundBy;
};

/** What an entry is found by in the store, beside its place and its id. */
export type FoundBy = {
  readonly at: Date;
  readonly correlationId: string;
  readonly picture: string;
  readonly communities: readonly string[];
};

/** The whole chain with its last link, or the place where it breaks first and how. */
export type ChainVerdict =
  | { readonly ok: true; readonly entries: number; readonly head: ChainHead }
  | { readonly ok: false; readonly seq: number; readonly reason: ChainBreak };

export type ChainBreak =
  | 'the bytes are not the canonical form of an entry'
  | 'the hash is not that of the bytes'
  | 'the entry is not of this deployment'
  | 'the entry that belongs here is missing'
  | 'the store says another place or id than the bytes'
  | 'the entry does not hang on the one before'
  | 'the store finds it by other words than the bytes say'
  | 'the entry is not the one that was there';

/**
 * Checks every link of a deployment's chain: bytes, hash, place, and the hash of the one before. It starts at the
 * first entry, or behind the link given in `after`. An end that was cut off or written anew is seen only by who knows a
 * head from elsewhere: `known` must be met on the way.
 */
export async function verifyChain(
  entries: AsyncIterable<StoredEntry> | Iterable<StoredEntry>,
  chain: { readonly deployment: string; readonly after?: ChainHead; readonly known?: ChainHead },
): Promise<ChainVerdict> {
  const start = chain.after ?? genesis(chain.deployment);
  const { known } = chain;
  let head = start;
  for await (const entry of entries) {
    const reason = findBreak(entry, head, chain.deployment);
    if (reason !== null) return { ok: false, seq: head.seq + 1, reason };
    head = { seq: entry.seq, hash: entry.hash };
    if (head.seq === known?.seq && head.hash !== known.hash)
      return { ok: false, seq: head.seq, reason: 'the entry is not the one that was there' };
  }
  if (known !== undefined && head.seq < known.seq)
    return { ok: false, seq: head.seq + 1, reason: 'the entry that belongs here is missing' };
  return { ok: true, entries: head.seq - start.seq, head };
}

function findBreak(entry: StoredEntry, head: ChainHead, deployment: string): ChainBreak | null {
  const body = parseEntry(entry.bytes);
  if (body === null) return 'the bytes are not the canonical form of an entry';
  if (sha256(entry.bytes) !== entry.hash) return 'the hash is not that of the bytes';
  if (body.deployment !== deployment) return 'the entry is not of this deployment';
  if (body.seq !== entry.seq || body.id !== entry.id)
    return 'the store says another place or id than the bytes';
  if (body.seq !== head.seq + 1) return 'the entry that belongs here is missing';
  if (body.prev !== head.hash) return 'the entry does not hang on the one before';
  return entry.found === undefined || isFoundBy(body, entry.found)
    ? null
    : 'the store finds it by other words than the bytes say';
}

/** Whoever changes what an entry is found by hides it from those who ask, without a byte of it changed. */
function isFoundBy({ at, correlationId, picture, disclosed }: AccessEntry, found: FoundBy): boolean {
  const communities = new Set<string>(disclosed.map(({ community }) => community));
  return (
    found.at instanceof Date &&
    found.at.getTime() === Date.parse(at) &&
    found.correlationId === correlationId &&
    found.picture === picture &&
    Array.isArray(found.communities) &&
    // As sets: one that stands twice must not stand in for one that is gone.
    communities.symmetricDifference(new Set(found.communities)).size === 0
  );
}

/** The entry that the bytes say; null where they are not the RFC 8785 form of an entry of format 1. */
export function parseEntry(bytes: Uint8Array): AccessEntry | null {
  try {
    const body: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
    );
    if (body === null || typeof body !== 'object' || !('v' in body) || body.v !== 1) return null;
    return canonicalBytes(body).equals(bytes) ? (body as AccessEntry) : null;
  } catch {
    return null;
  }
}
