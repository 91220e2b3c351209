import type { z } from 'zod';
import type { Audience, Envelope, Marking } from '../../../../schema/record/envelope.ts';
import type { Purpose } from '../../../../schema/record/vocabulary.ts';
import type { Revision } from '../../record/revision.ts';

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

/** The values that a record of a source gets for each of these fields that the source leaves out. */
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

/** A field that an import leaves out, because its value is faulty and the record can stand without it. */
export type FieldFault = {
  /** The path in the record of the file: `Event.Attribute.0.first_seen`. */
  readonly path: string;
  readonly value: unknown;
  /** The expected form. It contains nothing of the record. */
  readonly message: string;
  /** Set if a whole item of a list is left out, such as an attribute of an event. */
  readonly isItem?: boolean;
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
  /** Reports a field that is left out because of a fault (`orWarn`). */
  readonly warn?: (fault: FieldFault) => void;
  /** Counts something in the file that has no place in the community, by its type. */
  readonly skip?: (type: string) => void;
};

/** The version of a whole list, such as a catalogue. */
export type Edition = {
  /** The id of the list in its source. */
  readonly document: string;
  readonly revision: Revision;
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
  /** The record's version in its source. An older version never replaces a newer one. */
  readonly revision?: Revision;
  /**
   * The document of several records that this one is part of, with `revision` as its version. An older version of the
   * document is left out as a whole. If `parts` has the place (`placeOf`) of every record of the document, a newer
   * version withdraws the records that it does not have.
   */
  readonly document?: { readonly id: string; readonly parts: ReadonlySet<string> | null };
  /** The id of the list that the whole file is (`Edition`). The import sets it. */
  readonly list?: string;
  /** The names by which the source named its actors, for a later change of the alias tables. The import sets it. */
  readonly actorNames?: Envelope['actorNames'];
  /** Set if the source says that the record was deleted. A stored record becomes RETRACTED; no new one is made. */
  readonly withdrawn?: true;
};

/** Returns the place of a record in its feed: its kind and local id. */
export function placeOf({ kind, localId }: Pick<Mapped, 'kind' | 'localId'>): string {
  return `${kind} ${localId}`;
}

/** The data that a first pass over a file keeps, for records that refer to others of the same file. */
export type Collection<Raw> = {
  /** The approximate size in bytes. An import refuses a file above its maximum. */
  readonly size: number;
  /** Adds a valid record. Keeps only the data that other records need, and no text longer than a key. */
  take(raw: Raw, context: MapContext): void;
  /** Adds a classified record. Keeps only that others may refer to it. */
  takeClassified(record: unknown): void;
  map: Source<Raw>['map'];
  /** Returns the version of the list, if only its records state it. */
  edition?(): Edition | null;
};

/** The faults that cost a field or an item of a list instead of the record. */
export type Tolerance = {
  /** Members on which the reading of a record depends: a fault in or below one rejects the record. */
  readonly strict: readonly string[];
  /** Lists that are complete or nothing: a faulty item rejects the record. A fault below an item can cost less. */
  readonly whole?: readonly string[];
  /** Returns the record inside a wrapper, before the shape is checked. */
  readonly unwrap?: (value: unknown) => unknown;
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
  /** Set if a fault in one field of the shape costs that field. Otherwise it rejects the record. */
  readonly tolerates?: Tolerance;
  /**
   * Returns the version of a file that is a whole list, from its text outside of the records; null if it has none. An
   * older file is left out. A newer one withdraws the records of the list that it does not have.
   */
  edition?(outside: string): Edition | null;
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
