import { createReadStream, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Source } from './sources/source.ts';
import { refuseOtherEncodings } from './formats/split.ts';

/** What an import takes, and as which kind of file. */
export type Chosen = { readonly source: Source; readonly files: readonly string[] };

/**
 * The files that paths name, of folders those whose ending the source has, and their source: by its name, or the first
 * that recognises the first file. Throws for what is not there, for a folder of several kinds, and for a file of none.
 */
export async function chooseFiles(
  sources: readonly Source[],
  paths: readonly string[],
  name: string | undefined,
): Promise<Chosen> {
  const named = name === undefined ? undefined : findSource(sources, name);
  const endings = named === undefined ? endingsOf(sources) : endingsOf([named]);
  const files = (await Promise.all(paths.map(async (path) => await listFiles(path, endings)))).flat();
  if (files.length === 0) throw new Error('no file to import: name files or folders');
  return { source: named ?? (await recognise(sources, files[0] ?? '')), files };
}

/** The endings of files in folders, for help. */
export function sayEndings(sources: readonly Source[]): string {
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
  const forms = sources.map((source) => `  ${source.name}: ${source.expects}`).join('\n');
  throw new Error(`${file} is none of this community's sources:\n${forms}\nName one with --source.`);
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
  if (stat === undefined) throw new Error(`${path}: there is no such file or folder`);
  if (!stat.isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => endings.includes(extname(name))).toSorted();
  const found = [...new Set(names.map((name) => extname(name)))];
  if (found.length > 1) {
    throw new Error(`${path} holds files of several kinds (${found.join(', ')}): say one with --source`);
  }
  return names.map((name) => join(path, name));
}
