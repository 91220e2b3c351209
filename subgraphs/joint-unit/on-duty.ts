import { HubError } from '../../schema/errors.ts';
import { readDutyKey } from '../../schema/workflow/duty-key.ts';
import type { EntityReference, Resolver } from '../serve/graph/resolvers.ts';
import { limitTimes } from '../serve/graph/times-asked.ts';
import { pageSize } from '../serve/read/connection.ts';
import type { Row } from '../serve/read/row.ts';

type Asked = { readonly first?: number | null; readonly function?: string | null };

/** The most duty contacts that are examined, and how often in one request. */
const maxExamined = 300;
const maxAsked = 5;

/** The states of a contact that counts. */
const counting: ReadonlySet<string> = new Set(['ACTIVE', 'CORRECTED']);

/**
 * Resolves to the contacts whose duty includes the instant, the newest first. The instant is a search: a contact whose
 * period the reader may not search is absent. Only the contacts of the answer count as disclosed.
 */
export const contactsOnDuty: Resolver<EntityReference, Asked> = async (
  { id },
  { first, function: named },
  { loaders },
) => {
  const size = pageSize(first);
  const at = readDutyKey(id);
  if (at === null) throw new HubError('BAD_USER_INPUT', 'expected an instant');
  limitTimes(loaders, 'OnDuty.jointUnit', maxAsked);
  const filter = typeof named === 'string' ? { function: named } : {};
  if (size === 0) return [];
  const rows = await loaders.newest('DutyContact', filter, maxExamined + 1, ['from', 'to']);
  if (rows.length > maxExamined)
    throw new HubError(
      'OPERATION_TOO_LARGE',
      `expected at most ${maxExamined} duty contacts to examine: state another function`,
    );
  const found = rows.filter((row) => isOnDuty(row, at)).slice(0, size);
  const given = await Promise.all(found.map(async (row) => await loaders.one(row.type, row.id)));
  return given.filter((one) => one !== null);
};

/** A contact without a start or an end is on duty before or after it without a limit. */
function isOnDuty({ content, envelope }: Row, at: Date): boolean {
  if (!counting.has(envelope.recordState)) return false;
  const [from, to] = [timeOf(content['from']), timeOf(content['to'])];
  return (from === null || from <= at.getTime()) && (to === null || at.getTime() < to);
}

function timeOf(value: unknown): number | null {
  return value instanceof Date ? value.getTime() : null;
}
