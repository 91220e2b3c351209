import {
  allows,
  type Column,
  type Access,
  cachedReaderBlocks,
  buildSpace,
  type Row,
  type Space,
  matchingTerms,
} from './cells.ts';
import { coverRecords } from './cover.ts';
import { readersInRelations, mergeAccesses } from './diff.ts';
import { type Line, type LineVocabulary, formatBox, formatReaders } from './lines.ts';
import { isOfClass, type PolicySource } from '../language/rules.ts';
import type { ReaderBlock, Traits } from './reader-blocks.ts';
import { accessesOf, sideOf, textOf } from './sides.ts';

/** The access by readers and records: one table for all actions, groups and kinds with the same rules. */
export type Table = {
  readonly may: readonly string[];
  readonly groups: readonly string[];
  readonly kinds: readonly string[];
  /** Classes whose readers have no access in this table. They are omitted in the columns. */
  readonly never: readonly string[];
  /**
   * For each column, its readers: one text per set of classes and relation. Readers with equal cells share a column.
   */
  readonly columns: readonly (readonly string[])[];
  readonly rows: readonly TableRow[];
};

/** Records as text, and for each column the ids of the rules that allow access. Empty: refused. */
export type TableRow = {
  readonly records: readonly string[];
  readonly cells: readonly (readonly string[])[];
};

/**
 * Returns the whole policy as tables, in the order of its kinds, or the part of it for one reader: a reader's columns are
 * its relations. An access that nobody has gets no table.
 */
export function tablesOf(source: PolicySource, reader?: Traits): readonly Table[] {
  const known = cachedReaderBlocks();
  const drawn = new Map<string, { readonly table: Drawn; readonly accesses: Access[] }>();
  const byText = new Map<string, Drawn>();
  for (const access of accessesOf(source)) {
    const side = sideOf(source, access);
    if (!side.terms.some(({ effect }) => effect === 'permit')) continue;
    const table =
      byText.get(textOf(side)) ?? draw(onlyFor(buildSpace([side], access.kind, known), reader), source);
    byText.set(textOf(side), table);
    const key = JSON.stringify(table);
    const entry = drawn.get(key) ?? { table, accesses: [] };
    drawn.set(key, entry);
    entry.accesses.push(access);
  }
  return [...drawn.values()]
    .filter(({ table }) => table.rows.length > 0)
    .flatMap(({ table, accesses }) => mergeAccesses(accesses).map((merged) => ({ ...merged, ...table })));
}

/** Returns the cells of one reader: those of its block, which is the only one with exactly its classes. */
function onlyFor(space: Space, reader: Traits | undefined): Space {
  if (reader === undefined) return space;
  const classes = space.literals.filter(({ one }) => isOfClass(reader, one)).map(({ name }) => name);
  const isOwn = ({ is }: ReaderBlock) => is.size === classes.length && classes.every((name) => is.has(name));
  return {
    ...space,
    readers: space.readers.filter(isOwn),
    columns: space.columns.filter((column) => isOwn(column.reader)),
  };
}

type Drawn = Pick<Table, 'never' | 'columns' | 'rows'>;

/** Builds one table. Columns with the same cells are merged, then rows with the same cells. */
function draw(space: Space, { dimensions: values, domain }: PolicySource): Drawn {
  const all = space.columns.map((column) => ({
    column,
    allowed: space.rows.map((row) => allows(space, 0, column, row)),
  }));
  const open = all.filter(({ allowed }) => allowed.includes(true));
  const columns = [...Map.groupBy(open, ({ allowed }) => allowed.map(Number).join('')).values()];
  const at = (row: number) => columns.map((list) => list[0]?.allowed[row] === true);
  const indices = [...space.rows.keys()].filter((row) => at(row).includes(true));
  const rows = [...Map.groupBy(indices, (row) => at(row).map(Number).join('')).values()];
  const vocabulary: LineVocabulary = { values, collections: domain.collections };
  const ofColumns = columns.map((list) => list.map(({ column }) => column));
  const readers = ofColumns.map((list) => readersInRelations(space, list));
  const never = commonExclusions(readers.flat());
  return {
    never,
    columns: readers.map((list) => list.map((one) => formatReaders(without(one, never)))),
    rows: sortRows(rows.map((list) => toRow(space, ofColumns, list, vocabulary))),
  };
}

/** Sorts rows so that records with access by the most columns come first. */
function sortRows(rows: readonly TableRow[]): readonly TableRow[] {
  const open = ({ cells }: TableRow) => cells.filter((rules) => rules.length > 0).length;
  return rows.toSorted((one, other) => open(other) - open(one));
}

/** Returns the classes that are in `notOf` of all readers of a table. */
function commonExclusions(readers: readonly Pick<Line, 'who'>[]): readonly string[] {
  const all = readers.flatMap(({ who }) => who);
  return [...new Set(all.flatMap(({ notOf }) => notOf))].filter((name) =>
    all.every(({ notOf }) => notOf.includes(name)),
  );
}

function without(
  { who, relations }: Pick<Line, 'who' | 'relations'>,
  never: readonly string[],
): Pick<Line, 'who' | 'relations'> {
  return {
    who: who.map(({ of, notOf }) => ({ of, notOf: notOf.filter((name) => !never.includes(name)) })),
    relations,
  };
}

function toRow(
  space: Space,
  columns: readonly (readonly Column[])[],
  indices: readonly number[],
  { values }: LineVocabulary,
): TableRow {
  const rows = indices.flatMap((at) => space.rows[at] ?? []);
  const used = new Map([...values].filter(([name]) => space.dimensions.some((one) => one.name === name)));
  const boxes = coverRecords(space, new Set(rows)).map(({ box }) => formatBox(box, used) || 'any record');
  return { records: boxes, cells: columns.map((list) => allowingRules(space, list, rows)) };
}

/** Returns the ids of the permissions that allow cells of a block, in the order of the policy. Empty: refused. */
function allowingRules(space: Space, columns: readonly Column[], rows: readonly Row[]): readonly string[] {
  const isAllowed = columns.some((column) => rows.some((row) => allows(space, 0, column, row)));
  if (!isAllowed) return [];
  const matching = columns.flatMap((column) => rows.flatMap((row) => matchingTerms(space, 0, column, row)));
  const ids = new Set(matching.map(({ id }) => id));
  return (space.sides[0]?.terms ?? []).filter(({ id }) => ids.has(id)).map(({ id }) => id);
}

/** Returns the number of rows in all tables. */
export function countRows(tables: readonly Table[]): number {
  return tables.reduce((sum, { rows }) => sum + rows.length, 0);
}
