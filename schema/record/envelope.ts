import type { Distribution, HandlingCode, Pap, Purpose, Reach, RecordState, Tlp } from './vocabulary.ts';

/** The limits on reading and using a record or a portion. Each scale is independent of the others. */
export type Marking = {
  readonly tlp: Tlp;
  readonly tlpCommunity: string;
  readonly pap: Pap;
  /** Always `none`: a deployment that is not accredited refuses classified records. */
  readonly classification: string;
  readonly distribution: Distribution;
  readonly handlingCodes: readonly HandlingCode[];
  readonly h3Text: string | null;
  readonly extraRestrictions: readonly string[];
  /** The TLP label in the source, if it was converted (TLP 1.0 WHITE). */
  readonly rawTlp: string | null;
};

/** The readers that the originator named. Above GREEN only they may read; an empty audience adds nobody. */
export type Audience = {
  readonly reach: Reach;
  readonly organisations: readonly string[];
  readonly sharingGroups: readonly string[];
  readonly persons: readonly string[];
  readonly agreements: readonly string[];
};

/** A field of a record (`path`) with a stricter marking than the record. */
export type Portion = {
  readonly path: string;
  readonly marking: Marking;
  readonly audience: Audience;
  /** Ids of the grants that release the field. Their end is in the registry, never here. */
  readonly releases?: readonly string[];
};

/** A release as its originator stated it. The registry decides when its grant ends; this end is for display. */
export type Released = {
  readonly id: string;
  /** The id of its grant in the registry. Releases with the same terms share it. */
  readonly grant: string;
  readonly to: string;
  readonly until: Date;
  /** The released fields that have a separate marking. Null for the record without these. */
  readonly fields: readonly string[] | null;
  /** Null for an emergency release, which states a threat. */
  readonly purpose: string | null;
  /** Present in an emergency release only (W9c). */
  readonly emergency?: Emergency;
  /** Present in a release that two persons make (W9a: RED, H1 and H2). It opens nothing until it is confirmed. */
  readonly proposal?: ReleaseProposal;
};

/** The facts of a release that needs a second person. Its state follows from the times. */
export type ReleaseProposal = {
  /** The only person who may read, or null for all persons of the organisation. RED has one. */
  readonly person: string | null;
  /** The person who proposed. Another one confirms. */
  readonly by: string;
  readonly at: Date;
  /** The end of the time in which a second person can confirm it. */
  readonly confirmBy: Date;
  readonly confirmedAt: Date | null;
};

/** The threats for which an emergency release is made. */
export const emergencyThreats = ['LIFE', 'SAFETY', 'ESSENTIAL_SERVICE'] as const;

/** The facts of an emergency release. Its state follows from the times. */
export type Emergency = {
  /** The only person who may read, or null for all persons of the organisation. */
  readonly person: string | null;
  readonly threat: (typeof emergencyThreats)[number];
  readonly whyNotByRequest: string;
  /** The officer on duty who released. Another person confirms. */
  readonly by: string;
  readonly at: Date;
  readonly confirmedAt: Date | null;
  readonly revokedAt: Date | null;
  readonly reportedAt: Date | null;
};

export type Grading = {
  readonly scheme: '4x4' | 'admiralty';
  readonly source: string;
  readonly information: string;
};

export type PersonalData = {
  readonly present: boolean;
  readonly categories: readonly string[];
  readonly controller: string | null;
  readonly legalBasis: string | null;
  readonly reviewAt: Date | null;
  readonly retainUntil: Date | null;
  readonly restricted: boolean;
};

/** A time from a source: the instant in UTC, its precision, and the zone in the source. */
export type Time = {
  readonly utc: Date;
  readonly precision: 'YEAR' | 'MONTH' | 'DAY' | 'MINUTE' | 'SECOND' | 'MILLISECOND';
  readonly declaredZone: string | null;
};

/** A text and its language (BCP 47); null if the source does not state it. */
export type Text = { readonly value: string; readonly lang: string | null };

/** The metadata and marking of a record. Organisations are registry ids; instants are UTC. */
export type Envelope = {
  readonly localId: string;
  readonly version: number;
  readonly supersedes: string | null;
  readonly originator: string;
  readonly custodian: string;
  readonly provider: string | null;
  readonly sourceUrl: string | null;
  readonly receivedAt: Date;
  readonly marking: Marking;
  readonly audience: Audience;
  /** Onward shares that recipients recorded. Their end is in the registry, never here. */
  readonly onwardShares: readonly { readonly id: string; readonly by: string }[];
  /** Ids of the grants that release the record beyond its audience. Their end is in the registry, never here. */
  readonly releases?: readonly string[];
  /** The releases of the record and of its fields that were neither revoked nor ended by a new marking. */
  readonly released?: readonly Released[];
  /** The Member States that own the file, and those that were informed (ISO 3166-1 alpha-2). */
  readonly states?: { readonly own: readonly string[]; readonly told: readonly string[] };
  /** Facts that rules of the policy use, as domain.yaml defines them. */
  readonly facts?: Readonly<Record<string, string>>;
  readonly purposes: readonly Purpose[];
  readonly embargoUntil: Date | null;
  readonly portions: readonly Portion[];
  /** Marking, audience, purposes, embargo and portions were set manually. Imports do not change them any more. */
  readonly readingByHand?: true;
  /**
   * A manual marking of the record that this one belongs to made the reading stricter. Imports join it with the reading
   * of the source. `readingByHand` takes precedence.
   */
  readonly raisedByHand?: true;
  /** The content was changed manually. An import overwrites it if the source, mapping, defaults or keys changed. */
  readonly contentByHand?: true;
  /** The joint case was set manually. Imports do not change it any more. */
  readonly caseByHand?: true;
  /** The record's version in its source: numbers that are compared from left to right. Imports keep the newest. */
  readonly revision?: readonly number[];
  /** The list or document of the feed that has the record. A newer version without the record withdraws it. */
  readonly document?: string;
  /** The names by which the source named the actors of the record, and the keys that the alias tables had for them. */
  readonly actorNames?: readonly { readonly name: string; readonly key: string }[];
  /** The source withdrew the record. A newer version that has it again opens it. */
  readonly withdrawnBySource?: true;
  readonly grading: Grading | null;
  readonly statementKind: 'FACT' | 'ASSESSMENT' | 'HYPOTHESIS' | null;
  readonly confidence: 'LOW' | 'MODERATE' | 'HIGH' | null;
  readonly personalData: PersonalData | null;
  /** Null for the real picture, otherwise the exercise's id. */
  readonly exercise: string | null;
  readonly recordState: RecordState;
  /** The reason of a retraction by hand. */
  readonly retractionReason?: string;
  readonly occurredAt: Time | null;
  readonly observedAt: Time | null;
  readonly reportedAt: Time | null;
  readonly modifiedAt: Time | null;
};

/** A record as its custodian stores it. */
export type StoredRecord<Content = unknown> = {
  /** A random id with the record type: `Advisory:<uuid>`. */
  readonly _id: string;
  /** The schema version of the content, counted for each kind (subgraphs/serve/migrate/). 1 if absent. */
  readonly schemaVersion: number;
  /** The oldest schema version that can read it. `schemaVersion` if absent. */
  readonly readableFrom?: number;
  /** The feed that delivered it. Unique together with the envelope's `localId` and the picture. */
  readonly feed: string;
  readonly envelope: Envelope;
  readonly content: Content;
  /** The sort key of lists, before the id. Non-null, and derived only from values that every reader of the record sees. */
  readonly sortAt: Date;
  /** `embargoUntil`, or the epoch if there is no embargo. Never null, because an index compares it. */
  readonly openFrom: Date;
  /** The access keys that the record admits. */
  readonly admits: readonly string[];
  /** The access keys that it admits before its embargo ends. */
  readonly admitsEarly: readonly string[];
  /** The values that lists filter by, at their paths in the content. Without values that a portion or a group hides. */
  readonly filters?: Readonly<Record<string, unknown>>;
  /** Hashes of the values that a portion or a group hides, each with access keys that may find it. Absent if there are none. */
  readonly terms?: readonly string[];
  /** The version of the rules that derived `sortAt`, `filters` and `terms` (subgraphs/serve/store/derive.ts). */
  readonly derived?: number;
  /**
   * The access keys by which subscribers saw the record before its last write. Absent if it was never replaced, or by a
   * program that did not store them.
   */
  readonly admittedBefore?: readonly string[];
  /** The policy version that computed the access keys. */
  readonly policy: string;
  /** The hash of the imported record. If it is equal, an import need not write the record again. */
  readonly contentHash: string;
};
