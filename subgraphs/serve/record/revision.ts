/** The version of a record or file in its source: numbers that are compared from left to right. */
export type Revision = readonly number[];

/** Returns a negative number if the first revision is older, 0 if they are equal, and a positive one if it is newer. */
export function compareRevisions(one: Revision, other: Revision): number {
  for (let at = 0; at < Math.max(one.length, other.length); at += 1) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Returns the numbers of a version such as `2026.09.18`; null if it has none. */
export function revisionOf(version: string): Revision | null {
  const numbers = version.match(/\d{1,15}/g)?.map(Number) ?? [];
  return numbers.length === 0 ? null : numbers.slice(0, 8);
}
