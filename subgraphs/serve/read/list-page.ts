import { HubError } from '../../../schema/errors.ts';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import { type PageArguments, pageSize } from './connection.ts';
import { openCursor } from './cursor.ts';
import type { PageRead, ReadRows } from './page-read.ts';
import { countPage, findPage, type PageQuery } from './queries.ts';
import type { ReadContext } from './read-context.ts';

/** A page of all records of a type. Throws BAD_USER_INPUT, BAD_CURSOR or PART_UNAVAILABLE. */
export function listPage(context: ReadContext, type: string, args: PageArguments): PageRead {
  const size = pageSize(args.first);
  const direction = args.orderBy?.direction ?? 'DESC';
  const scope = context.cursorScope(type, args.filter ?? null, direction);
  const after = args.after ? openCursor(args.after, scope, context.cursorKey) : null;
  const query = { ...queryOf(context, type, args), direction, after };
  const searched = searchedFields(context, type, args);
  const read: ReadRows = async (place, limit) => {
    const found = await findPage(context.model(type), { ...query, after: place, limit });
    return found.map((stored) => {
      const record = context.schema(type).read(stored);
      const isFound = record !== null && mayFind(context, type, record, searched);
      return { row: isFound ? context.toRow(type, record) : null, id: stored._id, sortAt: stored.sortAt };
    });
  };
  const count =
    context.countsByIndex(type) && searched.length === 0
      ? async (max: number) => await countPage(context.model(type), { ...query, limit: 0 }, max)
      : null;
  return { type, size, after, scope, read, count };
}

function queryOf(
  context: ReadContext,
  type: string,
  args: PageArguments,
): Omit<PageQuery, 'direction' | 'after' | 'limit'> {
  const { since, before, ...equal } = args.filter ?? {};
  const names = context.kinds.get(type)?.filters ?? {};
  const terms = Object.entries(equal).flatMap(([name, value]): [string, unknown][] => {
    if (!Object.hasOwn(names, name) || value === null || value === undefined) return [];
    const path = context.schema(type).filterPath(name, context.oldest);
    if (path === null)
      throw new HubError(
        'PART_UNAVAILABLE',
        `the filter ${name} is unavailable until \`hub migrate --contract\` has run`,
      );
    // The query is passed as trusted, so no value in it may be an operator object.
    if (typeof value === 'object') throw new HubError('BAD_USER_INPUT', `${name}: expected a scalar value`);
    return [[path, value]];
  });
  return {
    allowed: context.allowed(type, terms.length > 0 ? 'search' : 'read'),
    equal: Object.fromEntries(terms),
    since: dateOrNull(since),
    before: dateOrNull(before),
  };
}

/** The fields that the list is filtered by. A filter's argument has the name of the field that it compares. */
function searchedFields({ kinds }: ReadContext, type: string, { filter }: PageArguments): readonly string[] {
  const names = Object.keys(kinds.get(type)?.filters ?? {});
  return names.filter((name) => filter?.[name] !== null && filter?.[name] !== undefined);
}

/**
 * Whether the reader may find a record by these fields. The right to search is separate from the right to read, and a
 * field that is a portion is decided by the portion's own marking.
 */
function mayFind(
  { policy, readerAccess }: ReadContext,
  type: string,
  { envelope }: StoredRecord,
  fields: readonly string[],
): boolean {
  if (fields.length === 0) return true;
  const may = (group: string, marked: Envelope) => policy.may(readerAccess, 'search', type, group, marked);
  return (
    may('content', envelope) &&
    fields.every((field) => may(policy.coordinates.placeOf(type, field)?.group ?? '', envelope)) &&
    envelope.portions
      .filter(({ path }) => fields.includes(path))
      .every(({ marking, audience }) => may('content', { ...envelope, marking, audience }))
  );
}

function dateOrNull(value: unknown): Date | null {
  return value instanceof Date ? value : null;
}
