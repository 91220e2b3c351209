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

/** Returns the import patterns that lint forbids in a folder. */
function forbiddenIn(folder: string): readonly string[] {
  return overrides
    .filter(({ files }) => files.includes(`${folder}/**/*.ts`))
    .flatMap(({ rules }) => rules['no-restricted-imports']?.[1].patterns.flatMap(({ group }) => group) ?? []);
}

test.each(communities)(
  'lint forbids the %s subgraph to import another one, the gateway, docker or tests',
  (name) => {
    const others = communities.filter((other) => other !== name).map((other) => `**/${other}/**`);
    const forbidden = forbiddenIn(`subgraphs/${name}`);
    expect(forbidden).toEqual(
      expect.arrayContaining(['**/gateway/**', '**/docker/**', '**/test/**', ...others]),
    );
    expect(forbidden).not.toContain(`**/${name}/**`);
  },
);

test('lint forbids subgraphs/serve to import the gateway or a community', () => {
  expect(forbiddenIn('subgraphs/serve')).toEqual(
    expect.arrayContaining(['**/gateway/**', ...communities.map((name) => `**/${name}/**`)]),
  );
});
