import type { Row } from '../read/row.ts';
import type { Resolver } from './resolvers.ts';

/** Resolves to the records of a kind that a field names and that the reader may read. Others are absent. */
export function readableRecords(type: string, field: string): Resolver {
  return async (row: Row, _args, { loaders }) => {
    const rows = await Promise.all(idsIn(row, field).map(async (id) => await loaders.one(type, id)));
    return rows.filter((one) => one !== null);
  };
}

/**
 * Returns the ids that a field of a record has. A field that the row decision hides has no resolver call: the guard answers
 * null before.
 */
export function idsIn({ content }: Row, field: string): readonly string[] {
  const ids = content[field];
  return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
}
