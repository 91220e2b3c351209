/** The fields of a record type whose text a search compares. */
export type SearchFields = {
  /** The field whose text stands for a record in a list. Null if there is none. */
  readonly title: string | null;
  /** The fields that name a record. One that has all words of a query in them comes first. */
  readonly naming: ReadonlySet<string>;
  /** Names of fields of content, with the paths of the texts in each. An empty path is the field itself. */
  readonly texts: ReadonlyMap<string, readonly (readonly string[])[]>;
};
