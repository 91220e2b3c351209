/** MongoDB's error code. */
const duplicateKey = 11_000;

/** Returns whether MongoDB refused a write because a unique index already has the key. */
export function isDuplicateKey(error: unknown): boolean {
  return (error as { readonly code?: unknown } | null | undefined)?.code === duplicateKey;
}
