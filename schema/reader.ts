import type { Purpose } from './vocabulary.ts';

/** A right to read one share that a recipient recorded for a client; it ends by itself. */
export type HeldShare = { readonly id: string; readonly by: string; readonly until: string };

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
  /** The one purpose stated for this request, if any: granted by scope. */
  readonly purpose: Purpose | null;
  /** `real`, or the id of one exercise: never both. */
  readonly picture: string;
  /** A natural person at a screen, by an interactive client with strong authentication: what RED asks for. */
  readonly onScreen: boolean;
};
