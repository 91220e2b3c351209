import type { FieldNode } from 'graphql';
import { communities, communityField } from '../../schema/record/vocabulary.ts';

/**
 * Counts in an operation. The key says what is counted, such as `searches`, `searches of enisa` or `matches`. A part of a
 * community is counted under the name of its field.
 */
export type Counts = Readonly<Record<string, number>>;

/** No costly field. */
export const noCounts: Counts = {};

/** A root field that makes a community examine many records each time it is asked, whatever it returns. */
type CostlyField = {
  /** Fields with the same name here have a common maximum. */
  readonly counted: string;
  /** The price of each community that is asked. */
  readonly points: number;
};

const costlyFields: ReadonlyMap<string, CostlyField> = new Map([
  // Reads up to some thousand rows of words.
  ['search', { counted: 'searches', points: 200 }],
  ['suggest', { counted: 'searches', points: 50 }],
  // Reads up to some hundred rows of changes, and their records.
  ['changes', { counted: 'changes', points: 50 }],
  ['onDuty', { counted: 'duties', points: 0 }],
]);

const communityFields: ReadonlySet<string> = new Set(communities.map(communityField));

/** Returns the count of a field as the part of a community. */
export function partsOf({ name }: FieldNode): Counts {
  return communityFields.has(name.value) ? { [name.value]: 1 } : noCounts;
}

/**
 * Returns how often a field makes a community examine many records: in all and for each community, and the price. `parts`
 * are the communities' parts that it selects. Fields with a condition count too: each of them can become a separate query,
 * whose count in the subgraph begins at zero.
 */
export function costlyOf(
  { name, arguments: given = [] }: FieldNode,
  parts: Counts,
): { readonly costly: Counts; readonly points: number } {
  const field = costlyFields.get(name.value);
  // The only field of this name with arguments is that of a mobilisation. It can be below lists: the subgraph counts those.
  if (field === undefined)
    return { costly: name.value === 'matches' && given.length > 0 ? { matches: 1 } : noCounts, points: 0 };
  const { counted, points } = field;
  const ofParts = Object.entries(parts).map(([part, count]) => [`${counted} of ${part}`, count] as const);
  const asked = Object.values(parts).reduce((sum, count) => sum + count, 0);
  return { costly: { [counted]: 1, ...Object.fromEntries(ofParts) }, points: points * asked };
}

/** Returns the sums of counts. */
export function sumOf(all: readonly Counts[]): Counts {
  const given = all.filter((one) => one !== noCounts);
  if (given.length < 2) return given[0] ?? noCounts;
  const sum: Record<string, number> = {};
  for (const counts of given)
    for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}
