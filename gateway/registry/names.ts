/** The alias table in memory: TLP:CLEAR reference data. With it, entity references need no store. */
export type Names = {
  /** Returns the keys of all actors with this name. An unknown name is its own key; an empty name has none. */
  actorsNamed(name: string): readonly string[];
  /** Returns an actor's name and synonyms; null if the table does not have the actor. */
  actor(key: string): { readonly name: string; readonly synonyms: readonly string[] } | null;
  /** Returns the CVE id of a EUVD id that the table has, otherwise the id itself. */
  vulnerability(id: string): string;
  /** Returns the other ids of a vulnerability. */
  vulnerabilityAliases(id: string): readonly string[];
};
