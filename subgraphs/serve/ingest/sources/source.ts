import type { z } from 'zod';
import type { Audience, Envelope, Marking } from '../../../../schema/record/envelope.ts';
import type { Purpose } from '../../../../schema/record/vocabulary.ts';

/** Where the records of a file are. */
export type Locate =
  /** The file is one record. */
  | { readonly at: 'whole' }
  /** The file is an array of records. */
  | { readonly at: 'array' }
  /**
   * The records are the elements of the array under this member of the top-level object, or of a top-level array.
   * With `orWhole`, an object without that member is one record by itself.
   */
  | { readonly at: 'member'; readonly name: string; readonly orWhole?: true }
  /** The file is XML; the records are its elements of this local name, below its root. */
  | { readonly at: 'element'; readonly name: string }
  | InTables;

/**
 * The rows of some CSV tables that carry one value in the column `key` are one record, `{ <table>: [row, ...] }`. Each
 * file is one of the tables, told by the columns that it has; all of them come in one import, since a record is whole
 * only with all its rows.
 */
export type InTables = {
  readonly at: 'tables';
  readonly key: string;
  readonly tables: Readonly<Record<string, readonly string[]>>;
};

/** What is given for a source where its records do not say it themselves. */
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
  /** The one originator that records of this run may say: it was given for them all. */
  readonly pinnedOriginator?: string;
  /** Whether the colour was given for this run, so that it holds for records that say none themselves. */
  readonly isTlpGiven?: true;
};

/** What a mapping may ask while it works on one record. */
export type MapContext = {
  readonly defaults: Defaults;
  readonly receivedAt: Date;
  /**
   * The key of the actor that carries a name; of the name itself where the alias table lacks it or is ambiguous. Throws
   * for a source that does not say `resolves`.
   */
  readonly resolveActor: (name: string) => string | null;
};

/** One record as a mapping makes it: what it says of itself, before labels and ids. */
export type Mapped = {
  /** The record type: `ExploitationStatement`. */
  readonly kind: string;
  /** Stable in the source; unique for this feed and kind. */
  readonly localId: string;
  readonly content: Readonly<Record<string, unknown>>;
  /** What lists are sorted by; null takes the time of receipt. */
  readonly sortAt: Date | null;
  /** What the record says of itself, above the defaults. A marking is joined with the default, never wider. */
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
   * Records of the same file that it belongs to, as path of `content` to `{ kind, localId }`: the ids are written
   * into content, and the record is listed under them.
   */
  readonly belongsTo?: Readonly<Record<string, { readonly kind: string; readonly localId: string }>>;
};

/** What a first pass over a file keeps of its records, for those that need others of the same file. */
export type Collection<Raw> = {
  /** About how many bytes it holds; an import refuses a file beyond its bound. */
  readonly size: number;
  /** A record once checked. Keeps what others may need of it, and no text that is longer than a key. */
  take(raw: Raw, context: MapContext): void;
  /** A record that bears a classification: nothing of it is kept but that others may point to it. */
  takeClassified(record: unknown): void;
  map: Source<Raw>['map'];
};

/** One kind of file that a community takes in. `Raw` is a record of it once checked. */
export type Source<Raw = unknown> = {
  /** The feed's name, as given on the command line: `cisa-kev`. */
  readonly name: string;
  readonly title: string;
  /** What such a file looks like, for errors and help. */
  readonly expects: string;
  readonly locate: Locate;
  /** How the names of its files end, where a folder is given; `.json` otherwise. */
  readonly endings?: readonly string[];
  /** Whether the first bytes of a file look like this source. */
  recognise(head: string): boolean;
  /** The shape of a record; its errors are told by path and type, never with a value. */
  readonly shape: z.ZodType<Raw>;
  /** Makes records of the graph from one of the file. Throws RejectError where a value makes no sense. */
  map(raw: Raw, context: MapContext): readonly Mapped[];
  /** Begins a first pass over one file, whose collection then maps its records instead. */
  collect?(): Collection<Raw>;
  readonly defaults: Defaults;
  /** Whether its files are alias tables too: they are taken in as reference data first. */
  readonly aliases?: true;
  /** Whether its mapping resolves names of actors: the alias tables are in memory then, some 100 bytes a name. */
  readonly resolves?: true;
  /** Raised when the mapping changes, so that a second import writes the difference. */
  readonly mapping: number;
};
