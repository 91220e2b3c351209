import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { type Banned, banned } from './banned.ts';
import { type Sentence, sentencesOf } from './texts.ts';

/** A banned term in a file. */
export type Finding = {
  readonly file: string;
  readonly line: number;
  readonly term: string;
  readonly instead: string;
  readonly sentence: string;
};

const root = join(import.meta.dirname, '..', '..');

/** Copies and generated files: their texts are checked where they are written. */
const copies = /^(?:schema\/(?:supergraph|published)\.graphql|schema\/policy\/released\/.*)$/;

/** Returns the banned terms in a file's texts. */
export function findingsIn(file: string, source: string): readonly Finding[] {
  return sentencesOf(file, source).flatMap((sentence) =>
    banned
      .filter((entry) => entry.notIn?.test(file) !== true && applies(entry, sentence))
      .map(({ term, instead }) => ({ file, line: sentence.line, term, instead, sentence: sentence.text })),
  );
}

function applies({ pattern, unless, clause }: Banned, { text, isClause }: Sentence): boolean {
  return (clause !== true || isClause) && pattern.test(text) && unless?.test(text) !== true;
}

/** Returns the files of the project whose texts are checked, as paths from its root. */
export function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:ts|md|yaml|graphql)$/.test(entry.name))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !/(?:^|\/)(?:node_modules|\.[^/]+|coverage)\//.test(path) && !copies.test(path))
    .toSorted();
}

/** Prints each banned term with its place and its replacement, and returns whether there is none. */
function check(folder: string, paths: readonly string[]): boolean {
  const findings = filesOf(folder)
    .filter((file) => paths.length === 0 || paths.some((path) => file.startsWith(path)))
    .flatMap((file) => findingsIn(file, readFileSync(join(folder, file), 'utf8')));
  for (const { file, line, term, instead, sentence } of findings)
    process.stdout.write(`${file}:${line}: ${term}; use ${instead}\n    ${sentence.slice(0, 160)}\n`);
  process.stdout.write(
    `${findings.length} banned terms (${banned.length} are checked; test/words/banned.ts)\n`,
  );
  return findings.length === 0;
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: { root: { type: 'string', default: root } },
    allowPositionals: true,
  });
  if (!check(values.root, positionals)) process.exitCode = 1;
}
