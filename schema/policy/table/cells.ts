import type { Action } from '../language/domain.ts';
import type { Relation } from '../language/domain.ts';
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
 * The truth table, exact and small. For one action on one group of fields of one kind of record, readers, relations and
 * records are each parted into blocks that the rules do not tell apart; a cell is one block of each.
 */

/** What speaks of cells: a rule, or a line of a change's file. */
export type Term = {
  readonly id: string;
  readonly effect: 'permit' | 'prohibit';
  readonly when: Condition;
  readonly relations: readonly Relation[];
  who(block: ReaderBlock): boolean;
  being(block: RelationBlock): boolean;
};

/** Terms that are read together: the rules of one version of the policy on one group of fields and one action. */
export type Side = {
  readonly terms: readonly Term[];
  readonly literals: readonly Literal[];
  readonly roles: readonly string[];
  /** Every dimension with the values that this side knows; a record of another value is nobody's. */
  readonly values: ReadonlyMap<string, readonly string[]>;
};

/** Readers in a relation, and the terms of each side that can speak of them. */
export type Column = {
  readonly reader: ReaderBlock;
  readonly relation: RelationBlock;
  readonly masks: readonly Mask[];
};

/** Blocks of records of which the same terms speak. */
export type Row = { readonly masks: readonly Mask[]; readonly blocks: readonly RecordBlock[] };

/** The cells of one action on one group of fields of one kind, of one version of the policy or of several at once. */
export type Space = {
  readonly sides: readonly Side[];
  readonly dimensions: readonly Dimension[];
  readonly literals: readonly Literal[];
  readonly readers: readonly ReaderBlock[];
  readonly relations: readonly RelationBlock[];
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** How many cells there are: readers in a relation x blocks of records. */
  readonly cells: number;
};

/** Parts the cells of several sides by what any of them tells apart. */
export function openSpace(sides: readonly Side[], kind: string, known = knowReaders()): Space {
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

/** Reader blocks by the classes that are named, each worked out once. */
export function knowReaders(): typeof readerBlocks {
  const known = new Map<string, readonly ReaderBlock[]>();
  return (literals, roles) => {
    const key = `${literals.map(({ name }) => name).join(' ')}|${roles.length}`;
    const found = known.get(key) ?? readerBlocks(literals, roles);
    known.set(key, found);
    return found;
  };
}

/** Whether a side allows a cell: one of its permissions speaks of it, and none of its prohibitions. */
export function allows({ sides }: Space, at: number, { masks }: Pick<Column, 'masks'>, row: Row): boolean {
  const { permits, prohibits } = effectsOf(sides[at]);
  const [column, record] = [masks[at] ?? [], row.masks[at] ?? []];
  return meet(column, record, permits) && !meet(column, record, prohibits);
}

/** The terms of a side that speak of a cell. */
export function speakOf(
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
  return maskOf(terms.length, (at) => terms[at]?.who(reader) === true && terms[at].being(relation));
}

/** Blocks of records gathered by the terms that speak of them, worked out dimension by dimension. */
function rowsOf(
  sides: readonly Side[],
  dimensions: readonly Dimension[],
  blocks: readonly RecordBlock[],
): readonly Row[] {
  const whole = sides.map(({ terms }) => maskOf(terms.length, () => true));
  const parts = dimensions.map(({ name, blocks: values }) =>
    values.map((block) => sides.map((side) => blockMask(side, name, block[0] ?? ''))),
  );
  const rows = new Map<string, { masks: readonly Mask[]; blocks: RecordBlock[] }>();
  for (const block of blocks) {
    const masks = block.at.reduce<readonly Mask[]>(
      (sofar, value, place) => sofar.map((mask, side) => both(mask, parts[place]?.[value]?.[side] ?? [])),
      whole,
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

/** Every value of each dimension that any side knows; one more where sides do not know the same. */
export function jointValues(sides: readonly Pick<Side, 'values'>[]): ReadonlyMap<string, readonly string[]> {
  const names = new Set(sides.flatMap(({ values }) => [...values.keys()]));
  return new Map(
    [...names].map((name) => {
      const all = new Set(sides.flatMap(({ values }) => values.get(name) ?? []));
      return [name, isDeclaredAlike(name, sides) ? [...all] : [...all, anyOther]];
    }),
  );
}

/** A value of a fact that no version of the policy declares. */
export const anyOther = 'another-value';

/** Where sides do not know the same values of a fact, what each knows is a condition of its own. */
function knownValues({ values }: Side, sides: readonly Side[]): readonly Condition[] {
  return [...values]
    .filter(([name]) => !isDeclaredAlike(name, sides))
    .map(([name, known]) => new Map([[name, new Set(known)]]));
}

function isDeclaredAlike(name: string, sides: readonly Pick<Side, 'values'>[]): boolean {
  return new Set(sides.map(({ values }) => values.get(name)?.toSorted().join(' '))).size === 1;
}

function distinct(literals: readonly Literal[]): readonly Literal[] {
  return [...new Map(literals.map((literal) => [literal.name, literal])).values()];
}

/** What is done to what: the name of a table. */
export type Access = { readonly kind: string; readonly group: string; readonly action: Action };
