/**
 * The words of a cell, each once: EuRepoC writes several with `<br>` between them or as a list in Python's notation,
 * and says of what it does not know that it is not available.
 */
export function readWords(cell: string | undefined): readonly string[] {
  const text = (cell ?? '').trim();
  const isList = text.startsWith('[') && text.endsWith(']');
  const words = isList ? readList(text) : text.split(/<br\s*\/?>/i);
  return [...new Set(words.map((word) => word.trim()).filter((word) => !saysNothing(word)))];
}

/** The same of one column of many rows. */
export function readColumn<Row>(
  rows: readonly Row[],
  cell: (row: Row) => string | undefined,
): readonly string[] {
  return [...new Set(rows.flatMap((row) => readWords(cell(row))))];
}

/** One word, or null where the cell says none. */
export function readWord(cell: string | undefined): string | null {
  return readWords(cell)[0] ?? null;
}

function readList(text: string): readonly string[] {
  const strings = text.matchAll(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/gs);
  return [...strings].map(([, single, double]) => (single ?? double ?? '').replaceAll(/\\(.)/gs, '$1'));
}

function saysNothing(word: string): boolean {
  return /^(|nan|none|null|not available|not specified)$/i.test(word);
}
