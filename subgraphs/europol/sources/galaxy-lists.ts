import { z } from 'zod';

/** A member of a cluster's meta. The galaxies write a single value as a string or as a list. */
export const stringOrList = z.union([z.string(), z.array(z.string())]).nullish();

/** Returns the values of all members as one list, without repeats and empty values. */
export function toList(...members: readonly z.infer<typeof stringOrList>[]): readonly string[] {
  const values = members.flatMap((member) => (typeof member === 'string' ? [member] : (member ?? [])));
  return [...new Set(values.filter((value) => value.trim() !== ''))];
}
