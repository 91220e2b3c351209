import { idsIn, readableRecords } from '../serve/graph/readable-records.ts';
import type { Resolver } from '../serve/graph/resolvers.ts';
import type { Row } from '../serve/read/row.ts';
import { kinds } from './records.ts';

/** Resolves to the cases that a field names and that the reader may read. Others are absent. */
export function readableCases(field: string): Resolver {
  return readableRecords('JointCaseRecord', field);
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
