import type { Collection } from 'mongodb';
import type { Model } from 'mongoose';
import type { Reader } from '../../../schema/protocol/reader.ts';
import type { CommunityStore } from '../store/store.ts';
import { earlyPartyIndex, partyIndex, type PartyRow } from '../workflow/parties.ts';
import type { Place } from './cursor.ts';
import { findRows, keyset, mergePages, type PageOrder, type PageQuery } from './queries.ts';

/** Which kinds are meant: those with a workflow, or those on whose records persons make moves. */
type Which = 'hasMoves' | 'hasLaterMoves';

/**
 * Finds rows on records for the reader's organisation, newest first: those after a place, of all kinds that a workflow
 * changes. The index decides, so a row of a record that the reader may not see is not read.
 */
export async function findPartyRows<Stored extends PartyRow>(
  context: PartyContext,
  rows: Collection<Stored>,
  after: Place | null,
  limit: number,
  which: Which = 'hasMoves',
): Promise<readonly Stored[]> {
  const query: PageOrder = { since: null, before: null, direction: 'DESC', after, limit };
  const found = scansOf(context, which).map(
    async ({ filter, hint }) =>
      await keyset(
        query,
        '_id',
        async (place, sort, most) =>
          await findRows(
            modelOf(context, rows),
            { $and: [filter, place] },
            { sort, hint, limit: most },
            context.timeLeft(),
          ),
      ),
  );
  return mergePages(await Promise.all(found), query);
}

/** Finds one row by its id, if the reader may see its record. The same filters decide as for a page. */
export async function findPartyRow<Stored extends PartyRow>(
  context: PartyContext,
  rows: Collection<Stored>,
  id: string,
): Promise<readonly Stored[]> {
  const filter = { _id: id, $or: scansOf(context, 'hasMoves').map(({ filter: one }) => one) };
  return await findRows(modelOf(context, rows), filter, { hint: { _id: 1 }, limit: 1 }, context.timeLeft());
}

function scansOf(context: PartyContext, which: Which) {
  const { organisation: party } = context.readerAccess.reader;
  const kinds = [...context.store.schemas.values()].filter((kind) => kind[which]);
  return kinds.flatMap(({ type: kind }) => {
    const { held, now } = context.held(kind);
    const open = { party, kind, admits: { $in: held }, openFrom: { $lte: now } };
    const early = { party, kind, admitsEarly: { $in: held }, openFrom: { $gt: now } };
    return [
      { filter: open, hint: partyIndex },
      { filter: early, hint: earlyPartyIndex },
    ];
  });
}

function modelOf<Stored extends PartyRow>({ store }: PartyContext, rows: Collection<Stored>): Model<Stored> {
  return { collection: rows, db: store.connection } as unknown as Model<Stored>;
}

/** The reader, the store, and the time that is left, of a query for rows of the reader's organisation. */
type PartyContext = {
  readonly store: CommunityStore;
  readonly readerAccess: { readonly reader: Pick<Reader, 'organisation'> };
  held(kind: string): Pick<PageQuery, 'held' | 'now'>;
  timeLeft(): number;
};
