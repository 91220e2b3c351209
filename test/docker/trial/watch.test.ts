import { expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { communities } from '../../../schema/record/vocabulary.ts';
import { partsAffectedBy, watchSources } from '../../../docker/trial/watch.ts';

test.each([
  ['gateway/plan/plan.ts', ['hub']],
  ['subgraphs/enisa/records.ts', ['enisa']],
  ['subgraphs/serve/main.ts', communities],
  ['schema/record/marking.ts', ['hub', 'issuer', ...communities]],
  ['schema/supergraph.graphql', ['hub', 'issuer', ...communities]],
  ['docker/trial/issuer/login.ts', ['issuer']],
  ['gateway/README.md', []],
  ['schema/policy/baseline.yaml', []],
])('names the parts that a change of %s restarts', (file, parts) => {
  expect(partsAffectedBy(file)).toEqual(parts);
});

test('restarts a changed part once for several writes, and again after a failed restart', async () => {
  const root = mkdtempSync(join(tmpdir(), 'jcu-watch-'));
  const write = (file: string) => {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    writeFileSync(join(root, file), `${Math.random()}`);
  };
  for (const file of ['gateway/a.ts', 'schema/a.ts', 'subgraphs/enisa/a.ts', 'docker/trial/issuer/a.ts'])
    write(file);
  const restarted: string[] = [];
  const lines: string[] = [];
  const restart = async (part: string) => {
    if (restarted.push(part) === 1) throw new Error('it does not compile');
  };
  const until = async (count: number) => {
    while (restarted.length < count) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  try {
    await using _watcher = watchSources({ root, restart, report: (line) => void lines.push(line) });
    for (let times = 0; times < 3; times += 1) write('gateway/a.ts');
    await until(1);
    write('subgraphs/enisa/a.ts');
    await until(2);
  } finally {
    rmSync(root, { recursive: true });
  }
  expect(restarted).toEqual(['hub', 'enisa']);
  expect(lines).toContain('it does not compile');
  expect(lines.at(-1)).toMatch(/^enisa: restarted in /);
});
