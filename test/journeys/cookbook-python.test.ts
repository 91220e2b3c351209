import { expect, test } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { standing, tokenOf } from '../helpers/ask.ts';
import { cookbook, readCookbook, readRecipe } from '../helpers/cookbook.ts';
import { findPythonGql } from '../helpers/python-gql.ts';

const run = promisify(execFile);
const cwd = join(cookbook, 'python');
const gql = await findPythonGql();

async function envOf(recipe: string) {
  const token = await tokenOf(standing(), readRecipe(recipe).reader);
  return { ...process.env, PYTHONDONTWRITEBYTECODE: '1', JCU_URL: standing().url, JCU_TOKEN: token };
}

type Line = {
  readonly recordId?: string;
  readonly mayRepeat?: boolean;
  readonly page?: { readonly changes: readonly object[] };
};

function linesOf(file: string): readonly Line[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Returns the records of a complete copy, in the order of their ids. Whether one was repeated depends on the time of the kill. */
function recordsOf(file: string): readonly Line[] {
  const records = linesOf(file).flatMap(({ mayRepeat: _mayRepeat, ...line }) =>
    line.recordId === undefined ? [] : [line],
  );
  return records.toSorted((one, other) => ((one.recordId ?? '') < (other.recordId ?? '') ? -1 : 1));
}

/** Runs the script to its end. If a community did not answer on a busy machine, runs it again, as it says. */
async function sync(python: string, file: string): Promise<string> {
  const env = await envOf('09-changes');
  for (let turn = 0; ; turn += 1) {
    try {
      return (await run(python, ['sync.py', file], { env, cwd })).stdout;
    } catch (error) {
      const { stderr = '' } = error as { readonly stderr?: string };
      if (turn === 5 || !stderr.includes('run it again')) throw error;
    }
  }
}

/** Starts the script and kills it after the first page that it reports. */
async function kill(python: string, file: string): Promise<void> {
  const child = spawn(python, ['sync.py', '--page', '2', file], { env: await envOf('09-changes'), cwd });
  const ended = new Promise((resolve) => void child.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (text: Buffer) => (said += text.toString()));
    child.stdout.on('data', (text: Buffer) => {
      if (/ changes, /.test(text.toString())) resolve();
    });
    child.once('close', () => {
      reject(new Error(`expected a page before the end: ${said}`));
    });
  });
  child.kill('SIGKILL');
  await ended;
}

/** Checks that a copy drops what is not listed again, and keeps the rest. Prints the ids. */
const startingOver = `
from sync import Copy
copy = Copy("none")
page = lambda ids, over, last: {"community": "enisa", "page": {"cursor": "c", "startsOver": over, "isLast": last,
  "changes": [{"recordId": one, "record": {}} for one in ids]}}
copy.apply({"community": "eeas", "recordId": "other"})
copy.apply(page(["kept", "lost", "later"], False, True))
copy.apply(page(["kept"], True, False))
copy.apply(page(["later"], False, True))
print(" ".join(sorted(copy.records)))
`;

// A machine without Python shows the tests as skipped, with what is missing.
if ('missing' in gql) {
  // oxlint-disable-next-line jest/no-disabled-tests jest/expect-expect
  test.skip(`runs the cookbook's Python programs (skipped: ${gql.missing})`, () => undefined);
} else {
  test('copies the records that a reader may see, and continues after a kill', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cookbook-'));
    try {
      const [killed, whole] = [join(folder, 'killed.jsonl'), join(folder, 'whole.jsonl')];
      await kill(gql.python, killed);
      // The kill is placed here, so that the test does not depend on its time: one page, and a line that is incomplete.
      const [first = ''] = readFileSync(killed, 'utf8').split('\n');
      const { page } = JSON.parse(first) as Line;
      expect(page?.changes).toHaveLength(2);
      writeFileSync(killed, `${first}\n${first.slice(0, first.length / 2)}`);
      expect(await sync(gql.python, killed)).toMatch(/^continues with 2 records, 1 cursors$/m);

      expect(await sync(gql.python, whole)).toMatch(/^continues with 0 records, 0 cursors$/m);
      expect(recordsOf(whole).length).toBeGreaterThan(20);
      expect(recordsOf(killed)).toEqual(recordsOf(whole));
      const ids = recordsOf(killed).map(({ recordId }) => recordId);
      expect(new Set(ids).size).toBe(ids.length);

      const count = `${recordsOf(whole).length} records`;
      const again = await sync(gql.python, whole);
      expect(again).toContain(`continues with ${count}, 6 cursors`);
      expect(again).toContain(`complete: ${count}`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('drops from a copy the records that are not listed again when the changes begin again', async () => {
    const { stdout } = await run(gql.python, ['-c', startingOver], { env: await envOf('09-changes'), cwd });
    expect(stdout.trim()).toBe('kept later other');
  });

  test('runs the cells of the notebook as one script', async () => {
    type Cell = { readonly cell_type: string; readonly source: readonly string[] };
    const { cells } = JSON.parse(readCookbook('python/incidents.ipynb')) as {
      readonly cells: readonly Cell[];
    };
    const code = cells.filter((cell) => cell.cell_type === 'code').map(({ source }) => source.join(''));
    expect(code.length).toBeGreaterThan(3);
    const env = await envOf('06-incidents-of-member-state');
    const { stdout } = await run(gql.python, ['-c', code.join('\n')], { env, cwd });
    expect(stdout.trimEnd().split('\n')).toEqual([
      'public 2026-09-15 EXERCISE: appliances of public bodies opened',
      'Union entity 2026-09-15 EX-2026-0117 CONTAINED',
      'NIS2 2026-09-17 health EX-ENTITY-01',
      '2026-09 # 1',
      'not in our catalogue: CVE-2099-10004 2026-10-05',
    ]);
  });
}
