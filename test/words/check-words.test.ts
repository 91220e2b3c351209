import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { filesOf, findingsIn } from './check-words.ts';

test.each([
  ['gateway/a.ts', 'let a = 1;\n/** Builds it anew. */', 2, 'anew'],
  ['gateway/a.ts', '// Reads the file,\n// which is read anew.', 1, 'anew'],
  [
    'gateway/a.ts',
    '/**\n * Returns the row.\n * What a reader sees is decided.\n */',
    3,
    'What ... as a subject',
  ],
  ['gateway/a.ts', "throw new Error('expected a file that is written anew');", 1, 'anew'],
  ['gateway/a.ts', 'const a = `${b} of 3 files are told of it`;', 1, 'told'],
  ['gateway/a.ts', '// Starts a process of its own.', 1, 'of its own'],
  ['test/a.test.ts', "test('what is hidden stays hidden', () => {});", 1, 'What ... as a subject'],
  ['test/a.test.ts', "test.each([['a']])('the door stays closed', () => {});", 1, 'door'],
  ['test/README.md', '# Tests\n\nText.\n\n- one\n- told in\n  two lines\n', 6, 'told'],
  ['a.md', '| a | b |\n| - | - |\n| x | the knife |\n', 3, 'knife'],
  ['schema/a.yaml', 'a: 1\n# seldom\n', 2, 'seldom'],
  ['schema/a.yaml', '- id: J1\n  because: The holder of it.\n', 2, 'holder'],
  ['schema/a.graphql', 'type A {\n  """\n  Whoever asks.\n  """\n  a: ID\n}', 2, 'whoever'],
])('reports a banned term in %s with its line: %j', (file, source, line, term) => {
  expect(findingsIn(file, source)).toEqual([
    { file, line, term, instead: expect.any(String), sentence: expect.any(String) },
  ]);
});

test.each([
  ['gateway/a.ts', 'const told = /anew/; const anew = a / told / b; // a ratio'],
  ['gateway/a.ts', 'const a = `${`told ${told}`}`;'],
  ['gateway/a.ts', '// Calls `told` of https://example.org/told.'],
  ['test/a.test.ts', "expect(run('you are told of it')).toBe('told');"],
  ['a.md', '```\nnpm run told\n```\n\nSee [the list](told.md).\n'],
  ['subgraphs/enisa/sources/a.ts', '// Reads a label.'],
  ['gateway/a.ts', '// Reads the records of its own community.'],
  ['a.md', '## What it is\n\nWhat does a reader see?\n'],
  ['schema/a.yaml', 'told: told\nwidenings: [being told]\n'],
  ['schema/a.yaml', 'because: The lease of the holder ended.\n'],
  ['schema/a.graphql', 'type Door {\n  "Counts, never names: suspects, victims, witnesses."\n  told: ID\n}'],
])('does not report code, links, questions and exceptions in %s: %j', (file, source) => {
  expect(findingsIn(file, source)).toEqual([]);
});

test('finds the texts of the project, without copies, caches and dependencies', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jcu-words-'));
  try {
    for (const path of [
      'README.md',
      'schema/hub.graphql',
      'schema/supergraph.graphql',
      'schema/policy/released/domain.yaml',
      'node_modules/a/index.ts',
      'test/mutants/node_modules/a/index.ts',
      '.jcu/state.yaml',
      'LICENSE',
    ]) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), '');
    }
    expect(filesOf(folder)).toEqual(['README.md', 'schema/hub.graphql']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
