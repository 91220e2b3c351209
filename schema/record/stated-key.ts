/** Above the longest key that a client can cause. */
const maxLength = 8000;
/** More than there are kinds of record. */
const maxKinds = 100;

/** Writes the key of an entity that has no data: it states all that was asked, so any hub and community can answer it. */
export function writeStatedKey(type: string, parts: readonly unknown[]): string {
  return `${type}:${Buffer.from(JSON.stringify(parts)).toString('base64url')}`;
}

/** Returns the parts that a key states. Null if it is not one of this type. */
export function readStatedKey(type: string, key: string): readonly unknown[] | null {
  if (!key.startsWith(`${type}:`) || key.length > maxLength) return null;
  try {
    const text = Buffer.from(key.slice(type.length + 1), 'base64url').toString('utf8');
    const parts: unknown = JSON.parse(text);
    return Array.isArray(parts) ? (parts as unknown[]) : null;
  } catch {
    return null;
  }
}

/** Returns the kinds of record in a part, or null for all kinds. Undefined if it is neither. */
export function readKinds(part: unknown): readonly string[] | null | undefined {
  if (part === null) return null;
  const isList = Array.isArray(part) && part.length <= maxKinds;
  return isList && part.every((one) => typeof one === 'string') ? part : undefined;
}

/** Returns the time in a part, or null for any time. Undefined if it is neither. */
export function readTime(part: unknown): Date | null | undefined {
  if (part === null) return null;
  const time = new Date(typeof part === 'string' ? part : Number.NaN);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
