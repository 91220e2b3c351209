import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { bearsClassification, bearsClassificationInText } from '../record/classification.ts';
import { type Row, readRows } from './formats/csv.ts';
import { bearsClassificationInMarkup } from './formats/parse-xml.ts';
import type { Locate } from './sources/source.ts';
import { SplitError, splitRecords } from './formats/split.ts';
import { readOutside } from './formats/split-xml.ts';

/** More than this on either side of the records is no header; what is further away is not looked at. */
const longestSide = 1024 * 1024;
const chunkBytes = 256 * 1024;

/**
 * What stands in a file outside of its records, if it bears a classification: then the whole file does, and that must
 * be known before the first record is taken, wherever in the file it stands. Null otherwise. Reads the file once.
 */
export async function findClassifiedHeader(file: string, locate: Locate): Promise<Buffer | null> {
  if (locate.at === 'tables') return await findClassifiedLines(file);
  if (locate.at === 'element') return await findClassifiedOutside(file, locate.name);
  const bytes = await readHeader(file, locate);
  return bytes !== null && isMarked(bytes.toString('utf8')) ? bytes : null;
}

/** What stands in a file before its first record and behind its last one; null where records have no such sides. */
export async function readHeader(file: string, locate: Locate): Promise<Buffer | null> {
  if (locate.at !== 'member') return null;
  const records = await findRecords(file, locate);
  return records === null ? null : await readAround(file, records);
}

/** Lines of a table that are no rows of it, as banners stand: the first, and those with one cell filled. */
async function findClassifiedLines(file: string): Promise<Buffer | null> {
  const lines: string[] = [];
  let size = 0;
  try {
    const chunks: AsyncIterable<Buffer> = createReadStream(file, { highWaterMark: chunkBytes });
    for await (const row of readRows(chunks)) {
      if (lines.length > 0 && !isLine(row)) continue;
      lines.push(...row.cells);
      size += row.cells.reduce((sum, cell) => sum + cell.length, 0);
      if (size > longestSide) break;
    }
  } catch (error) {
    if (!(error instanceof SplitError)) throw error;
  }
  return bearsClassification({ header: lines }) ? Buffer.from(lines.join('\n')) : null;
}

function isLine({ cells }: Row): boolean {
  return cells.filter((cell) => cell.trim() !== '').length === 1;
}

async function findClassifiedOutside(file: string, element: string): Promise<Buffer | null> {
  const chunks: AsyncIterable<Buffer> = createReadStream(file, { highWaterMark: chunkBytes });
  const bytes = await readOutside(chunks, element);
  return bearsClassificationInMarkup(bytes.toString('utf8')) ? bytes : null;
}

type Records = { readonly from: number; readonly to: number };

/** Where the first record begins and the last one ends; null where there is none. */
async function findRecords(file: string, locate: Locate): Promise<Records | null> {
  let from: number | null = null;
  let to = 0;
  try {
    const chunks: AsyncIterable<Buffer> = createReadStream(file, { highWaterMark: chunkBytes });
    for await (const { offset, bytes } of splitRecords(chunks, locate)) {
      from ??= offset;
      to = offset + (bytes?.length ?? 0);
    }
  } catch (error) {
    if (!(error instanceof SplitError)) throw error;
  }
  return from === null ? null : { from, to };
}

async function readAround(file: string, { from, to }: Records): Promise<Buffer> {
  await using handle = await open(file);
  const { size } = await handle.stat();
  const before = Buffer.alloc(Math.min(from, longestSide));
  const after = Buffer.alloc(Math.min(Math.max(0, size - to), longestSide));
  await handle.read(before, 0, before.length, 0);
  await handle.read(after, 0, after.length, size - after.length);
  return Buffer.concat([before, after]);
}

/** With no record between them, the two sides are JSON again, unless the file is broken. */
function isMarked(text: string): boolean {
  try {
    return bearsClassification(JSON.parse(text.replace(/^\ufeff/, '')));
  } catch {
    return bearsClassificationInText(text);
  }
}
