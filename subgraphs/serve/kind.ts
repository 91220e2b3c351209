import type { SchemaDefinition } from 'mongoose';
import type { Content, Said } from './record/content.ts';
import type { Migration } from './record/migration.ts';

/** One record type of a community: where it is stored and by what its lists are filtered. */
export type Kind = {
  /** The GraphQL type, and the `kind` of its join rows. */
  readonly type: string;
  readonly collection: string;
  /** The shape of `content`, for mongoose. */
  readonly content: SchemaDefinition;
  /** Arguments of the list's filter by equality, with the path that each compares. Each gets an index. */
  readonly filters: Readonly<Record<string, string>>;
  /** The field of content that lists are sorted by where it is there: an instant or a `Time`. */
  readonly sortBy?: string;
  /**
   * Fields that name what is shared and have a rule of their own: no list is made of what they name, since it would be
   * read by the rule of the record.
   */
  readonly guarded?: readonly string[];
  /** What content says of its envelope: the states it is about, and the facts that the policy asks for. */
  readonly says?: (content: Content) => Said;
  /** The steps from version 1 of its documents to the one that `content` describes, in order; none where it is that. */
  readonly migrations?: readonly Migration[];
};
