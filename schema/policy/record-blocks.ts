import type { Reach, Tlp } from '../vocabulary.ts';
import { recordDimensions, type RecordFacts } from './domain.ts';
import { opensTo } from './facts.ts';

/** A dimension of records, its values gathered into blocks that the rules do not tell apart. */
export type Dimension = { readonly name: string; readonly blocks: readonly (readonly string[])[] };

/** A condition on records, by dimension; one that is missing takes every value. */
export type Condition = ReadonlyMap<string, ReadonlySet<string>>;

/** Records whom the rules do not tell apart, by the block in each dimension, with one record that can exist. */
export type RecordBlock = { readonly at: readonly number[]; readonly facts: RecordFacts };

/** The dimensions that conditions ask about, with the values of each that they do not tell apart in one block. */
export function dimensionsOf(
  conditions: readonly Condition[],
  values: ReadonlyMap<string, readonly string[]>,
): readonly Dimension[] {
  const used = [...values.keys()].filter((name) => conditions.some((condition) => condition.has(name)));
  return used.map((name) => {
    const sets = conditions.flatMap((condition) => condition.get(name) ?? []);
    const signatureOf = (value: string) => sets.map((set) => Number(set.has(value))).join('');
    return { name, blocks: [...Map.groupBy(values.get(name) ?? [], signatureOf).values()] };
  });
}

/** Every combination of blocks that a record can have: `opens` is never wider than its colour. */
export function recordBlocks(dimensions: readonly Dimension[], kind: string): readonly RecordBlock[] {
  const places = dimensions.reduce<readonly (readonly number[])[]>(
    (all, { blocks }) => all.flatMap((at) => blocks.map((_, block) => [...at, block])),
    [[]],
  );
  return places.flatMap((at) => {
    const facts = exampleOf(dimensions, at, kind);
    return facts === null ? [] : [{ at, facts }];
  });
}

function exampleOf(
  dimensions: readonly Dimension[],
  at: readonly number[],
  kind: string,
): RecordFacts | null {
  const chosen = new Map(dimensions.map(({ name, blocks }, place) => [name, blocks[at[place] ?? 0] ?? []]));
  const pair = pairOf(
    chosen.get('tlp') ?? recordDimensions.tlp,
    chosen.get('opens') ?? recordDimensions.opens,
  );
  if (pair === null) return null;
  const facts = Object.fromEntries([...chosen].map(([name, block]) => [name, block[0] ?? '']));
  return { ...usualFacts, ...facts, ...pair, kind };
}

/** A colour and a reach out of these that one record can have; null where there is none. */
function pairOf(tlps: readonly string[], opens: readonly string[]): { tlp: string; opens: string } | null {
  for (const tlp of tlps)
    for (const reach of opens)
      if (opensTo(tlp as Tlp, reach as Reach) === reach) return { tlp, opens: reach };
  return null;
}

/** An ordinary record: what is not said of one in words is this. */
export const usualFacts = {
  picture: 'same',
  marking: 'valid',
  classification: 'none',
  pap: 'CLEAR',
  distribution: 'NONE',
  codes: '',
  restrictions: 'none',
  embargo: 'over',
  state: 'ACTIVE',
} as const;
