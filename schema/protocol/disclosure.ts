import type { Tlp, Pap, HandlingCode } from '../record/vocabulary.ts';

/** What a subgraph says that it disclosed: one line a record, returned under `extensions.disclosed`. */
export type Disclosure = {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly tlp: Tlp;
  readonly pap: Pap;
  readonly handlingCodes: readonly HandlingCode[];
  readonly extraRestrictions: readonly string[];
  /** Registry ids; null where the colour opens the record beyond named organisations. */
  readonly audience: readonly string[] | null;
  /** Paths of the portions with a marking of their own that this reader was shown, with their colour. */
  readonly portions: readonly { readonly path: string; readonly tlp: Tlp }[];
};

/** A disclosure with the community that made it, as the trail records it. */
export type RecordedDisclosure = Disclosure & { readonly community: string };
