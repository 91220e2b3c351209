import type { Purpose, Tlp } from '../record/vocabulary.ts';

/** An onward share that a recipient recorded for the reader's organisation. It is valid until `until`. */
export type HeldShare = { readonly id: string; readonly by: string; readonly until: string };

/** A grant of a provider or an originator to the reader's organisation. It is valid until `until`. */
export type HeldGrant = { readonly id: string; readonly by: string; readonly until: string };

/** An agreement in force of the reader's organisation, with its maximum TLP and its purposes. */
export type HeldAgreement = {
  readonly id: string;
  readonly until: string;
  readonly tlpCeiling: Tlp;
  readonly purposes: readonly Purpose[];
};

/** An office that the person has for the reader's organisation. It is valid until `until`. */
export type HeldOffice = { readonly office: string; readonly until: string };

/** The most offices of one person. */
export const maxOffices = 50;

/**
 * The authenticated person or machine that asks. All fields come from a verified token or from the hub's registry, none
 * from a client's header. The hub signs the reader into each assertion, and every subgraph decides again with it.
 */
export type Reader = {
  readonly subject: string;
  /** The id of a registry entry, never a mail domain or a country. */
  readonly organisation: string;
  /** TLP communities in which the organisation is registered, such as `cyber-defence`. */
  readonly communities: readonly string[];
  readonly memberState: string | null;
  readonly roles: readonly string[];
  readonly sharingGroups: readonly string[];
  readonly onwardShares: readonly HeldShare[];
  readonly grants: readonly HeldGrant[];
  readonly agreements: readonly HeldAgreement[];
  /** At most `maxOffices`. A machine has none. The policy decides without them; the moves of workflows need them. */
  readonly offices: readonly HeldOffice[];
  /** A natural person, or a machine with client credentials. */
  readonly client: 'person' | 'machine';
  /** The purpose of this request, granted by a scope of the token; null if none was stated. */
  readonly purpose: Purpose | null;
  /** `real`, or the id of one exercise. */
  readonly picture: string;
  /** True for a natural person with strong authentication at an interactive client, as TLP:RED requires. */
  readonly onScreen: boolean;
};

/** A reader without any attributes and rights. */
export const nobody: Reader = {
  subject: '',
  organisation: '',
  communities: [],
  memberState: null,
  roles: [],
  sharingGroups: [],
  onwardShares: [],
  grants: [],
  agreements: [],
  offices: [],
  client: 'person',
  purpose: null,
  picture: 'real',
  onScreen: false,
};
