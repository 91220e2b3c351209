import type { Row, Space } from './cells.ts';
import type { Dimension, RecordBlock } from './record-blocks.ts';
import type { ReaderBlock } from './reader-blocks.ts';

/** Records in a few words: in each dimension the values that they have; a dimension that is missing takes any. */
export type Box = ReadonlyMap<string, readonly string[]>;

/** Readers in a few words: of all of these classes and of none of those. */
export type ReaderWords = { readonly of: readonly string[]; readonly notOf: readonly string[] };

/**
 * Rows in as few boxes as grow out of their blocks: together they hold every record of the rows and, of those that can
 * exist, no other. Each comes with one block that it holds.
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

/** The blocks that a box takes in each dimension. */
type Grown = readonly (readonly number[])[];

/** By place: true where it is wanted, false where it is not; a place that is missing has no record. */
type Grid = ReadonlyMap<string, boolean>;

function gridOf(rows: readonly Row[], wanted: ReadonlySet<Row>): Grid {
  return new Map(rows.flatMap((row) => row.blocks.map(({ at }) => [at.join(), wanted.has(row)] as const)));
}

/** Grows a block dimension by dimension, as long as nothing comes in that is not wanted. */
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
 * Readers in as few words as leave every other of `all` out: words that make no difference are left away, those that
 * say what a reader is not before those that say what it is.
 */
export function coverReaders(
  all: readonly ReaderBlock[],
  wanted: ReadonlySet<ReaderBlock>,
): readonly ReaderWords[] {
  const names = [...new Set(all.flatMap(({ is }) => [...is]))];
  const left = new Set([...wanted].toSorted((one, other) => one.is.size - other.is.size));
  const words: ReaderWords[] = [];
  for (const reader of left) {
    const said = shorten(reader, names, (candidate) =>
      all.every((one) => wanted.has(one) || !isMeant(candidate, one)),
    );
    for (const one of left) if (isMeant(said, one)) left.delete(one);
    words.push(said);
  }
  return words;
}

function shorten(
  { is }: ReaderBlock,
  names: readonly string[],
  isExact: (words: ReaderWords) => boolean,
): ReaderWords {
  let words: ReaderWords = { of: [...is], notOf: names.filter((name) => !is.has(name)) };
  for (const name of [...words.notOf, ...words.of]) {
    const shorter = {
      of: words.of.filter((other) => other !== name),
      notOf: words.notOf.filter((other) => other !== name),
    };
    if (isExact(shorter)) words = shorter;
  }
  return words;
}

/** Whether words mean a reader. */
export function isMeant({ of, notOf }: ReaderWords, { is }: ReaderBlock): boolean {
  return of.every((name) => is.has(name)) && !notOf.some((name) => is.has(name));
}
