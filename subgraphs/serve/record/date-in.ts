import type { Time } from '../../../schema/record/envelope.ts';
import type { Content } from './content.ts';

/** Returns the instant of a field of content, which is a date or a `Time`. Null if the field has none. */
export function dateIn(field: string | undefined, content: Content): Date | null {
  const value = field === undefined ? undefined : content[field];
  if (value instanceof Date) return value;
  const utc = (value as Partial<Time> | null | undefined)?.utc;
  return utc instanceof Date ? utc : null;
}
