import { findByIds } from './queries.ts';
import type { ReadContext } from './read-context.ts';
import type { Row } from './row.ts';

/**
 * Loads the envelopes of records that the reader may see, without their content: also of documents whose content this
 * program cannot read.
 */
export async function loadEnvelopes(
  context: ReadContext,
  type: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Row>> {
  const wanted = { open: ids, early: ids };
  const fields = { envelope: 1, sortAt: 1 } as const;
  const found = await findByIds(context.model(type), wanted, context.held(type), context.timeLeft(), fields);
  const rows = found.flatMap((stored) => context.toRow(type, { ...stored, content: {} }) ?? []);
  return new Map(rows.map((row) => [row.id, row]));
}
