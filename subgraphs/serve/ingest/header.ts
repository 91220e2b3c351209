import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { bearsClassification, bearsClassificationInText } from '../record/classification.ts';
import { type Row, readRows } from './formats/csv.ts';
import { bearsClassificationInMarkup } from './formats/parse-xml.ts';
import type { Locate } from './sources/source.ts';
import { SplitError, splitRecords } from './formats/split.ts';
import { readOutside } from './formats/split-xml.ts';

/** The maximum that is read before the first record, and after the last one, in bytes. */
const maxSideBytes = 1024 * 1024;
const chunkBytes = 256 * 1024;

/**
 * Returns the content of a file outside its records if it is classified; null otherwise. Such a file is classified as a
 * whole, so this must run before the first record is imported. Reads the file once.
 */
export async function findClassifiedHeader(file: string, locate: Locate): Promise<Buffer | null> {
  if (locate.at === 'tables') return await findClassifiedLines(file);
  if (locate.at === 'element') return await findClassifiedOutside(file, locate.name);
  const bytes = await readHeader(file, locate);
  return bytes !== null && isMarked(bytes.toString('utf8')) ? bytes : null;
}

/** Returns the bytes before the first record and after the last one; null for formats without a header. */
export async function readHeader(file: string, locate: Locate): Promise<Buffer | null> {
  if (locate.at === 'element')
    return await readOutside(createReadStream(file, { highWaterMark: chunkBytes }), locate.name);
  if (locate.at !== 'member') return null;
  const records = await findRecords(file, locate);
  return records === null ? null : await readAround(file, records);
}

/** Checks the lines of a table that may be banners: the first one, and those with a single cell filled. */
async function findClassifiedLines(file: string): Promise<Buffer | null> {
  const lines: string[] = [];
  let size = 0;
  try {
    const chunks: AsyncIterable<Buffer> = createReadStream(file, { highWaterMark: chunkBytes });
    for await (const row of readRows(chunks)) {
      if (lines.length > 0 && !isLine(row)) continue;
      lines.push(...row.cells);
      size += row.cells.reduce((sum, cell) => sum + cell.length, 0);
      if (size > maxSideBytes) break;
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

/** Returns where the first record begins and the last one ends; null if there are no records. */
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
  const before = Buffer.alloc(Math.min(from, maxSideBytes));
  const after = Buffer.alloc(Math.min(Math.max(0, size - to), maxSideBytes));
  await handle.read(before, 0, before.length, 0);
  await handle.read(after, 0, after.length, size - after.length);
  return Buffer.concat([before, after]);
}

/** Without the records between them, both sides together are JSON, unless the file is broken. */
function isMarked(text: string): boolean {
  try {
    return bearsClassification(JSON.parse(text.replace(/^\ufeff/, '')));
  } catch {
    return bearsClassificationInText(text);
  }
}
