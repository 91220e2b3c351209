/** The kinds and the start of the changes that a reader asks for, as their key states them. */
export type ChangesAsked = {
  /** The kinds of record; null for all. */
  readonly kinds: readonly string[] | null;
  /** The start of the changes of a reader who has no cursor yet; null for all. */
  readonly since: Date | null;
};

const prefix = 'Changes:';
/** More than there are kinds of record. */
const maxKinds = 100;

/** Returns the key of changes, which states all that was asked: any hub and community can answer it. */
export function changesKey({ kinds, since }: ChangesAsked): string {
  const stated = JSON.stringify([kinds, since?.toISOString() ?? null]);
  return `${prefix}${Buffer.from(stated).toString('base64url')}`;
}

/** Returns what a key of changes states. Null if it is not one. */
export function readChangesKey(key: string): ChangesAsked | null {
  if (!key.startsWith(prefix) || key.length > 8000) return null;
  try {
    const text = Buffer.from(key.slice(prefix.length), 'base64url').toString('utf8');
    const [kinds, since] = JSON.parse(text) as readonly unknown[];
    if (kinds !== null && !isTexts(kinds)) return null;
    if (since === null) return { kinds, since };
    const at = new Date(typeof since === 'string' ? since : Number.NaN);
    return Number.isNaN(at.getTime()) ? null : { kinds, since: at };
  } catch {
    return null;
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= maxKinds && value.every((one) => typeof one === 'string');
}
