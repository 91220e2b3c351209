import { asPortion } from '../../../schema/record/as-portion.ts';
import type { Envelope } from '../../../schema/record/envelope.ts';
import type { ReadContext } from './read-context.ts';

/**
 * Whether the reader may find a record by these fields. The right to search is separate from the right to read, and a
 * field that is a portion is decided by the portion's own marking.
 */
export function mayFind(
  context: ReadContext,
  type: string,
  { envelope }: { readonly envelope: Envelope },
  fields: readonly string[],
): boolean {
  if (!context.maySearch(type, envelope)) return false;
  const { policy, readerAccess } = context;
  const may = (group: string, marked: Envelope) => policy.may(readerAccess, 'search', type, group, marked);
  return (
    fields.every((field) => may(policy.coordinates.placeOf(type, field)?.group ?? '', envelope)) &&
    envelope.portions
      .filter(({ path }) => fields.includes(path))
      .every((portion) => may('content', asPortion(envelope, portion)))
  );
}
