import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { As } from './ask.ts';

/** The folder of the cookbook. */
export const cookbook = join(import.meta.dirname, '..', '..', 'gateway', 'cookbook');

/** An operation of the cookbook, with what its comments say and with its sample variables. */
export type Recipe = {
  readonly name: string;
  readonly text: string;
  readonly question: string;
  readonly reader: As & { readonly purpose: string };
  readonly variables: Readonly<Record<string, unknown>>;
};

/** Reads a file of the cookbook. */
export function readCookbook(path: string): string {
  return readFileSync(join(cookbook, path), 'utf8');
}

/** Reads all operations of the cookbook, in the order of their names. */
export function readRecipes(): readonly Recipe[] {
  const files = readdirSync(cookbook).filter((file) => file.endsWith('.graphql'));
  const names = files.map((file) => file.slice(0, -'.graphql'.length));
  return names.toSorted().map(readRecipe);
}

/** Reads an operation of the cookbook by its name, such as `12-search`. */
export function readRecipe(name: string): Recipe {
  const text = readCookbook(`${name}.graphql`);
  const comment = (key: string) => {
    const found = new RegExp(`^# ${key}: (.+)$`, 'm').exec(text)?.[1];
    if (found === undefined) throw new Error(`${name}.graphql: expected a comment "# ${key}: ..."`);
    return found;
  };
  return {
    name,
    text,
    question: comment('Question'),
    reader: { as: comment('Reader'), purpose: comment('Purpose'), picture: 'exercise:trial-2026' },
    variables: JSON.parse(readCookbook(`${name}.json`)),
  };
}
