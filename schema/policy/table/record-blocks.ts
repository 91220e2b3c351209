import type { Reach, Tlp } from '../../record/vocabulary.ts';
import { recordDimensions, type RecordFacts } from '../language/domain.ts';
import { opensTo } from '../decide/facts.ts';

/** A dimension of records, its values grouped into blocks that the rules do not distinguish. */
export type Dimension = { readonly name: string; readonly blocks: readonly (readonly string[])[] };

/** A condition on records by dimension. Every value of an absent dimension matches. */
export type Condition = ReadonlyMap<string, ReadonlySet<string>>;

/** Records that the rules do not distinguish: the index of the block in each dimension, and the facts of one record. */
export type RecordBlock = { readonly at: readonly number[]; readonly facts: RecordFacts };

/** Returns the dimensions that the conditions are on. Values that they do not distinguish are in one block. */
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

/** Returns every combination of blocks that a record can have: `opens` is never wider than the TLP colour allows. */
export function recordBlocks(dimensions: readonly Dimension[], kind: string): readonly RecordBlock[] {
  const places = dimensions.reduce<readonly (readonly number[])[]>(
    (all, { blocks }) => all.flatMap((at) => blocks.map((_, block) => [...at, block])),
    [[]],
  );
  const pairs = pairsOf(dimensions);
  return places.flatMap((at) => {
    const pair = pairs(at);
    return pair === null ? [] : [blockAt(dimensions, at, kind, pair)];
  });
}

type Pair = { readonly tlp: string; readonly opens: string };

/** Returns a function for the TLP colour and the reach of a record at a place, cached for each pair of blocks. */
function pairsOf(dimensions: readonly Dimension[]): (at: readonly number[]) => Pair | null {
  const [tlp, opens] = ['tlp', 'opens'].map((name) => dimensions.findIndex((one) => one.name === name));
  const valuesOf = (place: number, block: number, all: readonly string[]) =>
    place < 0 ? all : (dimensions[place]?.blocks[block] ?? []);
  const known = new Map<string, Pair | null>();
  return (at) => {
    const [colour, reach] = [at[tlp ?? -1] ?? 0, at[opens ?? -1] ?? 0];
    const key = `${colour} ${reach}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const pair = pairOf(
      valuesOf(tlp ?? -1, colour, recordDimensions.tlp),
      valuesOf(opens ?? -1, reach, recordDimensions.opens),
    );
    known.set(key, pair);
    return pair;
  };
}

/** Computes the facts on demand, because most blocks are only counted. */
function blockAt(
  dimensions: readonly Dimension[],
  at: readonly number[],
  kind: string,
  pair: Pair,
): RecordBlock {
  return {
    at,
    get facts() {
      const facts = dimensions.map(({ name, blocks }, place) => [name, blocks[at[place] ?? 0]?.[0] ?? '']);
      return { ...usualFacts, ...Object.fromEntries(facts), ...pair, kind };
    },
  };
}

/** Returns a colour and a reach that one record can have together, or null. */
function pairOf(tlps: readonly string[], opens: readonly string[]): Pair | null {
  for (const tlp of tlps)
    for (const reach of opens)
      if (opensTo(tlp as Tlp, reach as Reach) === reach) return { tlp, opens: reach };
  return null;
}

/** The facts of an ordinary record, used for dimensions that no condition is on. */
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
