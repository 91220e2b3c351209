import type { Table } from './table.ts';

const heads = ['may', 'fields', 'kinds', 'never by', 'records', 'readers', 'decision', 'by rules'] as const;

/**
 * Formats tables as CSV (RFC 4180), one line per cell. Text that a spreadsheet would run as a formula is prefixed with
 * an apostrophe.
 */
export function toCsv(tables: readonly Table[]): string {
  const lines = tables.flatMap(({ may, groups, kinds, never, columns, rows }) =>
    rows.flatMap(({ records, cells }) =>
      columns.map((readers, at) => {
        const rules = cells[at] ?? [];
        const access = [may.join(', '), groups.join(', '), kinds.join(', '), never.join(', ')];
        const decision = rules.length === 0 ? 'refused' : 'allowed';
        return [...access, records.join('; or '), readers.join('; or '), decision, rules.join(' ')];
      }),
    ),
  );
  return [heads, ...lines].map((line) => `${line.map(quote).join(',')}\r\n`).join('');
}

function quote(text: string): string {
  const isFormula = /^[=+\-@\t\r\n]/.test(text);
  return `"${(isFormula ? `'${text}` : text).replaceAll('"', '""')}"`;
}
