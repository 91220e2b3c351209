import type { Action, Relation } from '../language/domain.ts';
import { both, type Mask, maskOf, meet, placesIn } from './masks.ts';
import {
  canBe,
  type Literal,
  type ReaderBlock,
  readerBlocks,
  type RelationBlock,
  relationBlocks,
} from './reader-blocks.ts';
import {
  type Condition,
  type Dimension,
  dimensionsOf,
  recordBlocks,
  type RecordBlock,
} from './record-blocks.ts';

/**
 * The exact truth table of the rules for one access. Readers, relations and records are each partitioned into blocks
 * that the rules do not distinguish. A cell is one block of each.
 */

/** A predicate on cells: a rule, or a line of a change file. */
export type Term = {
  readonly id: string;
  readonly effect: 'permit' | 'prohibit';
  /** The names of the reader classes that the term has conditions on. */
  readonly classes: readonly string[];
  readonly when: Condition;
  readonly relations: readonly Relation[];
  matchesReader(block: ReaderBlock): boolean;
  matchesRelation(block: RelationBlock): boolean;
};

/** Terms that are evaluated together, such as the rules of one policy version for one access. */
export type Side = {
  readonly terms: readonly Term[];
  readonly literals: readonly Literal[];
  readonly roles: readonly string[];
  /** All dimensions with the values that this side knows. A record with an unknown value is refused. */
  readonly values: ReadonlyMap<string, readonly string[]>;
};

/** A block of readers in a relation, with the mask of the terms of each side that match it. */
export type Column = {
  readonly reader: ReaderBlock;
  readonly relation: RelationBlock;
  readonly masks: readonly Mask[];
};

/** Blocks of records that the same terms match. */
export type Row = { readonly masks: readonly Mask[]; readonly blocks: readonly RecordBlock[] };

/** The cells of one access under one policy version, or under several at once. */
export type Space = {
  readonly sides: readonly Side[];
  readonly dimensions: readonly Dimension[];
  readonly literals: readonly Literal[];
  readonly readers: readonly ReaderBlock[];
  readonly relations: readonly RelationBlock[];
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** The number of cells: columns times blocks of records. */
  readonly cells: number;
};

/** Builds the cells of several sides. Two readers, relations or records share a block if no side distinguishes them. */
export function buildSpace(sides: readonly Side[], kind: string, known = cachedReaderBlocks()): Space {
  const literals = distinct(sides.flatMap((side) => side.literals));
  const roles = [...new Set(sides.flatMap((side) => side.roles))];
  const readers = known(literals, roles);
  const terms = sides.flatMap((side) => side.terms);
  const relations = relationBlocks(terms.flatMap((term) => term.relations));
  const dimensions = dimensionsOf(
    [...terms.map(({ when }) => when), ...sides.flatMap((side) => knownValues(side, sides))],
    jointValues(sides),
  );
  const columns = relations.flatMap((relation) =>
    readers
      .filter((reader) => canBe(reader, relation))
      .map((reader) => ({
        reader,
        relation,
        masks: sides.map((side) => columnMask(side, reader, relation)),
      })),
  );
  const blocks = recordBlocks(dimensions, kind);
  const rows = rowsOf(sides, dimensions, blocks);
  return {
    sides,
    dimensions,
    literals,
    readers,
    relations,
    columns,
    rows,
    cells: columns.length * blocks.length,
  };
}

/** Returns a caching version of `readerBlocks`. */
export function cachedReaderBlocks(): typeof readerBlocks {
  const known = new Map<string, readonly ReaderBlock[]>();
  return (literals, roles) => {
    const key = `${literals.map(({ name }) => name).join(' ')}|${roles.length}`;
    const found = known.get(key) ?? readerBlocks(literals, roles);
    known.set(key, found);
    return found;
  };
}

/** Tells whether a side allows a cell: a permission matches it and no prohibition does. */
export function allows({ sides }: Space, at: number, { masks }: Pick<Column, 'masks'>, row: Row): boolean {
  const { permits, prohibits } = effectsOf(sides[at]);
  const [column, record] = [masks[at] ?? [], row.masks[at] ?? []];
  return meet(column, record, permits) && !meet(column, record, prohibits);
}

/** Returns the terms of a side that match a cell. */
export function matchingTerms(
  { sides }: Space,
  at: number,
  { masks }: Pick<Column, 'masks'>,
  row: Row,
): readonly Term[] {
  return placesIn(both(masks[at] ?? [], row.masks[at] ?? [])).flatMap(
    (place) => sides[at]?.terms[place] ?? [],
  );
}

const effects = new WeakMap<Side, { permits: Mask; prohibits: Mask }>();

function effectsOf(side: Side | undefined): { readonly permits: Mask; readonly prohibits: Mask } {
  if (side === undefined) return { permits: [], prohibits: [] };
  const { terms } = side;
  const found = effects.get(side) ?? {
    permits: maskOf(terms.length, (at) => terms[at]?.effect === 'permit'),
    prohibits: maskOf(terms.length, (at) => terms[at]?.effect === 'prohibit'),
  };
  effects.set(side, found);
  return found;
}

function columnMask({ terms }: Side, reader: ReaderBlock, relation: RelationBlock): Mask {
  return maskOf(
    terms.length,
    (at) => terms[at]?.matchesReader(reader) === true && terms[at].matchesRelation(relation),
  );
}

/** Groups blocks of records by the terms that match them. Masks are computed once per dimension and block. */
function rowsOf(
  sides: readonly Side[],
  dimensions: readonly Dimension[],
  blocks: readonly RecordBlock[],
): readonly Row[] {
  const allTerms = sides.map(({ terms }) => maskOf(terms.length, () => true));
  const parts = dimensions.map(({ name, blocks: values }) =>
    values.map((block) => sides.map((side) => blockMask(side, name, block[0] ?? ''))),
  );
  const rows = new Map<string, { masks: readonly Mask[]; blocks: RecordBlock[] }>();
  for (const block of blocks) {
    const masks = block.at.reduce<readonly Mask[]>(
      (previous, value, place) =>
        previous.map((mask, side) => both(mask, parts[place]?.[value]?.[side] ?? [])),
      allTerms,
    );
    const key = masks.map((mask) => mask.join(' ')).join('/');
    const row = rows.get(key) ?? { masks, blocks: [] };
    rows.set(key, row);
    row.blocks.push(block);
  }
  return [...rows.values()];
}

function blockMask({ terms, values }: Side, name: string, value: string): Mask {
  const isKnown = values.get(name)?.includes(value) !== false;
  return maskOf(terms.length, (at) => isKnown && terms[at]?.when.get(name)?.has(value) !== false);
}

/** Returns all values of each dimension that some side knows, plus `anyOther` where the sides differ. */
export function jointValues(sides: readonly Pick<Side, 'values'>[]): ReadonlyMap<string, readonly string[]> {
  const names = new Set(sides.flatMap(({ values }) => [...values.keys()]));
  return new Map(
    [...names].map((name) => {
      const all = new Set(sides.flatMap(({ values }) => values.get(name) ?? []));
      return [name, isDeclaredEqually(name, sides) ? [...all] : [...all, anyOther]];
    }),
  );
}

/** Stands for a value of a fact that no policy version declares. */
export const anyOther = 'another-value';

/** Returns a condition for each fact of which the sides know different values: that the value is known to this side. */
function knownValues({ values }: Side, sides: readonly Side[]): readonly Condition[] {
  return [...values]
    .filter(([name]) => !isDeclaredEqually(name, sides))
    .map(([name, known]) => new Map([[name, new Set(known)]]));
}

function isDeclaredEqually(name: string, sides: readonly Pick<Side, 'values'>[]): boolean {
  return new Set(sides.map(({ values }) => values.get(name)?.toSorted().join(' '))).size === 1;
}

function distinct(literals: readonly Literal[]): readonly Literal[] {
  return [...new Map(literals.map((literal) => [literal.name, literal])).values()];
}

/** The decision of a rule: an action on a group of fields of a kind of record. */
export type Access = { readonly kind: string; readonly group: string; readonly action: Action };
