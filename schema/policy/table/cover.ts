import type { Row, Space } from './cells.ts';
import type { Dimension, RecordBlock } from './record-blocks.ts';
import type { ReaderBlock } from './reader-blocks.ts';

/** A set of records as a product of values by dimension. An absent dimension has any value. */
export type Box = ReadonlyMap<string, readonly string[]>;

/** A set of readers: those in all classes of `of` and in no class of `notOf`. */
export type ReaderCondition = { readonly of: readonly string[]; readonly notOf: readonly string[] };

/**
 * Covers rows with a small number of boxes, found greedily. Together the boxes contain every record of the rows, and no
 * other record that can exist. Each box comes with one of its blocks as an example.
 */
export function coverRecords(
  { dimensions, rows }: Pick<Space, 'dimensions' | 'rows'>,
  wanted: ReadonlySet<Row>,
): readonly { readonly box: Box; readonly example: RecordBlock }[] {
  const grid = gridOf(rows, wanted);
  const times = new Map<string, number>();
  const boxes: { readonly example: RecordBlock; readonly grown: Grown; readonly held: readonly string[] }[] =
    [];
  for (const example of [...wanted].flatMap(({ blocks }) => blocks)) {
    if (times.has(example.at.join())) continue;
    const grown = grow(example.at, dimensions, grid);
    const held = placesOf(grown)
      .map((at) => at.join())
      .filter((at) => grid.has(at));
    for (const at of held) times.set(at, (times.get(at) ?? 0) + 1);
    boxes.push({ example, grown, held });
  }
  const needed = boxes.filter(({ held }) => {
    const isNeeded = held.some((at) => times.get(at) === 1);
    if (!isNeeded) for (const at of held) times.set(at, (times.get(at) ?? 0) - 1);
    return isNeeded;
  });
  return needed.map(({ example, grown }) => ({ example, box: boxOf(grown, dimensions) }));
}

/** The blocks of a box in each dimension. */
type Grown = readonly (readonly number[])[];

/** Whether the block at a place is wanted. A place without records is absent. */
type Grid = ReadonlyMap<string, boolean>;

function gridOf(rows: readonly Row[], wanted: ReadonlySet<Row>): Grid {
  return new Map(rows.flatMap((row) => row.blocks.map(({ at }) => [at.join(), wanted.has(row)] as const)));
}

/** Extends a block to a box, dimension by dimension, without adding an unwanted block. */
function grow(
  at: readonly number[],
  dimensions: readonly Dimension[],
  grid: Grid,
): readonly (readonly number[])[] {
  let taken: readonly (readonly number[])[] = at.map((block) => [block]);
  for (const [place, { blocks }] of dimensions.entries()) {
    for (const block of blocks.keys()) {
      if (taken[place]?.includes(block) === true) continue;
      const more = taken.map((list, other) => (other === place ? [block] : list));
      if (placesOf(more).some((one) => grid.get(one.join()) === false)) continue;
      taken = taken.map((list, other) => (other === place ? [...list, block] : list));
    }
  }
  return taken;
}

function placesOf(taken: readonly (readonly number[])[]): readonly (readonly number[])[] {
  return taken.reduce<readonly (readonly number[])[]>(
    (all, list) => all.flatMap((at) => list.map((block) => [...at, block])),
    [[]],
  );
}

function boxOf(taken: readonly (readonly number[])[], dimensions: readonly Dimension[]): Box {
  return new Map(
    dimensions.flatMap(({ name, blocks }, place) => {
      const list = taken[place] ?? [];
      const values = list.toSorted((one, other) => one - other).flatMap((block) => blocks[block] ?? []);
      return list.length === blocks.length ? [] : [[name, values] as const];
    }),
  );
}

/**
 * Covers readers with short conditions that match no other reader of `all`. Classes that make no difference are
 * dropped, classes in `notOf` first.
 */
export function coverReaders(
  all: readonly ReaderBlock[],
  wanted: ReadonlySet<ReaderBlock>,
): readonly ReaderCondition[] {
  const names = [...new Set(all.flatMap(({ is }) => [...is]))];
  const remaining = new Set([...wanted].toSorted((one, other) => one.is.size - other.is.size));
  const conditions: ReaderCondition[] = [];
  for (const reader of remaining) {
    const condition = shorten(reader, names, (candidate) =>
      all.every((one) => wanted.has(one) || !matchesCondition(candidate, one)),
    );
    for (const one of remaining) if (matchesCondition(condition, one)) remaining.delete(one);
    conditions.push(condition);
  }
  return conditions;
}

function shorten(
  { is }: ReaderBlock,
  names: readonly string[],
  isExact: (condition: ReaderCondition) => boolean,
): ReaderCondition {
  let condition: ReaderCondition = { of: [...is], notOf: names.filter((name) => !is.has(name)) };
  for (const name of [...condition.notOf, ...condition.of]) {
    const shorter = {
      of: condition.of.filter((other) => other !== name),
      notOf: condition.notOf.filter((other) => other !== name),
    };
    if (isExact(shorter)) condition = shorter;
  }
  return condition;
}

/** Tells whether a block of readers matches a condition. */
export function matchesCondition({ of, notOf }: ReaderCondition, { is }: ReaderBlock): boolean {
  return of.every((name) => is.has(name)) && !notOf.some((name) => is.has(name));
}
