import type { SchemaDefinition } from 'mongoose';
import type { Content, Said } from './record/content.ts';
import type { Migration } from './record/migration.ts';
import type { SearchFields } from './search/search-fields.ts';

/** One record type of a community: its collection, its content, and the filters of its list. */
export type Kind = {
  /** The GraphQL type; also the `kind` of its join rows. */
  readonly type: string;
  readonly collection: string;
  /** The mongoose schema of `content`. */
  readonly content: SchemaDefinition;
  /** Equality arguments of the list's filter, with the document path that each compares. Each path gets an index. */
  readonly filters: Readonly<Record<string, string>>;
  /** The field of content that lists are sorted by: a date or a `Time`. A record without it is sorted by its receipt. */
  readonly sortBy?: string;
  /**
   * Fields that name a shared entity and have their own rule. They get no join row: the list under the shared
   * entity follows the record's rule and would reveal what the field says.
   */
  readonly guarded?: readonly string[];
  /** A list of content whose items belong to one Member State each. A reader sees and changes those of its own state only. */
  readonly itemsOfState?: { readonly field: string; readonly state: string; readonly organisation: string };
  /**
   * Pairs of times in content of which the first must not be after the second, by their paths. Both have the same
   * parent: the content, an object, or each item of a list (`members.dutyFrom`).
   */
  readonly timesInOrder?: readonly (readonly [string, string])[];
  /** Derives parts of the envelope from content: the Member States concerned, and the facts that the policy uses. */
  readonly says?: (content: Content) => Said;
  /** Whether a workflow changes the state of records by moves: their rows of parties and notices follow their access keys. */
  readonly hasMoves?: boolean;
  /** Whether persons make moves on a record that exists. Only such records can be tasks or have deadlines. */
  readonly hasLaterMoves?: boolean;
  /** True if items of its records are booked, such as the members of a team. The store then keeps their bookings. */
  readonly hasBookings?: boolean;
  /** The fields whose words a search compares. No search finds a record of a kind without them. */
  readonly search?: SearchFields;
  /** The steps from schema version 1 to the version that `content` describes, in order. Absent at version 1. */
  readonly migrations?: readonly Migration[];
};
