import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTableCurrent, settingsTable } from '../../../docker/deploy/settings-table.ts';

const root = join(import.meta.dirname, '..', '..', '..');
/** Variables that are not settings of the hub. */
const foreign = new Set(['APOLLO_TELEMETRY_DISABLED', 'USER']);

function variablesIn(folder: string): readonly string[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return (
    files
      // The cookbook's programs are clients: their variables are no settings of the hub.
      .filter((file) => file.endsWith('.ts') && !file.startsWith('cookbook/'))
      .flatMap((file) => [
        ...readFileSync(join(root, folder, file), 'utf8').matchAll(/env(?:\['|\.)([A-Z]\w+)/g),
      ])
      .map(([, name = '']) => name)
  );
}

test('the committed table of settings matches the declarations', () => {
  expect(isTableCurrent()).toBe(true);
  expect(settingsTable()).not.toContain(root);
});

test('hub, subgraphs and contract read variables through declarations only', () => {
  // NODE_ENV is read directly by the open wiring, which refuses to start in production.
  const read = ['gateway', 'subgraphs', 'schema'].flatMap(variablesIn).filter((name) => !foreign.has(name));
  expect(read).toEqual(['NODE_ENV']);
});
