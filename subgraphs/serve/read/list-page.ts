import { HubError } from '../../../schema/errors.ts';
import { type PageArguments, pageSize } from './connection.ts';
import { openCursor } from './cursor.ts';
import type { PageRead, ReadRows } from './page-read.ts';
import { countPage, type Equal, findPage, isCountable, type PageQuery } from './queries.ts';
import { mayFind } from './may-find.ts';
import type { ReadContext } from './read-context.ts';
import { findPageOfIds, idsOf } from './page-of-ids.ts';
import { hashTerms, isComparable } from '../store/derive.ts';

/**
 * A page of all records of a type. The caller searches the fields `also` itself, so the reader needs the right to search
 * them. Throws BAD_USER_INPUT, BAD_CURSOR or PART_UNAVAILABLE.
 */
export function listPage(
  context: ReadContext,
  type: string,
  args: PageArguments,
  also: readonly string[] = [],
): PageRead {
  const size = pageSize(args.first);
  const direction = args.orderBy?.direction ?? 'DESC';
  const scope = context.cursorScope(type, args.filter ?? null, direction);
  const after = args.after ? openCursor(args.after, scope, context.cursorKey) : null;
  const { isSearch, ids, ...asked } = filterOf(context, type, args);
  const searched = [...searchedFields(context, type, args), ...also];
  const queryFor = (action: 'read' | 'search'): PageQuery => ({
    ...asked,
    ...context.held(type, action),
    direction,
    after,
    limit: 0,
  });
  const readFor = (action: 'read' | 'search'): ReadRows => {
    const query = queryFor(action);
    return async (place, limit) => {
      const page = { ...query, after: place, limit };
      const found =
        ids === null
          ? await findPage(context.model(type), page, context.timeLeft())
          : await findPageOfIds(context.model(type), ids, page, context.timeLeft());
      return found.map((stored) => {
        const record = context.schema(type).read(stored);
        const isFound = record !== null && (action === 'read' || mayFind(context, type, record, searched));
        return { row: isFound ? context.toRow(type, record) : null, id: stored._id, sortAt: stored.sortAt };
      });
    };
  };
  const count =
    context.countsByIndex(type) && ids === null && isCountable(asked)
      ? async (max: number) =>
          await countPage(context.model(type), queryFor('search'), max, context.timeLeft())
      : null;
  const filter = args.filter ?? {};
  // A window of time finds records by their date, so it needs the right to search, as a filter does.
  return {
    type,
    size,
    after,
    scope,
    filter,
    read: readFor(isSearch || also.length > 0 ? 'search' : 'read'),
    readCounted: readFor('search'),
    count,
  };
}

function filterOf(
  context: ReadContext,
  type: string,
  args: PageArguments,
): Pick<PageQuery, 'equal' | 'since' | 'before'> & {
  readonly ids: readonly string[] | null;
  readonly isSearch: boolean;
} {
  const { since, before, ids, ...given } = args.filter ?? {};
  const names = context.kinds.get(type)?.filters ?? {};
  const equal = Object.entries(given).flatMap(([argument, value]): Equal[] => {
    const name = filteredBy(names, argument);
    if (name === null || value === null || value === undefined) return [];
    return [equalOf(context, type, name, argument, value)];
  });
  const window = { since: dateOrNull(since), before: dateOrNull(before) };
  const isSearch = equal.length > 0 || window.since !== null || window.before !== null;
  if (isSearch && !context.filled)
    throw new HubError(
      'PART_UNAVAILABLE',
      'filters are unavailable until the values that they compare were derived for all stored records',
    );
  // An id says nothing about a record, so it is found by the right to read, as a lookup is.
  return { equal, ids: idsOf(ids, type), ...window, isSearch };
}

/** The most values of a list of values. */
const maxValues = 20;

/** Returns the filter that an argument is about: that of its name, or of its name without `In`. Null for any other. */
function filteredBy(names: Readonly<Record<string, string>>, argument: string): string | null {
  if (Object.hasOwn(names, argument)) return argument;
  const name = argument.endsWith('In') ? argument.slice(0, -'In'.length) : '';
  return Object.hasOwn(names, name) ? name : null;
}

function equalOf(context: ReadContext, type: string, name: string, argument: string, value: unknown): Equal {
  const stored = context.schema(type).filterPath(name, context.oldest);
  if (stored === null)
    throw new HubError(
      'PART_UNAVAILABLE',
      `the filter ${name} is unavailable until \`hub migrate --contract\` has run`,
    );
  const values = valuesOf(argument, value);
  const path = stored.slice('content.'.length);
  const root = context.schema(type).filterRoot(name);
  const terms = context.readerAccess.searchTerms(type, name);
  const hashes = (clock: 'open' | 'early') => values.flatMap((one) => hashTerms(clock, root, one, terms));
  return { path, values, open: hashes('open'), early: hashes('early') };
}

/** Checks the value of an argument, or the values of one that ends with `In`, and returns each once. */
function valuesOf(argument: string, value: unknown): Equal['values'] {
  const values = Array.isArray(value) ? [...new Set(value as readonly unknown[])] : [value];
  if (values.length > maxValues)
    throw new HubError(
      'BAD_USER_INPUT',
      `${argument}: expected at most ${maxValues} values, got ${values.length}`,
    );
  // The query is passed as trusted, so no value in it may be an operator object.
  if (!values.every(isComparable))
    throw new HubError('BAD_USER_INPUT', `${argument}: expected scalar values`);
  return values;
}

/** The fields that the list is filtered by. A filter has the name of the field that it compares. */
function searchedFields({ kinds }: ReadContext, type: string, { filter }: PageArguments): readonly string[] {
  const names = kinds.get(type)?.filters ?? {};
  const given = Object.entries(filter ?? {}).filter(([, value]) => value !== null && value !== undefined);
  return [...new Set(given.flatMap(([argument]) => filteredBy(names, argument) ?? []))];
}

function dateOrNull(value: unknown): Date | null {
  return value instanceof Date ? value : null;
}
