/** How many records each thing stands for, with a few of them to look at. */
export type Counted = {
  readonly what: string;
  readonly records: number;
  readonly examples: readonly string[];
};

const maxExamples = 5;

/** Counts records by what they open, keeping a few ids of each: bounded memory, however many records. */
export class Tally {
  readonly #counts = new Map<string, { records: number; examples: string[] }>();

  add(what: string, id: string): void {
    const entry = this.#counts.get(what) ?? { records: 0, examples: [] };
    this.#counts.set(what, entry);
    entry.records += 1;
    if (entry.examples.length < maxExamples) entry.examples.push(id);
  }

  /** What was counted, the most first. */
  rows(): readonly Counted[] {
    return [...this.#counts]
      .map(([what, { records, examples }]) => ({ what, records, examples }))
      .toSorted((one, other) => other.records - one.records || (one.what < other.what ? -1 : 1));
  }
}
