import { expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { toReader } from '../../../../docker/cli/operate.ts';
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
});

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

function scriptsOf(page: string): readonly string[] {
  return [...page.matchAll(/<script[^>]*>(.*?)<\/script>/gs)].map(([, text = '']) => text);
}

test('escapes text in the page, loads nothing, and links every rule to its reason', () => {
  const page = toHtml([hostile], source);
  // The content security policy of the page names the hash of its only script: no other can run.
  const scripts = scriptsOf(page);
  expect(scripts).toHaveLength(1);
  const hash = createHash('sha256')
    .update(scripts[0] ?? '')
    .digest('base64');
  expect(page).toContain(`script-src 'sha256-${hash}'`);
  expect(page).not.toContain('<script>alert');
  expect(page).not.toContain('<img');
  expect(page).not.toContain('<b>');
  expect(page).toContain('&#60;script&#62;');
  const whole = toHtml(tables, source);
  expect(whole).not.toMatch(/ src=|url\(|@import|https?:/);
  const linked = [...whole.matchAll(/href="#([^"]+)"/g)].map(([, id = '']) => id);
  for (const id of new Set(linked)) expect(whole).toContain(`id="${id}"`);
});

/** An element of a page as far as the search uses it. */
function element(textContent: string, below: Readonly<Record<string, readonly object[]>> = {}) {
  return { textContent, hidden: false, querySelectorAll: (selector: string) => below[selector] ?? [] };
}

test('hides the rows and tables without the words that are searched for', () => {
  const [row, other] = [element('sightings of MISP events J13'), element('title J14')];
  const heads = (text: string) => ({ 'h2, .kinds, thead th': [element(text)] });
  const first = element('', { ...heads('read the content'), 'tbody tr': [row, other] });
  const second = element('', { ...heads('change'), 'tbody tr': [element('title')] });
  const found = element('');
  const listeners: (() => void)[] = [];
  const input = {
    value: '',
    addEventListener: (_name: string, listener: () => void) => listeners.push(listener),
  };
  const document = {
    getElementById: (id: string) => (id === 'search' ? input : found),
    querySelectorAll: () => [first, second],
  };
  runInNewContext(scriptsOf(toHtml(tables, source))[0] ?? '', { document });
  input.value = ' Sightings  READ ';
  listeners[0]?.();
  expect([row.hidden, other.hidden, first.hidden, second.hidden]).toEqual([false, true, false, true]);
  expect(found.textContent).toBe('1 rows');
  input.value = '';
  listeners[0]?.();
  expect([other.hidden, second.hidden, found.textContent]).toEqual([false, false, '']);
});

test('shows the access of one reader only', () => {
  const of = (as: string) => tablesOf(source, toReader(as, { purpose: 'incident-response' }));
  const auditor = of('policy-auditor');
  expect(auditor.length).toBeGreaterThan(0);
  expect(auditor.flatMap(({ kinds }) => kinds)).not.toContain('Advisory');
  const analyst = of('cert-eu-analyst');
  expect(analyst.flatMap(({ kinds }) => kinds)).toContain('Advisory');
  for (const { columns } of analyst)
    for (const readers of columns) for (const one of readers) expect(one).toMatch(/^anyone\b/);
  expect(toHtml(analyst, source, 'cert-eu-analyst')).toContain('Access of cert-eu-analyst by record');
});
