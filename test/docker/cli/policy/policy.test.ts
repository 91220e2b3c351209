import { afterAll, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { policyFolder, readPolicyTexts } from '../../../../schema/policy/decide/load.ts';
import { runHub } from '../../../helpers/command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'jcu-policy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

for (const [name, text] of Object.entries(readPolicyTexts()))
  writeFileSync(
    join(folder, name),
    text
      .replace('tlp: [AMBER_STRICT]', 'tlp: [AMBER_STRICT, RED]')
      .replace(
        '  log-keepers:\n',
        '  nobody-asks:\n    is: Readers whom no rule names.\n    client: person\n  log-keepers:\n',
      ),
  );

test('`hub policy check` prints the coverage last, and exits with 1 if there is a finding', async () => {
  const good = await runHub('/nonexistent-home', 'policy', 'check');
  expect(good.code).toBe(0);
  expect(good.out).toMatch(/\nin \d+ ms\ncovered (\d+) of \1, 0 findings\n$/);
  const bad = await runHub('/nonexistent-home', 'policy', 'check', folder);
  expect(bad.code).toBe(1);
  expect(bad.out).toMatch(/finding: readers\.nobody-asks: no rule uses it\n[^]*, 1 findings\n$/);
});

test('`hub policy diff` exits with 0 if access stays the same, 1 if it changes, 2 if a folder has no policy', async () => {
  const same = await runHub('/nonexistent-home', 'policy', 'diff', policyFolder, policyFolder);
  expect(same).toMatchObject({ code: 0 });
  expect(same.out).toMatch(/0 cells gained, 0 cells lost, in 0 blocks\n$/);
  const wider = await runHub('/nonexistent-home', 'policy', 'diff', policyFolder, folder);
  expect(wider.code).toBe(1);
  expect(wider.out).toMatch(/^\+ .*when tlp is RED[^]*\n {4}example: a person /);
  const none = await runHub('/nonexistent-home', 'policy', 'diff', policyFolder, join(folder, 'no-such'));
  expect(none).toMatchObject({ code: 2, out: '', err: expect.stringContaining('no-such') });
});

test('`hub policy table` writes the page to a file, and prints the number of rows', async () => {
  const out = join(folder, 'policy.html');
  const { code, err } = await runHub('/nonexistent-home', 'policy', 'table', '--out', out);
  expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/^\d+ tables, \d+ rows\n$/) });
  expect(readFileSync(out, 'utf8')).toContain('<h2 id="rules">');
});
