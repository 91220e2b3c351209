import {
  allows,
  type Column,
  type Access,
  cachedReaderBlocks,
  buildSpace,
  type Row,
  type Side,
  type Space,
} from './cells.ts';
import { coverReaders, coverRecords } from './cover.ts';
import type { RecordFacts } from '../language/domain.ts';
import { type Line, type LineVocabulary, formatBox, formatReaders, formatLine } from './lines.ts';
import type { ReaderBlock } from './reader-blocks.ts';
import type { PolicySource, ReaderClass } from '../language/rules.ts';
import { accessesOf, definitionOf, movedFields, type NameOf, sideOf, textOf } from './sides.ts';

/** One cell: an access, a block of readers in a relation, and a record with the dimensions that matter. */
export type Cell = {
  readonly access: Access;
  readonly column: Column;
  readonly facts: RecordFacts;
  readonly dimensions: readonly string[];
};

/** A block of cells that differ between two policies, as a line of text and with one cell as an example. */
export type Change = {
  readonly effect: 'gains' | 'loses';
  readonly line: Line;
  readonly words: string;
  readonly example: Cell;
};

/** The exhaustive diff of two policies: every cell that differs, and no other. */
export type Difference = {
  readonly changes: readonly Change[];
  /** Numbers of cells. Accesses with the same rules in both versions are not compared. */
  readonly gained: number;
  readonly lost: number;
  readonly compared: number;
  readonly accesses: number;
};

/** Compares two policies cell by cell, on blocks that neither of them distinguishes further. */
export function diffPolicies(before: PolicySource, after: PolicySource): Difference {
  const names = namesOf(before, after);
  const known = cachedReaderBlocks();
  const parts = new Map<string, Part>();
  const found: CellBlock[] = [];
  let [gained, lost, compared] = [0, 0, 0];
  const accesses = [...accessesOf(before, after), ...movedFields(before, after)];
  for (const access of accesses) {
    const sides = [sideOf(before, access, names.before), sideOf(after, access, names.after)] as const;
    const texts = sides.map(textOf);
    if (texts[0] === texts[1]) continue;
    const key = texts.join('\n\n');
    const part = parts.get(key) ?? comparePart(sides, access.kind, known);
    parts.set(key, part);
    gained += part.gained;
    lost += part.lost;
    compared += part.space.cells;
    found.push(...part.found.map((one) => ({ ...one, access })));
  }
  return {
    changes: mergeBlocks(found, after.domain.collections),
    gained,
    lost,
    compared,
    accesses: accesses.length,
  };
}

type Part = {
  readonly space: Space;
  readonly found: readonly Omit<CellBlock, 'access'>[];
  readonly gained: number;
  readonly lost: number;
};

/** A set of cells of one access that were all gained or all lost between two policies. */
export type CellBlock = {
  readonly effect: Change['effect'];
  readonly access: Access;
  readonly line: Pick<Line, 'who' | 'relations' | 'when'>;
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly column: Column;
  readonly facts: RecordFacts;
};

function comparePart(
  sides: readonly Side[],
  kind: string,
  known: ReturnType<typeof cachedReaderBlocks>,
): Part {
  const space = buildSpace(sides, kind, known);
  const gains = (column: Column, row: Row) => !allows(space, 0, column, row) && allows(space, 1, column, row);
  const loses = (column: Column, row: Row) => allows(space, 0, column, row) && !allows(space, 1, column, row);
  const [gained, lost] = [blocksOfCells(space, gains), blocksOfCells(space, loses)];
  return {
    space,
    found: [
      ...gained.found.map((one) => ({ ...one, effect: 'gains' as const })),
      ...lost.found.map((one) => ({ ...one, effect: 'loses' as const })),
    ],
    gained: gained.cells,
    lost: lost.cells,
  };
}

/**
 * Groups the wanted cells into blocks: columns with the same rows together, relations with the same readers together.
 * No block contains an unwanted cell.
 */
export function blocksOfCells(
  space: Space,
  isWanted: (column: Column, row: Row) => boolean,
): { readonly cells: number; readonly found: readonly Omit<CellBlock, 'access' | 'effect'>[] } {
  const wanted = space.columns
    .map((column) => ({ column, rows: space.rows.filter((row) => isWanted(column, row)) }))
    .filter(({ rows }) => rows.length > 0);
  const sizes = wanted.map(({ rows }) => rows.reduce((sum, { blocks }) => sum + blocks.length, 0));
  const values = new Map(space.dimensions.map(({ name, blocks }) => [name, blocks.flat()]));
  const alike = Map.groupBy(wanted, ({ rows }) => rows.map((row) => space.rows.indexOf(row)).join());
  const found = [...alike.values()].flatMap((columns) => {
    const boxes = coverRecords(space, new Set(columns[0]?.rows));
    return readersInRelations(
      space,
      columns.map(({ column }) => column),
    ).flatMap(({ who, relations, column }) =>
      boxes.map(({ box, example }) => ({
        line: { who, relations, when: box },
        values,
        column,
        facts: example.facts,
      })),
    );
  });
  return { cells: sizes.reduce((sum, size) => sum + size, 0), found };
}

type ReadersInRelations = Pick<Line, 'who' | 'relations'> & { readonly column: Column };

/** Summarises columns: relations with the same readers together, each with one of the columns as an example. */
export function readersInRelations(space: Space, columns: readonly Column[]): readonly ReadersInRelations[] {
  const byRelation = Map.groupBy(columns, ({ relation }) => relation.name);
  const alike = Map.groupBy(byRelation.entries(), ([, list]) =>
    list.map(({ reader }) => space.readers.indexOf(reader)).join(),
  );
  return [...alike.values()].flatMap((entries) => {
    const list = entries[0]?.[1] ?? [];
    const [column] = list;
    if (column === undefined) return [];
    const who = coverReaders(
      readersIn(
        space,
        entries.map(([name]) => name),
      ),
      new Set(list.map(({ reader }) => reader)),
    );
    const relations = entries.length === space.relations.length ? null : entries.map(([name]) => name);
    return [{ who, relations, column }];
  });
}

function readersIn(space: Space, names: readonly string[]): readonly ReaderBlock[] {
  const columns = space.columns.filter(({ relation }) => names.includes(relation.name));
  return [...new Set(columns.map(({ reader }) => reader))];
}

/** Merges blocks with the same readers and records on several accesses, and formats each as a line. */
export function mergeBlocks(
  found: readonly CellBlock[],
  collections: LineVocabulary['collections'],
): readonly Change[] {
  const alike = Map.groupBy(found, ({ effect, line, values }) =>
    [effect, formatReaders(line), formatBox(line.when, values)].join(' '),
  );
  return [...alike.values()].flatMap((list) => {
    const [first] = list;
    if (first === undefined) return [];
    return mergeAccesses(list.map(({ access }) => access)).map((what): Change => {
      const line = { ...first.line, ...what };
      const chosen = list.find(({ access }) => isIn(access, what)) ?? first;
      const { access, column, facts, values } = chosen;
      const example = { access, column, facts, dimensions: [...values.keys()] };
      return {
        effect: first.effect,
        line,
        words: formatLine(line, { values: first.values, collections }),
        example,
      };
    });
  });
}

type Accesses = Pick<Line, 'may' | 'groups' | 'kinds'>;

function isIn(access: Access, { may, groups, kinds }: Accesses): boolean {
  return may.includes(access.action) && groups.includes(access.group) && kinds.includes(access.kind);
}

/** Groups accesses into products of actions, groups and kinds. */
export function mergeAccesses(accesses: readonly Access[]): readonly Accesses[] {
  const byKind = Map.groupBy(accesses, ({ kind, group }) => `${kind} ${group}`);
  const perGroup = [...byKind.values()].map((list) => ({
    kinds: [list[0]?.kind ?? ''],
    groups: [list[0]?.group ?? ''],
    may: [...new Set(list.map(({ action }) => action))],
  }));
  const together = mergeBy(perGroup, 'groups', ({ kinds, may }) => `${kinds.join()} ${may.join()}`);
  return mergeBy(together, 'kinds', ({ groups, may }) => `${groups.join()} ${may.join()}`);
}

function mergeBy(
  all: readonly Accesses[],
  member: 'groups' | 'kinds',
  keyOf: (one: Accesses) => string,
): readonly Accesses[] {
  return [...Map.groupBy(all, keyOf).values()].flatMap((list) => {
    const [first] = list;
    return first === undefined
      ? []
      : [{ ...first, [member]: [...new Set(list.flatMap((one) => one[member]))] }];
  });
}

/** Returns the names of classes in each version. A class whose definition changed is `former-<name>` in `before`. */
export function namesOf(before: PolicySource, after: PolicySource): { before: NameOf; after: NameOf } {
  const isKept = (one: ReaderClass) => {
    const other = after.classes.get(one.name);
    return other === undefined || definitionOf(other) === definitionOf(one);
  };
  return { before: (one) => (isKept(one) ? one.name : `former-${one.name}`), after: ({ name }) => name };
}
