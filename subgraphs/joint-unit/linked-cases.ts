import type { Resolver } from '../serve/graph/resolvers.ts';
import type { Row } from '../serve/read/row.ts';
import { kinds } from './records.ts';

/** Resolves to the cases that a field names and that the reader may read. Others are absent. */
export function readableCases(field: string): Resolver {
  return async (row: Row, _args, { loaders }) => {
    const rows = await Promise.all(
      idsIn(row, field).map(async (id) => await loaders.one('JointCaseRecord', id)),
    );
    return rows.filter((one) => one !== null);
  };
}

/** Resolves to the ids of the records that went to a case and that the reader may read. Others are absent. */
export const readableIds: Resolver = async (row: Row, _args, { loaders }) => {
  const rows = await Promise.all(
    idsIn(row, 'linkedRecords').map(async (id) => {
      const kind = kinds.find(({ type }) => id.startsWith(`${type}:`));
      return kind === undefined ? null : await loaders.one(kind.type, id);
    }),
  );
  return rows.flatMap((one) => one?.id ?? []);
};

/** A field that the row decision hides has no resolver call: the guard answers null before. */
function idsIn({ content }: Row, field: string): readonly string[] {
  const ids = content[field];
  return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
}
