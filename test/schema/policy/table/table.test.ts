import { expect, test } from '@jest/globals';
import { policyOfTexts, readPolicyTexts } from '../../../../schema/policy/decide/load.ts';
import { parseLine } from '../../../../schema/policy/table/lines.ts';
import { countRows, type Table, tablesOf } from '../../../../schema/policy/table/table.ts';
import { toCsv } from '../../../../schema/policy/table/table-csv.ts';
import { toHtml } from '../../../../schema/policy/table/table-html.ts';
import { diffPolicies } from '../../../../schema/policy/table/diff.ts';
import { type Listed, findUnlisted } from '../../../../schema/policy/release/widenings.ts';

const texts = readPolicyTexts();
const { source } = policyOfTexts(texts);
const tables = tablesOf(source);

/** The policy with its permissions turned into prohibitions: it allows nothing. */
const { source: closed } = policyOfTexts({
  ...texts,
  'baseline.yaml': (texts['baseline.yaml'] ?? '')
    .replaceAll('effect: permit', 'effect: prohibit')
    .replaceAll(/being: .*/g, 'being: anyone')
    .replaceAll('embargo: [over]', 'embargo: [running, over]'),
});

/** Returns every allowed cell of a table as a line of the diff. */
function linesOf({ may, groups, kinds, never, columns, rows }: Table): readonly Listed[] {
  return rows.flatMap(({ records, cells }) =>
    columns.flatMap((readers, at) =>
      (cells[at] ?? []).length === 0
        ? []
        : records.flatMap((record) =>
            readers.map((reader) => {
              const who = reader.replace(
                /^(.*?), being /,
                (_all, words: string) => `${exclude(words, never)}, being `,
              );
              const when = record === 'any record' ? '' : `, when ${record}`;
              const words = `${who}, may ${may.join(', ')} the ${groups.join(', ')} of ${kinds.join(', ')}${when}`;
              return { file: 'table', words };
            }),
          ),
    ),
  );
}

function exclude(words: string, never: readonly string[]): string {
  if (never.length === 0) return words;
  const nots = never.map((name) => `not ${name}`);
  return words
    .split(' or ')
    .map((each) => [...(each === 'anyone' ? [] : [each]), ...nots].join(' and '))
    .join(' or ');
}

test('lists every allowed cell and no other: the tables equal the diff from a policy that allows nothing', () => {
  expect(diffPolicies(closed, source).lost).toBe(0);
  const lines = tables.flatMap(linesOf);
  expect(lines.length).toBeGreaterThan(countRows(tables));
  for (const { words } of lines)
    expect(parseLine(words, { values: source.dimensions, collections: {} }).may.length).toBeGreaterThan(0);
  expect(findUnlisted(closed, source, lines)).toEqual([]);
  const [table] = tables;
  const fewer = tables.flatMap((one) =>
    one === table ? linesOf({ ...one, rows: one.rows.slice(1) }) : linesOf(one),
  );
  expect(findUnlisted(closed, source, fewer).length).toBeGreaterThan(0);
}, 240_000);

test('stays small enough to read: fewer than 80 tables and 200 rows', () => {
  expect(tables.length).toBeGreaterThan(10);
  expect(tables.length).toBeLessThan(80);
  expect(countRows(tables)).toBeGreaterThan(tables.length);
  expect(countRows(tables)).toBeLessThan(200);
});

const hostile: Table = {
  may: ['read'],
  groups: ['=cmd|"/c calc"!A1'],
  kinds: ['<script>alert(1)</script>'],
  never: ['+1'],
  columns: [['-2', '@SUM(A1)']],
  rows: [{ records: ['\t=1+1', '"><img src=x onerror=alert(1)>'], cells: [['J"01\'<b>']] }],
};

test('escapes formulas and quotes in CSV cells', () => {
  const [, line = '', ...rest] = toCsv([hostile]).split('\r\n');
  expect(rest).toEqual(['']);
  const cells = line.slice(1, -1).split('","');
  expect(cells).toHaveLength(8);
  for (const cell of cells) expect(cell).not.toMatch(/^[=+\-@\t\r]/);
  expect(cells[1]).toBe('\'=cmd|""/c calc""!A1');
});

test('escapes text in the page, loads nothing, and links every rule to its reason', () => {
  const page = toHtml([hostile], source);
  expect(page).not.toContain('<script');
  expect(page).not.toContain('<img');
  expect(page).not.toContain('<b>');
  expect(page).toContain('&#60;script&#62;');
  const whole = toHtml(tables, source);
  expect(whole).not.toMatch(/ src=|url\(|@import|https?:/);
  const linked = [...whole.matchAll(/href="#([^"]+)"/g)].map(([, id = '']) => id);
  for (const id of new Set(linked)) expect(whole).toContain(`id="${id}"`);
});
