/** A description that applies to some records, their number, and the ids of a few. */
export type Counted = {
  readonly what: string;
  readonly records: number;
  readonly examples: readonly string[];
};

const maxExamples = 5;

/** Counts records by a description and keeps the ids of five each, so memory is bounded. */
export class Tally {
  readonly #counts = new Map<string, { records: number; examples: string[] }>();

  add(what: string, id: string): void {
    const entry = this.#counts.get(what) ?? { records: 0, examples: [] };
    this.#counts.set(what, entry);
    entry.records += 1;
    if (entry.examples.length < maxExamples) entry.examples.push(id);
  }

  /** Returns the counts, the highest first. */
  rows(): readonly Counted[] {
    return [...this.#counts]
      .map(([what, { records, examples }]) => ({ what, records, examples }))
      .toSorted((one, other) => other.records - one.records || (one.what < other.what ? -1 : 1));
  }
}
