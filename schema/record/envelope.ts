import type { Distribution, HandlingCode, Pap, Purpose, Reach, RecordState, Tlp } from './vocabulary.ts';

/** What limits the reading and the use of a record or of a portion; each scale stands by itself. */
export type Marking = {
  readonly tlp: Tlp;
  readonly tlpCommunity: string;
  readonly pap: Pap;
  /** Always `none`: anything else is refused at the door of a deployment that is not accredited. */
  readonly classification: string;
  readonly distribution: Distribution;
  readonly handlingCodes: readonly HandlingCode[];
  readonly h3Text: string | null;
  readonly extraRestrictions: readonly string[];
  /** The label as the source wrote it, where it was converted (TLP 1.0 WHITE). */
  readonly rawTlp: string | null;
};

/** Whom the originator named. Above GREEN it decides alone; empty opens nothing to others. */
export type Audience = {
  readonly reach: Reach;
  readonly organisations: readonly string[];
  readonly sharingGroups: readonly string[];
  readonly persons: readonly string[];
  readonly agreements: readonly string[];
};

/** A part of a record with a marking of its own, stricter than the record's. `path` is a field of the record. */
export type Portion = { readonly path: string; readonly marking: Marking; readonly audience: Audience };

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

/** A time as a source declared it: the instant in UTC, how exact it is, and the zone that was written. */
export type Time = {
  readonly utc: Date;
  readonly precision: 'YEAR' | 'MONTH' | 'DAY' | 'MINUTE' | 'SECOND' | 'MILLISECOND';
  readonly declaredZone: string | null;
};

/** A text in one language (BCP 47), null where the source does not say. */
export type Text = { readonly value: string; readonly lang: string | null };

/** What every record carries. Organisations are registry ids; instants are UTC. */
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
  /** Onward shares that recipients recorded: `{ id, by }`, ended in the registry, never here. */
  readonly onwardShares: readonly { readonly id: string; readonly by: string }[];
  /** Ids of grants under which it was released beyond its audience, ended in the registry, never here. */
  readonly releases?: readonly string[];
  /** The Member States whose file it is, and those that were told of it (ISO 3166-1 alpha-2). */
  readonly states?: { readonly own: readonly string[]; readonly told: readonly string[] };
  /** Facts that the policy asks about, in the words of its domain. */
  readonly facts?: Readonly<Record<string, string>>;
  readonly purposes: readonly Purpose[];
  readonly embargoUntil: Date | null;
  readonly portions: readonly Portion[];
  /** That marking, audience, purposes, embargo and portions were set here by hand: no import decides them any more. */
  readonly readingByHand?: true;
  /** That its content was changed here by hand: an import writes it anew only where the source says something new. */
  readonly contentByHand?: true;
  /** That its joint case was said here by hand: no import decides it any more. */
  readonly caseByHand?: true;
  readonly grading: Grading | null;
  readonly statementKind: 'FACT' | 'ASSESSMENT' | 'HYPOTHESIS' | null;
  readonly confidence: 'LOW' | 'MODERATE' | 'HIGH' | null;
  readonly personalData: PersonalData | null;
  /** Null for the real picture, otherwise the exercise's id. */
  readonly exercise: string | null;
  readonly recordState: RecordState;
  readonly occurredAt: Time | null;
  readonly observedAt: Time | null;
  readonly reportedAt: Time | null;
  readonly modifiedAt: Time | null;
};

/** A record as its custodian stores it. `content` is the community's own; `admits` are the policy's labels. */
export type StoredRecord<Content = unknown> = {
  /** Random and typed: `Advisory:<uuid>`. */
  readonly _id: string;
  /** The version of its content, counted for each kind (subgraphs/serve/migrate/); 1 where it is not there. */
  readonly schemaVersion: number;
  /** The oldest version that reads it as well; where it is not there, its own alone. */
  readonly readableFrom?: number;
  /** The feed it came through; unique together with the envelope's `localId` and the picture. */
  readonly feed: string;
  readonly envelope: Envelope;
  readonly content: Content;
  /** Immutable, non-null: what lists are sorted by before the id. */
  readonly sortAt: Date;
  /** `embargoUntil`, or the epoch where there is none: an index compares it, so it is never null. */
  readonly openFrom: Date;
  /** Keys that the record admits, and those that it admits before its embargo ends. */
  readonly admits: readonly string[];
  readonly admitsEarly: readonly string[];
  /** The version of the policy that made the keys. */
  readonly policy: string;
  /** Hash of what was imported: equal means that a second import has nothing to write. */
  readonly contentHash: string;
};
