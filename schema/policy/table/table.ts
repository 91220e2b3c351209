import {
  allows,
  type Column,
  type Access,
  knowReaders,
  openSpace,
  type Row,
  type Space,
  speakOf,
} from './cells.ts';
import { coverRecords } from './cover.ts';
import { doersIn, gatherAccesses } from './diff.ts';
import { type Line, type Words, writeBox, writeDoer } from './lines.ts';
import type { PolicySource } from '../language/rules.ts';
import { accessesOf, sideOf, textOf } from './sides.ts';

/** What may be done to which records: one table for all actions, groups and kinds that are ruled alike. */
export type Table = {
  readonly may: readonly string[];
  readonly groups: readonly string[];
  readonly kinds: readonly string[];
  /** Classes of which no reader is who may do any of it: said once, not in each column. */
  readonly never: readonly string[];
  /** Readers in a relation, in words, each line one way to be meant; readers with equal cells are one column. */
  readonly columns: readonly (readonly string[])[];
  readonly rows: readonly TableRow[];
};

/** Records, in words, and for each column the rules that allow it; none where it is refused. */
export type TableRow = {
  readonly records: readonly string[];
  readonly cells: readonly (readonly string[])[];
};

/** The whole policy as tables, in the order of its kinds. What nobody may ever do has none. */
export function tablesOf(source: PolicySource): readonly Table[] {
  const known = knowReaders();
  const drawn = new Map<string, { readonly table: Drawn; readonly accesses: Access[] }>();
  const byText = new Map<string, Drawn>();
  for (const access of accessesOf(source)) {
    const side = sideOf(source, access);
    if (!side.terms.some(({ effect }) => effect === 'permit')) continue;
    const table = byText.get(textOf(side)) ?? draw(openSpace([side], access.kind, known), source);
    byText.set(textOf(side), table);
    const key = JSON.stringify(table);
    const alike = drawn.get(key) ?? { table, accesses: [] };
    drawn.set(key, alike);
    alike.accesses.push(access);
  }
  return [...drawn.values()]
    .filter(({ table }) => table.rows.length > 0)
    .flatMap(({ table, accesses }) => gatherAccesses(accesses).map((what) => ({ ...what, ...table })));
}

type Drawn = Pick<Table, 'never' | 'columns' | 'rows'>;

/** Draws one table: columns with the same cells together, then rows with the same cells. */
function draw(space: Space, { dimensions: values, domain }: PolicySource): Drawn {
  const seen = space.columns.map((column) => ({
    column,
    allowed: space.rows.map((row) => allows(space, 0, column, row)),
  }));
  const open = seen.filter(({ allowed }) => allowed.includes(true));
  const columns = [...Map.groupBy(open, ({ allowed }) => allowed.map(Number).join('')).values()];
  const at = (row: number) => columns.map((list) => list[0]?.allowed[row] === true);
  const indices = [...space.rows.keys()].filter((row) => at(row).includes(true));
  const rows = [...Map.groupBy(indices, (row) => at(row).map(Number).join('')).values()];
  const words: Words = { values, collections: domain.collections };
  const ofColumns = columns.map((list) => list.map(({ column }) => column));
  const doers = ofColumns.map((list) => doersIn(space, list));
  const never = commonExclusions(doers.flat());
  return {
    never,
    columns: doers.map((list) => list.map((one) => writeDoer(without(one, never)))),
    rows: sortRows(rows.map((list) => toRow(space, ofColumns, list, words))),
  };
}

/** For reading: the records that most may have first. */
function sortRows(rows: readonly TableRow[]): readonly TableRow[] {
  const open = ({ cells }: TableRow) => cells.filter((rules) => rules.length > 0).length;
  return rows.toSorted((one, other) => open(other) - open(one));
}

/** The classes that every reader of a table is outside of. */
function commonExclusions(doers: readonly Pick<Line, 'who'>[]): readonly string[] {
  const all = doers.flatMap(({ who }) => who);
  return [...new Set(all.flatMap(({ notOf }) => notOf))].filter((name) =>
    all.every(({ notOf }) => notOf.includes(name)),
  );
}

function without(
  { who, being }: Pick<Line, 'who' | 'being'>,
  never: readonly string[],
): Pick<Line, 'who' | 'being'> {
  return {
    who: who.map(({ of, notOf }) => ({ of, notOf: notOf.filter((name) => !never.includes(name)) })),
    being,
  };
}

function toRow(
  space: Space,
  columns: readonly (readonly Column[])[],
  indices: readonly number[],
  { values }: Words,
): TableRow {
  const rows = indices.flatMap((at) => space.rows[at] ?? []);
  const used = new Map([...values].filter(([name]) => space.dimensions.some((one) => one.name === name)));
  const boxes = coverRecords(space, new Set(rows)).map(({ box }) => writeBox(box, used) || 'any record');
  return { records: boxes, cells: columns.map((list) => allowingRules(space, list, rows)) };
}

/** The permissions that allow cells of a block, in the order of the policy; none where the block is refused. */
function allowingRules(space: Space, columns: readonly Column[], rows: readonly Row[]): readonly string[] {
  const isAllowed = columns.some((column) => rows.some((row) => allows(space, 0, column, row)));
  if (!isAllowed) return [];
  const speaking = columns.flatMap((column) => rows.flatMap((row) => speakOf(space, 0, column, row)));
  const ids = new Set(speaking.map(({ id }) => id));
  return (space.sides[0]?.terms ?? []).filter(({ id }) => ids.has(id)).map(({ id }) => id);
}

/** How many rows there are in all tables. */
export function countRows(tables: readonly Table[]): number {
  return tables.reduce((sum, { rows }) => sum + rows.length, 0);
}
