import type { Envelope } from '../../../schema/record/envelope.ts';

/** A record's content before it is stored. */
export type Content = Readonly<Record<string, unknown>>;
/** What a record's content says of its envelope. */
export type Said = Pick<Envelope, 'states' | 'facts'>;

/** ISO 3166-1 alpha-2 codes out of keys of Member States, one or many; what is none is left out. */
export function stateCodes(keys: unknown): readonly string[] {
  const list = Array.isArray(keys) ? keys : [keys];
  const codes = list.flatMap((key) => /^MemberState:([A-Z]{2})$/.exec(String(key))?.[1] ?? []);
  return [...new Set(codes)];
}

/** A member of an enum as the policy's domain writes it: `DECIDED_BY_HEAD` is `decided-by-head`. */
export function inWords(member: unknown): string {
  return typeof member === 'string' ? member.toLowerCase().replaceAll('_', '-') : '';
}
