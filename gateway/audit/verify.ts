import { canonicalBytes, sha256 } from './canonical.ts';
import { type AccessEntry, type ChainHead, genesis } from './entry.ts';

/** An entry as it lies in the store: the bytes are the entry, the rest repeats what they say. */
export type StoredEntry = ChainHead & { readonly id: string; readonly bytes: Uint8Array };

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
  | 'the entry is not the one that was there';

/**
 * Checks every link of a deployment's chain: bytes, hash, place, and the hash of the one before. It starts at the
 * first entry, or behind the link given in `after`. An end that was cut off is seen only by who knows the head's
 * `seq` and hash from elsewhere: compare them with the verdict's.
 */
export async function verifyChain(
  entries: AsyncIterable<StoredEntry> | Iterable<StoredEntry>,
  chain: { readonly deployment: string; readonly after?: ChainHead },
): Promise<ChainVerdict> {
  const start = chain.after ?? genesis(chain.deployment);
  let head = start;
  for await (const entry of entries) {
    const reason = findBreak(entry, head, chain.deployment);
    if (reason !== null) return { ok: false, seq: head.seq + 1, reason };
    head = { seq: entry.seq, hash: entry.hash };
  }
  return { ok: true, entries: head.seq - start.seq, head };
}

/**
 * The same for a chain that is read from its store, given what reads it from a place on. A head that is known from an
 * earlier look must still be there: only so is an end noticed that was cut off.
 */
export async function verifyOnwards(
  read: (fromSeq: number) => AsyncIterable<StoredEntry> | Iterable<StoredEntry>,
  deployment: string,
  known?: ChainHead,
): Promise<ChainVerdict> {
  if (known === undefined) return await verifyChain(read(1), { deployment });
  for await (const { seq, hash } of read(known.seq)) {
    if (seq !== known.seq) break;
    if (hash !== known.hash) return { ok: false, seq, reason: 'the entry is not the one that was there' };
    return await verifyChain(read(known.seq + 1), { deployment, after: known });
  }
  return { ok: false, seq: known.seq, reason: 'the entry that belongs here is missing' };
}

function findBreak(entry: StoredEntry, head: ChainHead, deployment: string): ChainBreak | null {
  const body = parseEntry(entry.bytes);
  if (body === null) return 'the bytes are not the canonical form of an entry';
  if (sha256(entry.bytes) !== entry.hash) return 'the hash is not that of the bytes';
  if (body.deployment !== deployment) return 'the entry is not of this deployment';
  if (body.seq !== entry.seq || body.id !== entry.id)
    return 'the store says another place or id than the bytes';
  if (body.seq !== head.seq + 1) return 'the entry that belongs here is missing';
  return body.prev === head.hash ? null : 'the entry does not hang on the one before';
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
