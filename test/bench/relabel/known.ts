import type { StoredRecord } from '../../../schema/record/envelope.ts';
import type { ReaderAccess, Policy } from '../../../schema/policy/decide/policy.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';

/** A list in its order, with the rows that each policy gives each reader. It is computed before the requests. */
export type KnownList = {
  readonly kind: string;
  readonly rows: readonly { readonly id: string; readonly sortAt: Date }[];
  /** By reader: a byte for each row, 1 if the older policy permits it, 2 if the newer one does. */
  readonly given: readonly Uint8Array[];
};

export const byOlder = 1;
export const byNewer = 2;

/** Reads every record of a kind, newest first, and decides each from its envelope, not from its stored keys. */
export async function knowList(
  store: CommunityStore,
  kind: string,
  readers: readonly Reader[],
  now: Date,
  older: Policy,
  newer: Policy,
): Promise<KnownList> {
  const holders = readers.map(
    (reader) => [older.accessOf(reader, now), newer.accessOf(reader, now)] as const,
  );
  const rows: { id: string; sortAt: Date }[] = [];
  const given = readers.map((): number[] => []);
  const records = store.records.get(kind)?.find({}, { envelope: 1, sortAt: 1 }).lean<StoredRecord[]>();
  if (records === undefined) throw new Error(`no store for ${kind}`);
  const all: { row: { id: string; sortAt: Date }; bits: readonly number[] }[] = [];
  for await (const { _id, envelope, sortAt } of records.cursor()) {
    const bits = holders.map(([before, after]) => bitsOf(envelope, kind, older, before, newer, after));
    all.push({ row: { id: _id, sortAt }, bits });
  }
  all.sort((a, b) => b.row.sortAt.getTime() - a.row.sortAt.getTime() || (a.row.id < b.row.id ? 1 : -1));
  for (const { row, bits } of all) {
    rows.push(row);
    for (const [at, bit] of bits.entries()) given[at]?.push(bit);
  }
  return { kind, rows, given: given.map((bits) => Uint8Array.from(bits)) };
}

function bitsOf(
  envelope: unknown,
  kind: string,
  older: Policy,
  before: ReaderAccess,
  newer: Policy,
  after: ReaderAccess,
): number {
  const isBefore = older.decideRow(envelope, kind, before) !== null;
  const isAfter = newer.decideRow(envelope, kind, after) !== null;
  return (isBefore ? byOlder : 0) + (isAfter ? byNewer : 0);
}

/** Returns the next rows after a position that all given policies permit a reader. */
export function expected(
  list: KnownList,
  reader: number,
  behind: number,
  size: number,
  mask: number,
): readonly string[] {
  const bits = list.given[reader] ?? new Uint8Array();
  const ids: string[] = [];
  for (let at = behind + 1; at < list.rows.length && ids.length < size; at += 1)
    if (((bits[at] ?? 0) & mask) === mask) ids.push(list.rows[at]?.id ?? '');
  return ids;
}
