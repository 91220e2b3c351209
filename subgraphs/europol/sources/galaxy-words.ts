import { z } from 'zod';

/** A member of a cluster's meta: the galaxies write one word by itself or in a list. */
export const galaxyWords = z.union([z.string(), z.array(z.string())]).nullish();

/** All words of some members, each once, without the empty ones. */
export function listWords(...members: readonly z.infer<typeof galaxyWords>[]): readonly string[] {
  const words = members.flatMap((member) => (typeof member === 'string' ? [member] : (member ?? [])));
  return [...new Set(words.filter((word) => word.trim() !== ''))];
}
