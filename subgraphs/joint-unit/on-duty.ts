import { HubError } from '../../schema/errors.ts';
import { readDutyKey } from '../../schema/workflow/duty-key.ts';
import type { EntityReference, Resolver } from '../serve/graph/resolvers.ts';
import { pageSize } from '../serve/read/connection.ts';
import type { Row } from '../serve/read/row.ts';

type Asked = { readonly first?: number | null; readonly function?: string | null };

/** The most duty contacts that are examined, and how often in one request. */
const maxExamined = 1000;
const maxAsked = 5;
const asked = new WeakMap<object, number>();

/**
 * Resolves to the contacts whose duty includes the instant, the newest first. A contact whose period the reader may not
 * see is absent. Only the contacts of the answer count as disclosed.
 */
export const contactsOnDuty: Resolver<EntityReference, Asked> = async (
  { id },
  { first, function: named },
  { loaders },
) => {
  const size = pageSize(first);
  const at = readDutyKey(id);
  if (at === null) throw new HubError('BAD_USER_INPUT', 'expected an instant');
  const count = (asked.get(loaders) ?? 0) + 1;
  asked.set(loaders, count);
  if (count > maxAsked)
    throw new HubError(
      'BAD_USER_INPUT',
      `expected at most ${maxAsked} fields on those on duty in one request`,
    );
  const filter = typeof named === 'string' ? { function: named } : {};
  const rows = await loaders.newest('DutyContact', filter, maxExamined);
  const found = rows.filter((row) => isOnDuty(row, at)).slice(0, size);
  return await Promise.all(found.map(async (row) => await loaders.one(row.type, row.id)));
};

/** A contact without a start or an end is on duty before or after it without a limit. */
function isOnDuty({ content, decision: { hidden } }: Row, at: Date): boolean {
  if (hidden.has('from') || hidden.has('to')) return false;
  const [from, to] = [timeOf(content['from']), timeOf(content['to'])];
  return (from === null || from <= at.getTime()) && (to === null || at.getTime() < to);
}

function timeOf(value: unknown): number | null {
  return value instanceof Date ? value.getTime() : null;
}
