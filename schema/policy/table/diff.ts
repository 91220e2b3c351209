import {
  allows,
  type Column,
  type Access,
  knowReaders,
  openSpace,
  type Row,
  type Side,
  type Space,
} from './cells.ts';
import { coverReaders, coverRecords } from './cover.ts';
import type { RecordFacts } from '../language/domain.ts';
import { type Line, type Words, writeBox, writeDoer, writeLine } from './lines.ts';
import type { ReaderBlock } from './reader-blocks.ts';
import type { PolicySource, ReaderClass } from '../language/rules.ts';
import { accessesOf, definitionOf, movedFields, type NameOf, sideOf, textOf } from './sides.ts';

/** One cell, and the dimensions of a record that matter there. */
export type Stand = {
  readonly access: Access;
  readonly column: Column;
  readonly facts: RecordFacts;
  readonly dimensions: readonly string[];
};

/** What changed for a block of cells, in words, with one cell of it. */
export type Change = {
  readonly effect: 'gains' | 'loses';
  readonly line: Line;
  readonly words: string;
  readonly example: Stand;
};

/** Who gains and who loses what between two versions of the policy: every cell that differs, and no other. */
export type Difference = {
  readonly changes: readonly Change[];
  /** Cells that differ, and all cells that were compared: of accesses that both versions rule alike, none. */
  readonly gained: number;
  readonly lost: number;
  readonly compared: number;
  readonly accesses: number;
};

/** Compares two versions cell by cell, over the parting that is finer than both of theirs. */
export function diffPolicies(before: PolicySource, after: PolicySource): Difference {
  const names = namesOf(before, after);
  const known = knowReaders();
  const parts = new Map<string, Part>();
  const found: Found[] = [];
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
    changes: gather(found, after.domain.collections),
    gained,
    lost,
    compared,
    accesses: accesses.length,
  };
}

type Part = {
  readonly space: Space;
  readonly found: readonly Omit<Found, 'access'>[];
  readonly gained: number;
  readonly lost: number;
};

/** One block of cells of one access. */
export type Found = {
  readonly effect: Change['effect'];
  readonly access: Access;
  readonly line: Pick<Line, 'who' | 'being' | 'when'>;
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly column: Column;
  readonly facts: RecordFacts;
};

function comparePart(sides: readonly Side[], kind: string, known: ReturnType<typeof knowReaders>): Part {
  const space = openSpace(sides, kind, known);
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
 * The cells that are wanted, as blocks: columns with the same rows together, relations with the same readers together.
 * No cell that is not wanted is in any block.
 */
export function blocksOfCells(
  space: Space,
  isWanted: (column: Column, row: Row) => boolean,
): { readonly cells: number; readonly found: readonly Omit<Found, 'access' | 'effect'>[] } {
  const wanted = space.columns
    .map((column) => ({ column, rows: space.rows.filter((row) => isWanted(column, row)) }))
    .filter(({ rows }) => rows.length > 0);
  const sizes = wanted.map(({ rows }) => rows.reduce((sum, { blocks }) => sum + blocks.length, 0));
  const values = new Map(space.dimensions.map(({ name, blocks }) => [name, blocks.flat()]));
  const alike = Map.groupBy(wanted, ({ rows }) => rows.map((row) => space.rows.indexOf(row)).join());
  const found = [...alike.values()].flatMap((columns) => {
    const boxes = coverRecords(space, new Set(columns[0]?.rows));
    return doersIn(
      space,
      columns.map(({ column }) => column),
    ).flatMap(({ who, being, column }) =>
      boxes.map(({ box, example }) => ({
        line: { who, being, when: box },
        values,
        column,
        facts: example.facts,
      })),
    );
  });
  return { cells: sizes.reduce((sum, size) => sum + size, 0), found };
}

type Doers = Pick<Line, 'who' | 'being'> & { readonly column: Column };

/** Columns as readers in relations: relations with the same readers together, each with one of the columns. */
export function doersIn(space: Space, columns: readonly Column[]): readonly Doers[] {
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
    const being = entries.length === space.relations.length ? null : entries.map(([name]) => name);
    return [{ who, being, column }];
  });
}

function readersIn(space: Space, names: readonly string[]): readonly ReaderBlock[] {
  const inThem = space.columns.filter(({ relation }) => names.includes(relation.name));
  return [...new Set(inThem.map(({ reader }) => reader))];
}

/** Blocks of the same words on several accesses, told once; then each as a line. */
export function gather(found: readonly Found[], collections: Words['collections']): readonly Change[] {
  const alike = Map.groupBy(found, ({ effect, line, values }) =>
    [effect, writeDoer(line), writeBox(line.when, values)].join(' '),
  );
  return [...alike.values()].flatMap((list) => {
    const [first] = list;
    if (first === undefined) return [];
    return gatherAccesses(list.map(({ access }) => access)).map((what): Change => {
      const line = { ...first.line, ...what };
      const here = list.find(({ access }) => isIn(access, what)) ?? first;
      const { access, column, facts, values } = here;
      const example = { access, column, facts, dimensions: [...values.keys()] };
      return {
        effect: first.effect,
        line,
        words: writeLine(line, { values: first.values, collections }),
        example,
      };
    });
  });
}

type Accesses = Pick<Line, 'may' | 'groups' | 'kinds'>;

function isIn(access: Access, { may, groups, kinds }: Accesses): boolean {
  return may.includes(access.action) && groups.includes(access.group) && kinds.includes(access.kind);
}

/** Accesses as products of actions, groups and kinds: kinds with the same actions and groups together. */
export function gatherAccesses(accesses: readonly Access[]): readonly Accesses[] {
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

/** A class keeps its name where both versions mean the same by it; the old meaning of one that changed is "former-". */
export function namesOf(before: PolicySource, after: PolicySource): { before: NameOf; after: NameOf } {
  const isKept = (one: ReaderClass) => {
    const other = after.classes.get(one.name);
    return other === undefined || definitionOf(other) === definitionOf(one);
  };
  return { before: (one) => (isKept(one) ? one.name : `former-${one.name}`), after: ({ name }) => name };
}
