import type { Tlp, Pap, HandlingCode } from '../record/vocabulary.ts';

/** A record that a subgraph disclosed, or a count of records, as it reports it under `extensions.disclosed`. */
export type Disclosure = {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly tlp: Tlp;
  readonly pap: Pap;
  readonly handlingCodes: readonly HandlingCode[];
  readonly extraRestrictions: readonly string[];
  /**
   * Registry ids of organisations, as far as the reader may see them; null if TLP opens the record to more than named
   * organisations. Empty if the record is for named organisations that the reader may not see.
   */
  readonly audience: readonly string[] | null;
  /** The portions that were disclosed to this reader, with their markings. */
  readonly portions: readonly DisclosedPortion[];
  /**
   * The number that was disclosed, if this is a count of records and not one record. The markings are then those of the
   * counted records, joined; `id` has the hash of the filter, and `version` is 0.
   */
  readonly count?: number;
  /** True if only the end of a record was disclosed: its id, to a reader who could see it before. */
  readonly gone?: true;
};

/** A disclosed portion: its path and its own marking, each scale separately. */
export type DisclosedPortion = {
  readonly path: string;
  readonly tlp: Tlp;
  readonly pap: Pap;
  readonly handlingCodes: readonly HandlingCode[];
  readonly extraRestrictions: readonly string[];
};

/** A disclosure with its community, as the audit log records it. */
export type RecordedDisclosure = Disclosure & { readonly community: string };

/** The strictest marking of a record that a reader can subscribe to without a handling code. */
const markingOfEnd = { tlp: 'AMBER_STRICT', pap: 'RED', handlingCodes: [], extraRestrictions: [] } as const;

/**
 * Returns the disclosure of the end of a record to a reader, who learns its id. Its marking is hidden from that reader now.
 * The version is 0 if it is unknown.
 */
export function endOfRecord(type: string, id: string, version: number): Disclosure {
  return { type, id, version, ...markingOfEnd, audience: [], portions: [], gone: true };
}
