import { HubError } from '../../../schema/errors.ts';
import { type PageArguments, pageSize } from './connection.ts';
import { openCursor } from './cursor.ts';
import type { LinkLoader } from './link-loader.ts';
import type { FoundRow, PageRead, ReadRows } from './page-read.ts';
import { countLinks, findLinks } from './queries.ts';
import type { ReadContext } from './read-context.ts';
import { isKey, type RecordLoader } from './record-loader.ts';
import type { Link } from '../store/links.ts';
import type { Row } from './row.ts';

/** A page of the records of a type that name a shared key, newest first. Throws BAD_USER_INPUT or BAD_CURSOR. */
export function linkedPage(
  context: ReadContext,
  records: RecordLoader,
  links: LinkLoader,
  { type, key, args }: { readonly type: string; readonly key: string; readonly args: PageArguments },
): PageRead {
  if (!isKey(key)) throw new HubError('BAD_USER_INPUT', 'expected the key of a shared entity');
  const size = pageSize(args.first);
  const scope = context.cursorScope(`${type}@${key}`, null, 'DESC');
  const after = args.after ? openCursor(args.after, scope, context.cursorKey) : null;
  const read: ReadRows = async (place, limit) =>
    await toFound(await links.load({ kind: type, key, size: limit, after: place }));
  const readCounted: ReadRows = async (place, limit) => {
    const allowed = context.allowed(type, 'search');
    const order = { since: null, before: null, direction: 'DESC', after: place, limit } as const;
    const found = await toFound(
      await findLinks(context.store, type, key, { ...order, allowed }, context.timeLeft()),
    );
    return found.map((one) => ({ ...one, row: isCounted(one.row) ? one.row : null }));
  };
  const toFound = async (found: readonly Link[]): Promise<readonly FoundRow[]> => {
    const rows = await records.loadMany(
      type,
      found.map(({ record, openFrom }) => ({
        id: record,
        clock: openFrom <= context.readerAccess.now ? 'open' : 'early',
      })),
    );
    return found.map((link, at) => ({ row: rows[at] ?? null, id: link.record, sortAt: link.sortAt }));
  };
  const isCounted = (row: Row | null) => row !== null && context.maySearch(type, row.envelope);
  const count = context.countsByIndex(type)
    ? async (max: number) =>
        await countLinks(context.store, type, key, context.allowed(type, 'search'), max, context.timeLeft())
    : null;
  return { type, size, after, scope, filter: { key }, read, readCounted, count };
}
