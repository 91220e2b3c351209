/**
 * Reads the values of a cell, without repeats. EuRepoC separates values with `<br>` or writes a Python list. Values such
 * as `Not available` are dropped.
 */
export function readValues(cell: string | undefined): readonly string[] {
  const text = (cell ?? '').trim();
  const isList = text.startsWith('[') && text.endsWith(']');
  const values = isList ? readList(text) : text.split(/<br\s*\/?>/i);
  return [...new Set(values.map((value) => value.trim()).filter((value) => !isMissing(value)))];
}

/** Reads the values of one column of many rows, without repeats. */
export function readColumn<Row>(
  rows: readonly Row[],
  cell: (row: Row) => string | undefined,
): readonly string[] {
  return [...new Set(rows.flatMap((row) => readValues(cell(row))))];
}

/** Reads the first value of a cell. Null if the cell has none. */
export function readValue(cell: string | undefined): string | null {
  return readValues(cell)[0] ?? null;
}

function readList(text: string): readonly string[] {
  const strings = text.matchAll(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/gs);
  return [...strings].map(([, single, double]) => (single ?? double ?? '').replaceAll(/\\(.)/gs, '$1'));
}

function isMissing(value: string): boolean {
  return /^(|nan|none|null|not available|not specified)$/i.test(value);
}
