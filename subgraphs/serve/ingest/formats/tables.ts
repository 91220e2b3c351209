import { bearsClassification } from '../../record/classification.ts';
import { type Row, readRows } from './csv.ts';
import { Seen } from './seen.ts';
import type { InTables } from '../sources/source.ts';
import { RejectError } from '../../record/reject.ts';
import { maxRecordBytes, maxValues, type Slice, SplitError } from './split.ts';

/** A file of a table, as a stream. */
export type TableFile = { readonly file: string; readonly chunks: AsyncIterable<Buffer> };

/** A record of several tables, with the file and position of its first row. */
export type Joined = { readonly file: string; readonly slice: Slice };

/** The maximum size of one record, and of all records that wait for rows of other tables, in bytes of JSON. */
export type JoinLimits = { readonly record: number; readonly waiting: number };

const usualLimits: JoinLimits = { record: maxRecordBytes, waiting: maxRecordBytes };
const maxKeyLength = 200;

/**
 * Joins the rows of several tables with the same key into records. All tables are read once and in parallel; a record
 * waits in memory until every table gave its rows. Rows of one key must be adjacent in a table: later ones are refused
 * (DUPLICATE). A malformed row makes its record refused. Throws SplitError if a table is missing, given twice or
 * truncated, or if the tables are sorted so differently that too many records wait.
 */
export async function* joinTables(
  files: readonly TableFile[],
  locate: InTables,
  limits: JoinLimits = usualLimits,
): AsyncGenerator<Joined> {
  const tables = files.map(({ file, chunks }) => ({ file, rows: readRows(chunks) }));
  try {
    yield* joinOpen(await openTables(tables, locate, limits), limits);
  } finally {
    for (const { rows } of tables) await rows.return(undefined);
  }
}

async function* joinOpen(open: readonly OpenTable[], limits: JoinLimits): AsyncGenerator<Joined> {
  const join = new Join(
    open.map(({ table }) => table),
    limits,
  );
  let reading = open;
  while (reading.length > 0) {
    const left: OpenTable[] = [];
    for (const one of reading) {
      const { value, done } = await one.groups.next();
      if (done === true) continue;
      left.push(one);
      yield* join.take(one.table, value);
    }
    reading = left;
  }
  yield* join.rest();
}

/** Adjacent rows of one key in one table. */
type Group = {
  readonly key: string;
  readonly file: string;
  readonly offset: number;
  /** Each row as JSON; empty if they are too large together. */
  readonly rows: readonly string[];
  readonly size: number;
  readonly values: number;
  readonly refused: RejectError | null;
};

type OpenTable = { readonly table: string; readonly groups: AsyncGenerator<Group, void> };

async function openTables(
  files: readonly { readonly file: string; readonly rows: AsyncGenerator<Row> }[],
  locate: InTables,
  limits: JoinLimits,
): Promise<readonly OpenTable[]> {
  const found = new Map<string, OpenTable>();
  for (const { file, rows } of files) {
    const columns = await readColumns(file, rows);
    const table = findTable(columns, locate);
    if (table === undefined)
      throw new SplitError(`${file}: expected one of the tables ${formatTables(locate)}`);
    if (found.has(table))
      throw new SplitError(`${file} is a second table "${table}": expected one file per table`);
    found.set(table, { table, groups: readGroups(file, rows, columns, locate.key, limits.record) });
  }
  const inOrder = Object.keys(locate.tables).map((name) => found.get(name));
  if (inOrder.includes(undefined))
    throw new SplitError(`expected all tables in one import: ${formatTables(locate)}`);
  return inOrder.filter((one) => one !== undefined);
}

async function readColumns(file: string, rows: AsyncGenerator<Row>): Promise<readonly string[]> {
  const { value, done } = await rows.next();
  const columns = done === true || value.refused !== null ? [] : value.cells.map((name) => name.trim());
  const areValid =
    columns.every((name) => name.length <= maxKeyLength) && new Set(columns).size === columns.length;
  if (columns.length === 0 || !areValid)
    throw new SplitError(`${file}: expected a first row with column names, each once`);
  return columns;
}

function findTable(columns: readonly string[], { key, tables }: InTables): string | undefined {
  const found = Object.entries(tables).find(([, needed]) =>
    [key, ...needed].every((column) => columns.includes(column)),
  );
  return found?.[0];
}

function formatTables({ key, tables }: InTables): string {
  return Object.entries(tables)
    .map(([name, needed]) => `"${name}" with the columns ${[key, ...needed].join(', ')}`)
    .join('; ');
}

/** Yields the rows of a table, grouped by key. A row without a readable key is a separate group. */
async function* readGroups(
  file: string,
  rows: AsyncIterable<Row>,
  columns: readonly string[],
  keyColumn: string,
  limit: number,
): AsyncGenerator<Group, void> {
  const keyAt = columns.indexOf(keyColumn);
  const names = columns.map((name) => `${JSON.stringify(name)}:`);
  let group: GroupBuilder | null = null;
  let wasBlurred = false;
  for await (const row of rows) {
    const refused = row.refused ?? checkCells(row, columns.length);
    const key = row.blurs ? '' : (row.cells[keyAt] ?? '').trim();
    if (row.blurs) group?.refuse(neighbourMalformed());
    if (group !== null && group.key !== key) {
      yield group.build();
      group = null;
    }
    group ??= new GroupBuilder(key, file, row.offset, limit);
    if (wasBlurred) group.refuse(neighbourMalformed());
    group.add(row, names, refused ?? checkKey(key));
    wasBlurred = row.blurs;
    if (key !== '') continue;
    yield group.build();
    group = null;
  }
  if (group !== null) yield group.build();
}

function neighbourMalformed(): RejectError {
  return new RejectError('MALFORMED', 'the row before or after it is malformed and spans several lines');
}

function checkCells({ cells }: Row, expected: number): RejectError | null {
  if (cells.length === expected) return null;
  return new RejectError('MALFORMED', `expected ${expected} cells in a row, got ${cells.length}`);
}

function checkKey(key: string): RejectError | null {
  if (key !== '' && key.length <= maxKeyLength) return null;
  return new RejectError('WRONG_SHAPE', `expected an id of 1 to ${maxKeyLength} characters`);
}

class GroupBuilder {
  readonly key: string;
  readonly #file: string;
  readonly #offset: number;
  readonly #limit: number;
  #rows: string[] = [];
  #size = 0;
  #values = 0;
  #refused: RejectError | null = null;

  constructor(key: string, file: string, offset: number, limit: number) {
    this.key = key;
    this.#file = file;
    this.#offset = offset;
    this.#limit = limit;
  }

  refuse(why: RejectError | null): void {
    this.#refused ??= why;
  }

  /** Adds a row. A refused row is kept as well, until it is known whether it is classified. */
  add({ cells }: Row, names: readonly string[], refused: RejectError | null): void {
    this.refuse(refused);
    const json = refused === null ? toJson(names, cells) : JSON.stringify(cells);
    this.#size += json.length;
    this.#values += cells.length;
    if (this.#size > this.#limit) this.#rows = [];
    else this.#rows.push(json);
  }

  build(): Group {
    const { key } = this;
    const [file, offset, rows, size, values] = [
      this.#file,
      this.#offset,
      this.#rows,
      this.#size,
      this.#values,
    ];
    return { key, file, offset, rows, size, values, refused: this.#refused };
  }
}

function toJson(names: readonly string[], cells: readonly string[]): string {
  return `{${names.map((name, at) => `${name}${JSON.stringify(cells[at] ?? '')}`).join(',')}}`;
}

class Join {
  readonly #tables: readonly string[];
  readonly #limits: JoinLimits;
  readonly #seen = new Seen();
  readonly #waiting = new Map<string, Map<string, Group>>();
  #waitingBytes = 0;
  #index = 0;

  constructor(tables: readonly string[], limits: JoinLimits) {
    this.#tables = tables;
    this.#limits = limits;
  }

  /** Adds a group. Yields the record that it completes, or the group alone if it is refused. */
  *take(table: string, group: Group): Generator<Joined> {
    const known = this.#waiting.get(group.key);
    if (
      group.key === '' ||
      known?.has(table) === true ||
      (known === undefined && this.#wasBefore(group.key))
    ) {
      const late = new RejectError('DUPLICATE', 'rows of one id are not adjacent: sort the table by id');
      yield this.#toRecord(new Map([[table, group]]), group.refused ?? late);
      return;
    }
    const parts = known ?? new Map<string, Group>();
    parts.set(table, group);
    this.#waitingBytes += group.size;
    if (parts.size < this.#tables.length) this.#waiting.set(group.key, parts);
    else yield this.#release(group.key, parts);
    if (this.#waitingBytes > this.#limits.waiting) {
      throw new SplitError(
        `rows of more than ${this.#limits.waiting} bytes wait for rows of other tables: sort each table by id`,
      );
    }
  }

  /** Yields the records that some tables have no rows of. */
  *rest(): Generator<Joined> {
    for (const [key, parts] of this.#waiting) yield this.#release(key, parts);
  }

  #wasBefore(key: string): boolean {
    return this.#seen.meet(key, '') !== 'new';
  }

  #release(key: string, parts: ReadonlyMap<string, Group>): Joined {
    this.#waiting.delete(key);
    for (const { size } of parts.values()) this.#waitingBytes -= size;
    const refused = [...parts.values()].find((part) => part.refused !== null)?.refused ?? null;
    return this.#toRecord(parts, refused);
  }

  #toRecord(parts: ReadonlyMap<string, Group>, why: RejectError | null): Joined {
    const inOrder = this.#tables.flatMap((table) => parts.get(table) ?? []);
    const { file, offset } = inOrder[0] ?? { file: '', offset: 0 };
    const bytes = this.#isTooLarge(inOrder) ? null : this.#toBytes(parts);
    const index = this.#index;
    this.#index += 1;
    const refused = why === null || bytes === null ? why : orClassified(why, bytes);
    return { file, slice: { index, offset, bytes, ...(refused === null ? {} : { refused }) } };
  }

  #isTooLarge(parts: readonly Group[]): boolean {
    const sum = (of: (part: Group) => number) => parts.reduce((total, part) => total + of(part), 0);
    return sum(({ size }) => size) > this.#limits.record || sum(({ values }) => values) > maxValues;
  }

  #toBytes(parts: ReadonlyMap<string, Group>): Buffer {
    const members = this.#tables.map(
      (table) => `${JSON.stringify(table)}:[${(parts.get(table)?.rows ?? []).join(',')}]`,
    );
    return Buffer.from(`{${members.join(',')}}`);
  }
}

/** Returns CLASSIFIED if a refused record is classified, because the alarm must be raised in any case. */
function orClassified(why: RejectError, bytes: Buffer): RejectError {
  return bearsClassification(JSON.parse(bytes.toString('utf8')))
    ? new RejectError('CLASSIFIED', 'a classified record')
    : why;
}
