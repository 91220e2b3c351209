import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTableCurrent, settingsTable } from '../../../docker/deploy/settings-table.ts';

const root = join(import.meta.dirname, '..', '..', '..');
/** Not the hub's: what a library is told, and who sits at the terminal. */
const foreign = new Set(['APOLLO_TELEMETRY_DISABLED', 'USER']);

function variablesIn(folder: string): readonly string[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [
      ...readFileSync(join(root, folder, file), 'utf8').matchAll(/env(?:\['|\.)([A-Z]\w+)/g),
    ])
    .map(([, name = '']) => name);
}

test('the committed table of settings is the one that the code declares', () => {
  expect(isTableCurrent()).toBe(true);
  expect(settingsTable()).not.toContain(root);
});

test('hub, subgraphs and contract read no variable but by a declaration', () => {
  // The one that looks whether it stands beside the hub's settings decides nothing by their values.
  const read = ['gateway', 'subgraphs', 'schema'].flatMap(variablesIn).filter((name) => !foreign.has(name));
  expect(read).toEqual(['NODE_ENV']);
});
