import type { StoredRecord, Time } from '../../../schema/record/envelope.ts';
import type { Content } from './content.ts';

/** Returns the instant of a field of content, which is a date or a `Time`. Null if the field has none. */
export function dateIn(field: string | undefined, content: Content): Date | null {
  const value = field === undefined ? undefined : content[field];
  if (value instanceof Date) return value;
  const utc = (value as Partial<Time> | null | undefined)?.utc;
  return utc instanceof Date ? utc : null;
}

/**
 * Returns the sort key of a record that is replaced by one without a date: its place stays, unless a date of its former
 * content decided it. `undated` is the key then.
 */
export function undatedSortAt(
  undated: Date,
  { sortAt, content }: Pick<StoredRecord, 'sortAt'> & { readonly content?: Content },
  sortBy: string | undefined,
): Date {
  return dateIn(sortBy, content ?? {})?.getTime() === sortAt.getTime() ? undated : sortAt;
}
