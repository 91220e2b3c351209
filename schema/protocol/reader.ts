import type { Purpose, Tlp } from '../record/vocabulary.ts';

/** A right to read one share that a recipient recorded for a client; it ends by itself. */
export type HeldShare = { readonly id: string; readonly by: string; readonly until: string };

/** A permission of a provider or an originator for this reader's organisation, for one recipient; it ends by itself. */
export type HeldGrant = { readonly id: string; readonly by: string; readonly until: string };

/** An agreement in force that the reader's organisation is party to, with what it opens at most. */
export type HeldAgreement = {
  readonly id: string;
  readonly until: string;
  readonly tlpCeiling: Tlp;
  readonly purposes: readonly Purpose[];
};

/**
 * Who asks: all of it from a verified token or from the hub's registry, nothing from a client's header.
 * The hub builds it, signs it into each assertion, and every subgraph decides from it again.
 */
export type Reader = {
  readonly subject: string;
  /** A registry entry, never a mail domain or a country. */
  readonly organisation: string;
  /** TLP communities in which the organisation is registered, such as `cyber-defence`. */
  readonly communities: readonly string[];
  readonly memberState: string | null;
  readonly roles: readonly string[];
  readonly sharingGroups: readonly string[];
  readonly onwardShares: readonly HeldShare[];
  readonly grants: readonly HeldGrant[];
  readonly agreements: readonly HeldAgreement[];
  /** How the token was got: by a natural person, or by a machine with client credentials. */
  readonly client: 'person' | 'machine';
  /** The one purpose stated for this request, if any: granted by scope. */
  readonly purpose: Purpose | null;
  /** `real`, or the id of one exercise: never both. */
  readonly picture: string;
  /** A natural person at a screen, by an interactive client with strong authentication: what RED asks for. */
  readonly onScreen: boolean;
};
