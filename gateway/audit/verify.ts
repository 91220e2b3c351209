import { sha256 } from './canonical.ts';
import { type ChainHead, type Entry, genesis, indexOf } from './entry.ts';
import { parseEntry } from './parse-entry.ts';
import { type PersonalParts, personalParts, verifyPersonal } from './personal.ts';
import { type EntryKeys, verifyEntry } from './signature.ts';

/** A stored entry. The bytes are the entry; the other fields repeat values from them. */
export type StoredEntry = ChainHead & {
  readonly id: string;
  readonly bytes: Uint8Array;
  /** The signature of the hub that wrote it; null for format 1. */
  readonly signature: Uint8Array | null;
  /** The index fields for auditors' queries. */
  readonly found?: FoundBy;
  /** The erasable parts, null for each that was erased; absent if they were not read. */
  readonly parts?: PersonalParts;
  /** Whether a stored field has another type than the hub writes. */
  readonly isMistyped?: boolean;
};

/** The index fields of a stored entry besides `seq` and `id`. */
export type FoundBy = {
  readonly at: Date;
  readonly correlationId: string;
  readonly picture: string;
  readonly communities: readonly string[];
};

/** The chain to verify. */
export type Chain = {
  readonly deployment: string;
  /** The public keys that the deployment's hubs ever signed entries with. */
  readonly keys: EntryKeys;
  /** The position up to which entries of format 1 are accepted without a signature; 0 by default. */
  readonly unsignedUntil?: number;
  /** The head behind which the entries start; by default the start of the chain. */
  readonly after?: ChainHead;
  /** A head that was stored elsewhere, which the chain must contain. */
  readonly known?: ChainHead;
};

/** The result: the number of entries and the head, or the first break and its reason. */
export type ChainVerdict =
  | {
      readonly ok: true;
      readonly entries: number;
      readonly head: ChainHead;
      /** The entries of format 1, which nobody signed. */
      readonly unsigned: number;
      /** The personal parts that were erased. */
      readonly erased: number;
    }
  | { readonly ok: false; readonly seq: number; readonly reason: ChainBreak };

/** The reasons why a chain is broken. */
export type ChainBreak =
  | 'a stored field has the wrong type'
  | 'the bytes are not the canonical form of an entry'
  | 'the hash does not match the bytes'
  | 'the entry is of another deployment'
  | 'an entry is missing'
  | 'the stored seq or id does not match the bytes'
  | 'the hash of the previous entry does not match'
  | 'the entry is not signed'
  | 'the key that signed the entry is not known'
  | 'the signature does not match the bytes'
  | 'the index fields do not match the bytes'
  | 'a personal part does not match the entry'
  | 'the entry differs from the known one';

/**
 * Verifies every entry of a deployment's chain: bytes, hash, position, the hash of the previous entry, the signature of the
 * hub that wrote it, the index fields, and the personal parts that were not erased. It starts at the first entry, or behind
 * `after`. A truncated end can only be detected with a head that was stored elsewhere: pass it as `known`. A rewritten end
 * needs the hub's private key, unless the entries are of format 1.
 */
export async function verifyChain(
  entries: AsyncIterable<StoredEntry> | Iterable<StoredEntry>,
  chain: Chain,
): Promise<ChainVerdict> {
  const start = chain.after ?? genesis(chain.deployment);
  const { known } = chain;
  let head = start;
  let unsigned = 0;
  let erased = 0;
  for await (const entry of entries) {
    const reason = findBreak(entry, head, chain);
    if (reason !== null) return { ok: false, seq: head.seq + 1, reason };
    head = { seq: entry.seq, hash: entry.hash };
    if (entry.signature === null) unsigned += 1;
    erased += countErased(entry);
    if (head.seq === known?.seq && head.hash !== known.hash)
      return { ok: false, seq: head.seq, reason: 'the entry differs from the known one' };
  }
  if (known !== undefined && head.seq < known.seq)
    return { ok: false, seq: head.seq + 1, reason: 'an entry is missing' };
  return { ok: true, entries: head.seq - start.seq, head, unsigned, erased };
}

function findBreak(entry: StoredEntry, head: ChainHead, chain: Chain): ChainBreak | null {
  if (entry.isMistyped === true) return 'a stored field has the wrong type';
  const body = parseEntry(entry.bytes);
  if (body === null) return 'the bytes are not the canonical form of an entry';
  if (sha256(entry.bytes) !== entry.hash) return 'the hash does not match the bytes';
  if (body.deployment !== chain.deployment) return 'the entry is of another deployment';
  if (body.seq !== entry.seq || body.id !== entry.id) return 'the stored seq or id does not match the bytes';
  if (body.seq !== head.seq + 1) return 'an entry is missing';
  if (body.prev !== head.hash) return 'the hash of the previous entry does not match';
  const unsigned = findUnsigned(body, entry, chain);
  if (unsigned !== null) return unsigned;
  if (entry.found !== undefined && !isFoundBy(body, entry.found))
    return 'the index fields do not match the bytes';
  return arePartsGenuine(body, entry.parts) ? null : 'a personal part does not match the entry';
}

/** Entries of format 1 are accepted up to a position only: a forged end would otherwise be written in format 1. */
function findUnsigned(body: Entry, { bytes, signature }: StoredEntry, chain: Chain): ChainBreak | null {
  if (body.v === 1)
    return signature === null && body.seq <= (chain.unsignedUntil ?? 0) ? null : 'the entry is not signed';
  if (signature === null) return 'the entry is not signed';
  const key = chain.keys.get(body.kid ?? '');
  if (key === undefined) return 'the key that signed the entry is not known';
  return verifyEntry(bytes, signature, key) ? null : 'the signature does not match the bytes';
}

/** Compares the index fields with the bytes. A changed index field hides an entry from queries. */
function isFoundBy(entry: Entry, found: FoundBy): boolean {
  const { at, correlationId, picture, communities } = indexOf(entry);
  return (
    found.at instanceof Date &&
    found.at.getTime() === Date.parse(at) &&
    found.correlationId === correlationId &&
    found.picture === picture &&
    Array.isArray(found.communities) &&
    // Compare as sets: a duplicate must not replace a missing community.
    new Set<string>(communities).symmetricDifference(new Set(found.communities)).size === 0
  );
}

/** An erased part proves nothing and is accepted. One that is there must be the one that the entry commits to. */
function arePartsGenuine(entry: Entry, parts: PersonalParts | undefined): boolean {
  if (parts === undefined) return true;
  return personalParts.every((name) => {
    const part = parts[name];
    return part === null || (entry.kind !== 'attempts' && verifyPersonal(entry, name, part));
  });
}

function countErased({ parts, found }: StoredEntry): number {
  // An entry of attempts has no parts.
  if (parts === undefined || found?.correlationId === '') return 0;
  return personalParts.filter((name) => parts[name] === null).length;
}
