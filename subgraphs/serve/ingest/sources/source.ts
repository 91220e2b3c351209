import type { z } from 'zod';
import type { Audience, Envelope, Marking } from '../../../../schema/record/envelope.ts';
import type { Purpose } from '../../../../schema/record/vocabulary.ts';

/** The position of the records in a file. */
export type Locate =
  /** The file is one record. */
  | { readonly at: 'whole' }
  /** The file is an array of records. */
  | { readonly at: 'array' }
  /**
   * The records are the elements of the array under this member of the top-level object, or of a top-level array.
   * With `orWhole`, an object without that member is one record.
   */
  | { readonly at: 'member'; readonly name: string; readonly orWhole?: true }
  /** The file is XML; the records are its elements of this local name, below its root. */
  | { readonly at: 'element'; readonly name: string }
  | InTables;

/**
 * The rows of several CSV tables with the same value in the column `key` are one record, `{ <table>: [row, ...] }`.
 * Each file is one of the tables, which its columns identify. One import needs all tables, because a record needs all
 * its rows.
 */
export type InTables = {
  readonly at: 'tables';
  readonly key: string;
  readonly tables: Readonly<Record<string, readonly string[]>>;
};

/** The values for records of a source that do not have them. */
export type Defaults = {
  readonly originator: string;
  readonly provider: string;
  readonly custodian: string;
  readonly marking: Marking;
  readonly audience: Audience;
  readonly purposes: readonly Purpose[];
  /** Null for the real picture. */
  readonly exercise: string | null;
  readonly sourceUrl: string | null;
  /** The only originator that records of this run may have, if one was given. */
  readonly pinnedOriginator?: string;
  /**
   * The organisations that the importer may speak for, if they were given: records of the file with another originator
   * are refused. Without them, only records of another community are.
   */
  readonly speaksFor?: readonly string[];
  /** Set if the TLP colour was given for this run. It then applies to records without one. */
  readonly isTlpGiven?: true;
};

/** The context in which a mapping handles one record. */
export type MapContext = {
  readonly defaults: Defaults;
  readonly receivedAt: Date;
  /**
   * Returns the key of the actor with a name. If the alias table lacks the name or is ambiguous, the name becomes the
   * key. Throws for a source without `resolves`.
   */
  readonly resolveActor: (name: string) => string | null;
};

/** One record that a mapping made, without access keys and id. */
export type Mapped = {
  /** The record type: `ExploitationStatement`. */
  readonly kind: string;
  /** An id that is stable in the source, and unique for this feed and kind. */
  readonly localId: string;
  readonly content: Readonly<Record<string, unknown>>;
  /** The sort key of lists; null for the time of receipt. */
  readonly sortAt: Date | null;
  /** The record's own values, which replace the defaults. Its marking is joined with the default, and never wider. */
  readonly says?: Partial<
    Pick<
      Envelope,
      | 'originator'
      | 'provider'
      | 'sourceUrl'
      | 'occurredAt'
      | 'observedAt'
      | 'reportedAt'
      | 'modifiedAt'
      | 'statementKind'
      | 'confidence'
      | 'grading'
      | 'personalData'
      | 'portions'
      | 'purposes'
      | 'embargoUntil'
      | 'states'
      | 'facts'
      | 'recordState'
    >
  > & { readonly marking?: Partial<Marking>; readonly audience?: Partial<Audience> };
  /** Shared keys that the record names: `Vulnerability:CVE-2025-53770`. */
  readonly names: readonly string[];
  /**
   * Records of the same file that it belongs to, by path of `content`. Their ids are written to these paths, and the
   * record is listed under them.
   */
  readonly belongsTo?: Readonly<Record<string, { readonly kind: string; readonly localId: string }>>;
};

/** The data that a first pass over a file keeps, for records that refer to others of the same file. */
export type Collection<Raw> = {
  /** The approximate size in bytes. An import refuses a file above its maximum. */
  readonly size: number;
  /** Adds a valid record. Keeps only the data that other records need, and no text longer than a key. */
  take(raw: Raw, context: MapContext): void;
  /** Adds a classified record. Keeps only that others may refer to it. */
  takeClassified(record: unknown): void;
  map: Source<Raw>['map'];
};

/** One kind of file that a community imports. `Raw` is a valid record of it. */
export type Source<Raw = unknown> = {
  /** The feed's name on the command line, such as `cisa-kev`. */
  readonly name: string;
  readonly title: string;
  /** A description of such a file, for errors and help. */
  readonly expects: string;
  readonly locate: Locate;
  /** The endings of its files in a folder; `.json` by default. */
  readonly endings?: readonly string[];
  /** Returns whether the first bytes of a file look like this source. */
  recognise(head: string): boolean;
  /** The shape of a record. Faults are reported by path and type, never with a value. */
  readonly shape: z.ZodType<Raw>;
  /** Maps one record of the file to records of the graph. Throws RejectError for a value without meaning. */
  map(raw: Raw, context: MapContext): readonly Mapped[];
  /** Begins a first pass over one file. Its collection then maps the records instead of `map`. */
  collect?(): Collection<Raw>;
  readonly defaults: Defaults;
  /** Set if its files are alias tables as well, which are imported as reference data first. */
  readonly aliases?: true;
  /** Set if its mapping resolves names of actors. The alias tables are then in memory, about 100 bytes per name. */
  readonly resolves?: true;
  /** Increase it when the mapping changes, so that a second import writes the difference. */
  readonly mapping: number;
};
