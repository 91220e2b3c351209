import { canonicalBytes, sha256 } from './canonical.ts';
import { type AccessEntry, type ChainHead, genesis } from './entry.ts';

/** A stored entry. The bytes are the entry; the other fields repeat values from them. */
export type StoredEntry = ChainHead & {
  readonly id: string;
  readonly bytes: Uint8Array;
  /** The index fields for auditors' queries. */
  readonly found?: FoundBy;
};

/** The index fields of a stored entry besides `seq` and `id`. */
export type FoundBy = {
  readonly at: Date;
  readonly correlationId: string;
  readonly picture: string;
  readonly communities: readonly string[];
};

/** The result: the number of entries and the head, or the first break and its reason. */
export type ChainVerdict =
  | { readonly ok: true; readonly entries: number; readonly head: ChainHead }
  | { readonly ok: false; readonly seq: number; readonly reason: ChainBreak };

/** The reasons why a chain is broken. */
export type ChainBreak =
  | 'the bytes are not the canonical form of an entry'
  | 'the hash does not match the bytes'
  | 'the entry is of another deployment'
  | 'an entry is missing'
  | 'the stored seq or id does not match the bytes'
  | 'the hash of the previous entry does not match'
  | 'the index fields do not match the bytes'
  | 'the entry differs from the known one';

/**
 * Verifies every entry of a deployment's chain: bytes, hash, position, and the hash of the previous entry. It starts at
 * the first entry, or behind `after`. A truncated or rewritten end can only be detected with a head that was stored
 * elsewhere: pass it as `known`, and the chain must contain it.
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
      return { ok: false, seq: head.seq, reason: 'the entry differs from the known one' };
  }
  if (known !== undefined && head.seq < known.seq)
    return { ok: false, seq: head.seq + 1, reason: 'an entry is missing' };
  return { ok: true, entries: head.seq - start.seq, head };
}

function findBreak(entry: StoredEntry, head: ChainHead, deployment: string): ChainBreak | null {
  const body = parseEntry(entry.bytes);
  if (body === null) return 'the bytes are not the canonical form of an entry';
  if (sha256(entry.bytes) !== entry.hash) return 'the hash does not match the bytes';
  if (body.deployment !== deployment) return 'the entry is of another deployment';
  if (body.seq !== entry.seq || body.id !== entry.id) return 'the stored seq or id does not match the bytes';
  if (body.seq !== head.seq + 1) return 'an entry is missing';
  if (body.prev !== head.hash) return 'the hash of the previous entry does not match';
  return entry.found === undefined || isFoundBy(body, entry.found)
    ? null
    : 'the index fields do not match the bytes';
}

/** Compares the index fields with the bytes. A changed index field hides an entry from queries. */
function isFoundBy({ at, correlationId, picture, disclosed }: AccessEntry, found: FoundBy): boolean {
  const communities = new Set<string>(disclosed.map(({ community }) => community));
  return (
    found.at instanceof Date &&
    found.at.getTime() === Date.parse(at) &&
    found.correlationId === correlationId &&
    found.picture === picture &&
    Array.isArray(found.communities) &&
    // Compare as sets: a duplicate must not replace a missing community.
    communities.symmetricDifference(new Set(found.communities)).size === 0
  );
}

/** Parses the bytes of an entry; returns null if they are not the RFC 8785 form of an entry of format 1. */
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
