import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateCommunities } from '../../../docker/cli/migrate.ts';
import { communities } from '../../../schema/record/vocabulary.ts';
import { runHub } from '../../helpers/command-line.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'jcu-migrate-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

test('`hub migrate` migrates all communities, each with its own store, or one', async () => {
  const all = await runHub(home, 'migrate');
  expect([all.code, all.out.trim().split('\n')]).toEqual([
    0,
    communities.map((name) => `${name}: there is nothing to migrate`),
  ]);
  const one = await runHub(home, 'migrate', 'europol', '--preview');
  expect([one.code, one.out]).toEqual([0, 'europol: there is nothing to migrate\n']);
});

test('`hub migrate` describes itself with examples, and refuses an unknown community', async () => {
  const { code, out } = await runHub(home, 'migrate', '--help');
  expect([code, out]).toEqual([0, expect.stringContaining('npx hub migrate enisa --preview')]);
  const wrong = await runHub(home, 'migrate', 'nowhere');
  expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('expected a community (enisa,')]);
});

test('refuses to migrate all communities when JCU_STORE_URI names one store', async () => {
  process.env['JCU_STORE_URI'] = 'mongodb://nowhere.invalid';
  try {
    await expect(migrateCommunities(home, undefined, {})).rejects.toThrow("is one community's store");
  } finally {
    delete process.env['JCU_STORE_URI'];
  }
});
