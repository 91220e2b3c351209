import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { importAliasTable } from '../../../docker/cli/import.ts';
import { makeFolder } from '../trial/stores/place.ts';

test('rejects an unknown option instead of reading it as a file', async () => {
  await using place = await makeFolder();
  mkdirSync(join(place.folder, 'rejects'));
  await expect(importAliasTable(place.folder, ['a.json', '--tlp', 'CLEAR'])).rejects.toThrow(
    'import registry: expected files, --exercise ID, --rejects FOLDER or --help',
  );
  await expect(importAliasTable(place.folder, ['a.json', '--rejects'])).rejects.toThrow('--rejects');
});
