/** The public alias table as the hub asks it: CLEAR reference data, held in memory, so that a stub reads no store. */
export type Names = {
  /** Keys of every actor that carries the name; one of its own for a name that the table lacks; none for no name. */
  actorsNamed(name: string): readonly string[];
  /** An actor's name and synonyms; null where the table lacks it. */
  actor(key: string): { readonly name: string; readonly synonyms: readonly string[] } | null;
  /** The id that a vulnerability is keyed by: the CVE id of a EUVD id that the table knows, otherwise the id itself. */
  vulnerability(id: string): string;
  vulnerabilityAliases(id: string): readonly string[];
};
