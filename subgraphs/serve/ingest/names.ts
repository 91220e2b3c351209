import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type AliasOutcome, partsOfEntries, partsOfFile } from './aliases.ts';
import { bearsClassification, bearsClassificationInText } from '../record/classification.ts';
import { readHeader } from './header.ts';
import type { Locate } from './sources/source.ts';
import { type Alarm, raiseSpillage } from './spillage.ts';
import { SplitError, splitRecords } from './formats/split.ts';
import type { Target } from './target.ts';

/** A possible entry of a galaxy, not validated yet. */
type Entry = {
  readonly uuid?: unknown;
  readonly value?: unknown;
  readonly meta?: { readonly synonyms?: unknown } | null;
};

const chunkBytes = 256 * 1024;
const entriesAtOnce = 1000;

/**
 * Imports an alias table before the records that need its names. If the file is classified, imports nothing of it,
 * raises the alarm and returns false. Throws for a file that is not an alias table.
 */
export async function importNames(
  alarm: Alarm & { readonly target: Target },
  file: string,
): Promise<boolean> {
  const bytes = await readFile(file);
  const table = parse(bytes);
  const classified =
    table === null ? bearsClassificationInText(bytes.toString('utf8')) : bearsClassification(table);
  if (classified) {
    await raiseSpillage(alarm, 'aliases', { file, index: -1, offset: 0, bytes });
    return false;
  }
  const parts = table === null ? null : partsOfFile(table);
  if (parts === null) throw new Error(`${file}: expected an alias table, got another kind of file`);
  const outcome = await alarm.target.takeAliases(parts, progressOf(alarm.alarm));
  reportOlder(file, outcome, alarm.alarm);
  return true;
}

/**
 * Imports the names of a file whose records are imported next. The import of the records reports faults: here a
 * broken or classified file gives no names, and neither does a classified entry. Holds the names of 1000 entries at
 * once.
 */
export async function importOwnNames(
  target: Target,
  file: string,
  locate: Locate,
  report: (message: string) => void,
): Promise<void> {
  const header = parse((await readHeader(file, locate)) ?? Buffer.alloc(0));
  if (header === null || bearsClassification(header)) return;
  const parts = partsOfEntries(header, readNames(file, locate));
  if (parts !== null) reportOlder(file, await target.takeAliases(parts, progressOf(report)), report);
}

/** Yields the names of up to 1000 entries at a time. */
async function* readNames(file: string, locate: Locate): AsyncGenerator<readonly object[]> {
  let names: object[] = [];
  try {
    const chunks: AsyncIterable<Buffer> = createReadStream(file, { highWaterMark: chunkBytes });
    for await (const { bytes } of splitRecords(chunks, locate)) {
      const entry = bytes === null ? null : parse(bytes);
      if (entry !== null && !bearsClassification(entry)) names.push(namesOf(entry));
      if (names.length < entriesAtOnce) continue;
      yield names;
      names = [];
    }
  } catch (error) {
    if (!(error instanceof SplitError)) throw error;
  }
  yield names;
}

function namesOf({ uuid, value, meta }: Entry): object {
  return { uuid, value, ...(meta?.synonyms === undefined ? {} : { meta: { synonyms: meta.synonyms } }) };
}

function progressOf(report: (message: string) => void): (records: number) => void {
  return (records) => report(`resolved the actors of ${records} stored records by the new alias table`);
}

function reportOlder(
  file: string,
  { outcome, inForce }: AliasOutcome,
  report: (message: string) => void,
): void {
  if (outcome === 'older')
    report(`${file}: its names were not imported, because version ${inForce} of this table is in force`);
}

/** Parses JSON; null if it fails. The parser's message may quote the file, so it is dropped. */
function parse(bytes: Buffer): object | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8').replace(/^\ufeff/, ''));
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
