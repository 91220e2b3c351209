import { HubError } from '../../../schema/errors.ts';
import { type PageArguments, pageSize } from './connection.ts';
import { openCursor } from './cursor.ts';
import type { LinkLoader } from './link-loader.ts';
import type { PageRead, ReadRows } from './page-read.ts';
import { countLinks } from './queries.ts';
import type { ReadContext } from './read-context.ts';
import { isKey, type RecordLoader } from './record-loader.ts';

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
  const read: ReadRows = async (place, limit) => {
    const found = await links.load({ kind: type, key, size: limit, after: place });
    const rows = await records.loadMany(
      type,
      found.map((link) => link.record),
    );
    return found.map((link, at) => ({ row: rows[at] ?? null, id: link.record, sortAt: link.sortAt }));
  };
  const count = context.countsByIndex(type)
    ? async (max: number) => await countLinks(context.store, type, key, context.allowed(type), max)
    : null;
  return { type, size, after, scope, read, count };
}
