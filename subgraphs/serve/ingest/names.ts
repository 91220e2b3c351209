import { readFile } from 'node:fs/promises';
import type { AliasOutcome } from './aliases.ts';
import { bearsClassification, bearsClassificationInText } from './classified.ts';
import { type Alarm, raiseSpillage } from './spillage.ts';
import type { Target } from './target.ts';

/**
 * Takes an alias table from a file of its own before the records that need its names. False where the file bears a
 * classification: nothing of it is taken, and the alarm is raised. Throws for a file that is no alias table.
 */
export async function takeNames(alarm: Alarm, file: string): Promise<boolean> {
  const bytes = await readFile(file);
  const table = parse(bytes);
  const classified =
    table === null ? bearsClassificationInText(bytes.toString('utf8')) : bearsClassification(table);
  if (classified) {
    await raiseSpillage(alarm, 'aliases', { file, index: -1, offset: 0, bytes });
    return false;
  }
  const taken = table === null ? null : await alarm.target.takeAliases(table);
  if (taken === null) throw new Error(`${file}: expected an alias table, got another kind of file`);
  tellOlder(file, taken, alarm.alarm);
  return true;
}

/**
 * Takes the names of a file whose records are imported next. What is wrong with it, its import tells: a broken or
 * marked file gives no names, and an entry that bears a classification gives none of its own.
 */
export async function takeOwnNames(
  target: Target,
  file: string,
  tell: (words: string) => void,
): Promise<void> {
  const table = parse(await readFile(file));
  if (table === null || bearsClassification(withoutEntries(table))) return;
  const taken = await target.takeAliases(table);
  if (taken !== null) tellOlder(file, taken, tell);
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

function withoutEntries(table: object): object {
  return Array.isArray(table) ? [] : { ...table, values: [] };
}
