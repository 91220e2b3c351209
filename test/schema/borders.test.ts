import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { communities } from '../../schema/record/vocabulary.ts';

type Override = {
  readonly files: readonly string[];
  readonly rules: {
    readonly 'no-restricted-imports'?: readonly [
      string,
      { readonly patterns: readonly { readonly group: readonly string[] }[] },
    ];
  };
};
const { overrides } = JSON.parse(readFileSync(new URL('../../.oxlintrc.json', import.meta.url), 'utf8')) as {
  readonly overrides: readonly Override[];
};

/** What lint keeps a folder from importing. */
function forbiddenIn(folder: string): readonly string[] {
  return overrides
    .filter(({ files }) => files.includes(`${folder}/**/*.ts`))
    .flatMap(({ rules }) => rules['no-restricted-imports']?.[1].patterns.flatMap(({ group }) => group) ?? []);
}

test.each(communities)('lint keeps the %s subgraph from importing another, the hub, or the tests', (name) => {
  const others = communities.filter((other) => other !== name).map((other) => `**/${other}/**`);
  const forbidden = forbiddenIn(`subgraphs/${name}`);
  expect(forbidden).toEqual(
    expect.arrayContaining(['**/gateway/**', '**/docker/**', '**/test/**', ...others]),
  );
  expect(forbidden).not.toContain(`**/${name}/**`);
});

test('lint keeps what all subgraphs share from importing any of them', () => {
  expect(forbiddenIn('subgraphs/serve')).toEqual(
    expect.arrayContaining(['**/gateway/**', ...communities.map((name) => `**/${name}/**`)]),
  );
});
