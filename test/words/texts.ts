import { extname } from 'node:path';
import { type ASTNode, Kind, parse, visit } from 'graphql';
import { isScalar, Lexer, LineCounter, parseAllDocuments, type Scalar, visit as visitYaml } from 'yaml';
import { type Found, lineAt, textsOfTypeScript } from './typescript.ts';

/** A sentence of a file, with the line on which it starts. Headings, questions, cells and fragments are no full clause. */
export type Sentence = { readonly text: string; readonly line: number; readonly isClause: boolean };

/** Keys of YAML files whose values are texts for people. */
const textKeys = new Set(['because', 'description', 'is', 'reason', 'source', 'what', 'why']);

/** Returns the sentences of a file that a person reads. `file` is its path from the root of the project. */
export function sentencesOf(file: string, source: string): readonly Sentence[] {
  return textsOf(file, source).flatMap(sentencesIn);
}

function textsOf(file: string, source: string): readonly Found[] {
  switch (extname(file)) {
    case '.ts':
      return textsOfTypeScript(source, file.startsWith('test/'));
    case '.md':
      return textsOfMarkdown(source);
    case '.yaml':
      return [...commentsOfYaml(source), ...valuesOfYaml(source)];
    case '.graphql':
      return descriptionsOfGraph(source);
    default:
      throw new Error(`${file}: expected a .ts, .md, .yaml or .graphql file`);
  }
}

/** Returns the paragraphs, list items, headings and cells of tables of a document, without its code. */
function textsOfMarkdown(source: string): readonly Found[] {
  const prose = source
    .replaceAll(/^( *)(```|~~~).*?^\1\2$/gms, blank)
    .replaceAll(/<!--.*?-->/gs, blank)
    .replaceAll(/\]\([^)\s]*\)/g, blank);
  return [...prose.matchAll(/(?:^|\|)(?:[^|\n]|\n(?! *(?:[-*#|\n]|\d+\.|$)))+/gm)].map((match) => ({
    text: match[0].replaceAll('|', ' '),
    line: lineAt(source, match.index),
    ...(match[0].startsWith('|') ? { isFragment: true as const } : {}),
  }));
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ');
}

/** Returns the comments of a YAML file. Consecutive ones are one text. */
function commentsOfYaml(source: string): readonly Found[] {
  const found: Found[] = [];
  let line = 1;
  let last = 0;
  for (const lexeme of new Lexer().lex(source)) {
    if (lexeme.startsWith('#')) {
      const text = lexeme.replace(/^#+/, ' ');
      const before = found.at(-1);
      if (before !== undefined && last === line - 1)
        found[found.length - 1] = { ...before, text: `${before.text}\n${text}` };
      else found.push({ text, line });
      last = line;
    }
    line += lexeme.split('\n').length - 1;
  }
  return found;
}

/** Returns the values of a YAML file under the keys of `textKeys`. */
function valuesOfYaml(source: string): readonly Found[] {
  const lines = new LineCounter();
  const found: Found[] = [];
  for (const document of parseAllDocuments(source, { lineCounter: lines }))
    visitYaml(document, {
      Pair: (_, { key, value }) => {
        if (!isScalar(key) || !textKeys.has(String(key.value)) || !isText(value)) return;
        found.push({ text: value.value, line: lines.linePos(value.range?.[0] ?? 0).line });
      },
    });
  return found;
}

function isText(value: unknown): value is Scalar<string> {
  return isScalar(value) && typeof value.value === 'string';
}

/** Returns the descriptions and deprecation reasons of a file of the graph. */
function descriptionsOfGraph(source: string): readonly Found[] {
  const found: Found[] = [];
  const add = (node: ASTNode, text: string) => found.push({ text, line: node.loc?.startToken.line ?? 1 });
  visit(parse(source), {
    enter: (node) => {
      if ('description' in node && node.description) add(node.description, node.description.value);
      if (node.kind === Kind.ARGUMENT && node.name.value === 'reason' && node.value.kind === Kind.STRING)
        add(node.value, node.value.value);
    },
  });
  return found;
}

/** Cuts a text into sentences. Code in backticks and quoted terms are no part of them. */
function sentencesIn({ text, line, isFragment }: Found): readonly Sentence[] {
  const plain = text.replaceAll(/`[^`]*`|https?:\S+/g, (code) => code.replaceAll(/[^\n]/g, 'x'));
  const isHeading = /^\s*#/.test(plain);
  const starts = [
    ...plain.matchAll(
      /(?:^\s*|\n\s*(?:[-*]|\d+\.) +|\n\s*\n\s*|(?<=(?:[^\s\d]|\d\d)[.!?]["'”’)]*)\s+)(?=\S)/g,
    ),
  ];
  return starts.flatMap((start, index) => {
    const from = start.index + start[0].length;
    const sentence = plain.slice(from, starts[index + 1]?.index ?? plain.length);
    const words = sentence.replace(/^[\s#>*|-]+/, '').replaceAll(/\s+/g, ' ');
    const skipped = sentence.length - sentence.trimStart().length;
    const isClause = !isHeading && !/\?["'”’)]*\s*$/.test(words) && !(isFragment === true && index === 0);
    return words === '' ? [] : [{ text: words, line: line + lineAt(plain, from + skipped) - 1, isClause }];
  });
}
