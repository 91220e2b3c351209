import { createReadStream, readFileSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Source } from './sources/source.ts';
import { refuseOtherEncodings } from './formats/split.ts';

/** Files of one source. */
export type Chosen = { readonly source: Source; readonly files: readonly string[] };

/** The files of an import by their source, and those without any content, such as an empty answer of a server. */
export type Choice = { readonly chosen: readonly Chosen[]; readonly empty: readonly string[] };

/**
 * Returns the files of some paths, in groups of one source. A folder stands for its files with an ending of the sources.
 * The source is the named one, or the first that recognises the file. Throws for a missing path and a file of no source.
 */
export async function chooseFiles(
  sources: readonly Source[],
  paths: readonly string[],
  name: string | undefined,
): Promise<Choice> {
  const named = name === undefined ? undefined : findSource(sources, name);
  const endings = named === undefined ? endingsOf(sources) : endingsOf([named]);
  const files = (await Promise.all(paths.map(async (path) => await listFiles(path, endings)))).flat();
  if (files.length === 0) throw new Error('expected files or folders to import, got none');
  const bySource = new Map<Source, string[]>();
  const empty: string[] = [];
  for (const file of files) {
    if (isEmptyAnswer(file)) {
      empty.push(file);
      continue;
    }
    const source = named ?? (await recognise(sources, file));
    bySource.set(source, [...(bySource.get(source) ?? []), file]);
  }
  return { chosen: [...bySource].map(([source, ofSource]) => ({ source, files: ofSource })), empty };
}

/** The size up to which a file can be an empty answer, in bytes. */
const emptyAnswer = 64;

/** Returns whether a file is an empty list or object: TAXII and MISP answer so if they have nothing new. */
function isEmptyAnswer(file: string): boolean {
  return (
    statSync(file).size <= emptyAnswer &&
    /^\ufeff?\s*(?:\[\s*\]|\{\s*\})\s*$/.test(readFileSync(file, 'utf8'))
  );
}

/** Formats the endings of the files that are read from folders, for the help text. */
export function formatEndings(sources: readonly Source[]): string {
  return endingsOf(sources).join(', ');
}

function endingsOf(sources: readonly Source[]): readonly string[] {
  return [...new Set(sources.flatMap(({ endings }) => endings ?? ['.json']))];
}

function findSource(sources: readonly Source[], name: string): Source {
  const found = sources.find((source) => source.name === name);
  if (found !== undefined) return found;
  const known = sources.map((source) => source.name).join(', ');
  throw new Error(`--source: expected one of ${known}, got ${name}`);
}

async function recognise(sources: readonly Source[], file: string): Promise<Source> {
  const head = await readHead(file);
  const found = sources.find((source) => source.recognise(head));
  if (found !== undefined) return found;
  const list = sources.map((source) => `  ${source.name}: ${source.expects}`).join('\n');
  throw new Error(
    `${file} is not a file of this community's sources:\n${list}\nIf the file is one of these, name it, such as --source ${sources[0]?.name ?? 'NAME'}.`,
  );
}

async function readHead(file: string): Promise<string> {
  for await (const chunk of createReadStream(file, { end: 65_535, highWaterMark: 65_536 })) {
    try {
      refuseOtherEncodings(chunk as Buffer);
    } catch (error) {
      throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
    }
    return (chunk as Buffer).toString('utf8').replace(/^\ufeff/, '');
  }
  throw new Error(`${file} is empty`);
}

async function listFiles(path: string, endings: readonly string[]): Promise<readonly string[]> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new Error(`${path}: no such file or folder`);
  if (!stat.isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => endings.includes(extname(name))).toSorted();
  return names.map((name) => join(path, name));
}
