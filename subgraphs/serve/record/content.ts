import type { Envelope } from '../../../schema/record/envelope.ts';
import { memberStateKey } from '../../../schema/record/keys.ts';

/** A record's content before it is stored. */
export type Content = Readonly<Record<string, unknown>>;
/** Parts of the envelope that are derived from content. */
export type Said = Pick<Envelope, 'states' | 'facts'>;

/** The ISO 3166-1 alpha-2 codes in one or many `MemberState:` keys. Skips other values. */
export function stateCodes(keys: unknown): readonly string[] {
  const list = Array.isArray(keys) ? keys : [keys];
  const codes = list.flatMap((key) => /^MemberState:([A-Z]{2})$/.exec(String(key))?.[1] ?? []);
  return [...new Set(codes)];
}

/** Returns whether an item of a list belongs to a Member State, by the key in its field `name`. */
export function isOfState(item: unknown, name: string, memberState: string | null): boolean {
  if (typeof item !== 'object' || item === null || memberState === null) return false;
  return (item as Readonly<Record<string, unknown>>)[name] === memberStateKey(memberState);
}

/** An enum value in the policy's spelling: `DECIDED_BY_HEAD` is `decided-by-head`. */
export function inWords(member: unknown): string {
  return typeof member === 'string' ? member.toLowerCase().replaceAll('_', '-') : '';
}
