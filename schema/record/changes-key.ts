import { readKinds, readStatedKey, readTime, writeStatedKey } from './stated-key.ts';

/** The kinds and the start of the changes that a reader asks for, as their key states them. */
export type ChangesAsked = {
  /** The kinds of record; null for all. */
  readonly kinds: readonly string[] | null;
  /** The start of the changes of a reader who has no cursor yet; null for all. */
  readonly since: Date | null;
};

/** Returns the key of changes. */
export function changesKey({ kinds, since }: ChangesAsked): string {
  return writeStatedKey('Changes', [kinds, since?.toISOString() ?? null]);
}

/** Returns what a key of changes states. Null if it is not one. */
export function readChangesKey(key: string): ChangesAsked | null {
  const parts = readStatedKey('Changes', key) ?? [];
  const [kinds, since] = [readKinds(parts[0]), readTime(parts[1])];
  return kinds === undefined || since === undefined ? null : { kinds, since };
}
