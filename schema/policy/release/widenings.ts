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

/** A widening that a change's own file lists, in the words of `hub policy diff`. */
export type Listed = { readonly file: string; readonly words: string };

/**
 * Where the widenings between two versions and those that the changes list part, one a line: access that is gained and
 * not listed, in the words to list, and lines of which some cell is not gained. Cells are compared, not words.
 */
export function findUnlisted(
  before: PolicySource,
  after: PolicySource,
  listed: readonly Listed[],
): readonly string[] {
  const faults: string[] = [];
  const words = wordsOf(before, after);
  const lines = listed.flatMap((one) => readListed(one, words, faults));
  const compareDeed = comparerOf(before, after, lines);
  const parts = [...accessesOf(before, after), ...movedFields(before, after)].map(compareDeed);
  const missing = mergeBlocks(
    parts.flatMap(({ missing: found }) => found),
    after.domain.collections,
  );
  const isThere = new Set(parts.flatMap(({ there }) => there));
  const isNot = new Set(parts.flatMap(({ not }) => not));
  return [
    ...faults,
    ...missing.map(({ words: gained }) => `it widens access and no change lists it: ${gained}`),
    ...lines
      .filter((_line, at) => isNot.has(String(at)) || !isThere.has(String(at)))
      .map(({ file, words: line }) => `${file}: it lists what is not gained: ${line}`),
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

/** What lines between two versions are read by. */
export function wordsOf(before: PolicySource, after: PolicySource): LineVocabulary {
  const values = jointValues([{ values: before.dimensions }, { values: after.dimensions }]);
  return { values, collections: after.domain.collections };
}

type Part = {
  readonly missing: readonly CellBlock[];
  readonly there: readonly string[];
  readonly not: readonly string[];
};
const nothing: Part = { missing: [], there: [], not: [] };

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
    const here = lines.flatMap(({ line }, at) => (speaksOf(line, access) ? [{ line, id: String(at) }] : []));
    const [old = '', now = ''] = sides.map(textOf);
    if (here.length === 0 && old === now) return nothing;
    const key = [here.map(({ id }) => id).join(), old, now].join('\n\n');
    const side = sideOfLines(here, sides, literals, after);
    const part = parts.get(key) ?? compare(buildSpace([...sides, side], access.kind, known), access);
    parts.set(key, part);
    return { ...part, missing: part.missing.map((one) => ({ ...one, access })) };
  };
}

function speaksOf({ kinds, groups, may }: Line, { kind, group, action }: Access): boolean {
  return kinds.includes(kind) && groups.includes(group) && may.includes(action);
}

/** Lines as terms that allow: what they say nothing of counts only where a rule asks for it. */
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
  const there = new Set<string>();
  const not = new Set<string>();
  const { found } = blocksOfCells(space, (column, row) => {
    const isGained = !allows(space, 0, column, row) && allows(space, 1, column, row);
    const speaking = matchingTerms(space, 2, column, row);
    for (const { id } of speaking) (isGained ? there : not).add(id);
    return isGained && speaking.length === 0;
  });
  const missing = found.map((one): CellBlock => ({ ...one, access, effect: 'gains' }));
  return { missing, there: [...there], not: [...not] };
}
