import { compileFilter } from '../../../schema/policy/decide/filter.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import type { Kind } from '../kind.ts';
import { countPage, findPage, type PageQuery } from '../read/queries.ts';
import { toRow } from '../read/row.ts';
import { modelOf, schemaOf } from '../store/collections.ts';
import type { CommunityStore } from '../store/store.ts';

/** The records of one kind that a reader would see. Has no content, so it discloses none to the operator. */
export type Seen = {
  readonly kind: string;
  /** Counted up to 10,000. */
  readonly records: number;
  readonly exact: boolean;
  /** The newest ones. */
  readonly newest: readonly {
    readonly id: string;
    readonly tlp: string;
    /** Paths of its portions that the reader would not see. */
    readonly hidden: readonly string[];
    /** Groups of fields, besides the content, that the reader would see. */
    readonly groups: readonly string[];
  }[];
};

const maxCounted = 10_000;
const newestShown = 10;

/** Returns what a reader would see of a community's records, by the filter and the guard that its queries pass. */
export async function viewAs(
  store: CommunityStore,
  kinds: readonly Kind[],
  policy: Policy,
  reader: Reader,
  now: Date,
): Promise<readonly Seen[]> {
  const readerAccess = policy.accessOf(reader, now);
  const seen = kinds.map(async ({ type }): Promise<Seen> => {
    const model = modelOf(store, type);
    const query: PageQuery = {
      held: compileFilter([...readerAccess.keys(type)], now).admits.$in,
      now,
      equal: [],
      since: null,
      before: null,
      direction: 'DESC',
      after: null,
      limit: newestShown,
    };
    const [found, groups] = await Promise.all([findPage(model, query), countPage(model, query, maxCounted)]);
    const counted = groups.reduce((sum, { count }) => sum + count, 0);
    const rows = found.flatMap((stored) => {
      const record = schemaOf(store, type).read(stored);
      return (record === null ? null : toRow(type, record, policy, readerAccess)) ?? [];
    });
    const newest = rows.map(({ id, envelope, decision }) => ({
      id,
      tlp: envelope.marking.tlp,
      hidden: [...decision.hidden],
      groups: [...decision.groups],
    }));
    return {
      kind: type,
      records: Math.min(counted, maxCounted),
      exact: policy.keysDecide && counted <= maxCounted,
      newest,
    };
  });
  return await Promise.all(seen);
}
