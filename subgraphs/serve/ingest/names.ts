import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type AliasOutcome, partsOfEntries, partsOfFile } from './aliases.ts';
import { bearsClassification, bearsClassificationInText } from '../record/classification.ts';
import { readHeader } from './header.ts';
import type { Locate } from './sources/source.ts';
import { type Alarm, raiseSpillage } from './spillage.ts';
import { SplitError, splitRecords } from './formats/split.ts';
import type { Target } from './target.ts';

/** An entry of a galaxy, before it is known to be one. */
type Entry = {
  readonly uuid?: unknown;
  readonly value?: unknown;
  readonly meta?: { readonly synonyms?: unknown } | null;
};

const chunkBytes = 256 * 1024;
const entriesAtOnce = 1000;

/**
 * Takes an alias table from a file of its own before the records that need its names. False where the file bears a
 * classification: nothing of it is taken, and the alarm is raised. Throws for a file that is no alias table.
 */
export async function takeNames(alarm: Alarm & { readonly target: Target }, file: string): Promise<boolean> {
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
  tellOlder(file, await alarm.target.takeAliases(parts), alarm.alarm);
  return true;
}

/**
 * Takes the names of a file whose records are imported next. What is wrong with it, its import tells: a broken or
 * marked file gives no names, and an entry that bears a classification gives none of its own. The names of a thousand
 * entries are held at once, so that a large file is no matter.
 */
export async function takeOwnNames(
  target: Target,
  file: string,
  locate: Locate,
  tell: (words: string) => void,
): Promise<void> {
  const header = parse((await readHeader(file, locate)) ?? Buffer.alloc(0));
  if (header === null || bearsClassification(header)) return;
  const parts = partsOfEntries(header, readNames(file, locate));
  if (parts !== null) tellOlder(file, await target.takeAliases(parts), tell);
}

/** The names of some entries at a time, and nothing else of them. */
async function* readNames(file: string, locate: Locate): AsyncGenerator<readonly object[]> {
  let names: object[] = [];
  try {
    const chunks: AsyncIterable<Buffer> = createReadStream(file, { highWaterMark: chunkBytes });
    for await (const { bytes } of splitRecords(chunks, locate)) {
      const entry = bytes === null ? null : parse(bytes);
      if (entry !== null && !bearsClassification(entry)) names.push(withoutRest(entry));
      if (names.length < entriesAtOnce) continue;
      yield names;
      names = [];
    }
  } catch (error) {
    if (!(error instanceof SplitError)) throw error;
  }
  yield names;
}

function withoutRest({ uuid, value, meta }: Entry): object {
  return { uuid, value, ...(meta?.synonyms === undefined ? {} : { meta: { synonyms: meta.synonyms } }) };
}

function tellOlder(file: string, { outcome, inForce }: AliasOutcome, tell: (words: string) => void): void {
  if (outcome === 'older')
    tell(`${file}: its names are left out: version ${inForce} of this table is in force`);
}

/** What the parser says may quote the file: only that it failed is kept. */
function parse(bytes: Buffer): object | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8').replace(/^\ufeff/, ''));
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
