import type { Collection } from 'mongodb';
import type { Model } from 'mongoose';
import type { Reader } from '../../../schema/protocol/reader.ts';
import type { CommunityStore } from '../store/store.ts';
import { earlyPartyIndex, partyIndex, type PartyRow } from '../workflow/parties.ts';
import type { Place } from './cursor.ts';
import { findRows, keyset, mergePages, type PageOrder, type PageQuery } from './queries.ts';
/**
 * Finds rows on records for the reader's organisation, newest first: those after a place, of all kinds that a workflow
 * changes. The index decides, so a row of a record that the reader may not see is not read.
 */
export async function findPartyRows<Stored extends PartyRow>(
  context: PartyContext,
  rows: Collection<Stored>,
  after: Place | null,
  limit: number,
): Promise<readonly Stored[]> {
  const { organisation: party } = context.readerAccess.reader;
  const model = { collection: rows, db: context.store.connection } as unknown as Model<Stored>;
  const query: PageOrder = { since: null, before: null, direction: 'DESC', after, limit };
  const kinds = [...context.store.schemas.values()].filter(({ hasMoves }) => hasMoves);
  const scans = kinds.flatMap(({ type: kind }) => {
    const { held, now } = context.held(kind);
    const open = { party, kind, admits: { $in: held }, openFrom: { $lte: now } };
    const early = { party, kind, admitsEarly: { $in: held }, openFrom: { $gt: now } };
    return [
      { filter: open, hint: partyIndex },
      { filter: early, hint: earlyPartyIndex },
    ];
  });
  const found = scans.map(
    async ({ filter, hint }) =>
      await keyset(
        query,
        '_id',
        async (place, sort, most) =>
          await findRows(model, { $and: [filter, place] }, { sort, hint, limit: most }, context.timeLeft()),
      ),
  );
  return mergePages(await Promise.all(found), query);
}

/** The reader, the store, and the time that is left, of a query for rows of the reader's organisation. */
type PartyContext = {
  readonly store: CommunityStore;
  readonly readerAccess: { readonly reader: Pick<Reader, 'organisation'> };
  held(kind: string): Pick<PageQuery, 'held' | 'now'>;
  timeLeft(): number;
};
