import {
  allows,
  type Access,
  jointValues,
  cachedReaderBlocks,
  buildSpace,
  type Side,
  type Space,
  matchingTerms,
} from '../table/cells.ts';
import { matchesCondition } from '../table/cover.ts';
import { blocksOfCells, type CellBlock, mergeBlocks, namesOf } from '../table/diff.ts';
import { isDefault, type Line, parseLine, type LineVocabulary } from '../table/lines.ts';
import type { Literal } from '../table/reader-blocks.ts';
import type { PolicySource } from '../language/rules.ts';
import { accessesOf, movedFields, sideOf, textOf } from '../table/sides.ts';

/** A line of a change file that lists gained access, as `hub policy diff` prints it. */
export type Listed = { readonly file: string; readonly words: string };

/**
 * Compares the access gained between two versions with the lines of the change files. Returns a message for each gain
 * that is not listed and for each line with a cell that is not gained. Compares cells, not the text of the lines.
 */
export function findUnlisted(
  before: PolicySource,
  after: PolicySource,
  listed: readonly Listed[],
): readonly string[] {
  const faults: string[] = [];
  const words = wordsOf(before, after);
  const lines = listed.flatMap((one) => readListed(one, words, faults));
  const compareAccess = comparerOf(before, after, lines);
  const parts = [...accessesOf(before, after), ...movedFields(before, after)].map(compareAccess);
  const missing = mergeBlocks(
    parts.flatMap(({ missing: found }) => found),
    after.domain.collections,
  );
  const gainedLines = new Set(parts.flatMap(({ gained }) => gained));
  const otherLines = new Set(parts.flatMap(({ other }) => other));
  return [
    ...faults,
    ...missing.map(({ words: gained }) => `access is gained, but no change file lists it: ${gained}`),
    ...lines
      .filter((_line, at) => otherLines.has(String(at)) || !gainedLines.has(String(at)))
      .map(({ file, words: line }) => `${file}: lists access that is not gained: ${line}`),
  ];
}

type ReadLine = Listed & { readonly line: Line };

function readListed(one: Listed, words: LineVocabulary, faults: string[]): readonly ReadLine[] {
  try {
    return [{ ...one, line: parseLine(one.words, words) }];
  } catch (error) {
    faults.push(`${one.file}: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}

/** Returns the values and collections with which the lines between two versions are parsed. */
export function wordsOf(before: PolicySource, after: PolicySource): LineVocabulary {
  const values = jointValues([{ values: before.dimensions }, { values: after.dimensions }]);
  return { values, collections: after.domain.collections };
}

type Part = {
  readonly missing: readonly CellBlock[];
  /** Ids of lines with a cell that is gained. */
  readonly gained: readonly string[];
  /** Ids of lines with a cell that is not gained. */
  readonly other: readonly string[];
};
const nothing: Part = { missing: [], gained: [], other: [] };

function comparerOf(
  before: PolicySource,
  after: PolicySource,
  lines: readonly ReadLine[],
): (access: Access) => Part {
  const names = namesOf(before, after);
  const known = cachedReaderBlocks();
  const parts = new Map<string, Part>();
  const literals = [
    ...[...before.classes.values()].map((one) => ({ name: names.before(one), one })),
    ...[...after.classes.values()].map((one) => ({ name: names.after(one), one })),
  ];
  return (access) => {
    const sides = [sideOf(before, access, names.before), sideOf(after, access, names.after)];
    const here = lines.flatMap(({ line }, at) => (covers(line, access) ? [{ line, id: String(at) }] : []));
    const [old = '', now = ''] = sides.map(textOf);
    if (here.length === 0 && old === now) return nothing;
    const key = [here.map(({ id }) => id).join(), old, now].join('\n\n');
    const side = sideOfLines(here, sides, literals, after);
    const part = parts.get(key) ?? compare(buildSpace([...sides, side], access.kind, known), access);
    parts.set(key, part);
    return { ...part, missing: part.missing.map((one) => ({ ...one, access })) };
  };
}

function covers({ kinds, groups, may }: Line, { kind, group, action }: Access): boolean {
  return kinds.includes(kind) && groups.includes(group) && may.includes(action);
}

/** Converts lines to permissions. A dimension that a line does not name counts only if a rule has a condition on it. */
function sideOfLines(
  lines: readonly { readonly line: Line; readonly id: string }[],
  sides: readonly Side[],
  literals: readonly Literal[],
  { dimensions, domain }: PolicySource,
): Side {
  const asked = new Set(sides.flatMap(({ terms }) => terms.flatMap(({ when }) => [...when.keys()])));
  const named = new Set(lines.flatMap(({ line }) => line.who.flatMap(({ of, notOf }) => [...of, ...notOf])));
  return {
    terms: lines.map(({ line, id }) => ({
      id,
      effect: 'permit',
      when: new Map(
        [...line.when]
          .filter(([name, taken]) => asked.has(name) || !isDefault(name, taken))
          .map(([name, taken]) => [name, new Set(taken)]),
      ),
      classes: line.who.flatMap(({ of, notOf }) => [...of, ...notOf]),
      relations: line.relations ?? [],
      matchesReader: (reader) => line.who.some((words) => matchesCondition(words, reader)),
      matchesRelation: ({ name }) => line.relations?.includes(name) !== false,
    })),
    literals: literals.filter(({ name }) => named.has(name)),
    roles: Object.keys(domain.roles),
    values: dimensions,
  };
}

function compare(space: Space, access: Access): Part {
  const gained = new Set<string>();
  const other = new Set<string>();
  const { found } = blocksOfCells(space, (column, row) => {
    const isGained = !allows(space, 0, column, row) && allows(space, 1, column, row);
    const matching = matchingTerms(space, 2, column, row);
    for (const { id } of matching) (isGained ? gained : other).add(id);
    return isGained && matching.length === 0;
  });
  const missing = found.map((one): CellBlock => ({ ...one, access, effect: 'gains' }));
  return { missing, gained: [...gained], other: [...other] };
}
