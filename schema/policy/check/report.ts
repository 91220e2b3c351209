import type { Check } from './check.ts';
import type { Change, Difference } from '../table/diff.ts';
import { isDecidedByRules, exampleOf } from '../table/example.ts';

/** Formats a difference: each block of cells with its example, then the counts. */
export function formatDifference(
  { changes, gained, lost, compared, accesses }: Difference,
  milliseconds: number,
): string {
  const lines = changes.flatMap((change) => [
    `${change.effect === 'gains' ? '+ ' : '- '}${change.words}`,
    `    ${formatExample(change)}`,
  ]);
  const compare = `${compared} cells of ${accesses} tables compared in ${milliseconds.toFixed(0)} ms`;
  const counts = `${gained} cells gained, ${lost} cells lost, in ${changes.length} blocks`;
  return `${[...lines, compare, counts].join('\n')}\n`;
}

/** Formats one reader and one record of a block. */
export function formatExample({ example: { access, column, facts, dimensions } }: Change): string {
  const { reader } = exampleOf(column, facts);
  const who = [
    reader.client === 'machine' ? 'a machine' : reader.onScreen ? 'a person on screen' : 'a person',
    `of ${reader.organisation}`,
    reader.roles.length === 0 ? 'without a role' : `as ${reader.roles.join(' and ')}`,
    reader.purpose === null ? 'stating no purpose' : `stating ${reader.purpose}`,
  ].join(' ');
  const related = column.relation.name === 'anyone' ? '' : `, ${column.relation.name}`;
  const record = dimensions.map((name) => `${name} ${formatValue(name, facts[name] ?? '')}`).join(', ');
  const refused = isDecidedByRules(facts)
    ? ''
    : '; the hub also refuses such a record, whatever the rules are';
  return `example: ${who}${related}: ${access.action} ${access.group} of ${access.kind}, ${record || 'any'}${refused}`;
}

function formatValue(name: string, value: string): string {
  return name === 'codes' ? value.replaceAll(',', '+') || 'empty' : value;
}

/** Formats a check: notes, findings and counts. The last line is "covered N of N, N findings". */
export function formatCheck(
  { coordinates, all, covered, findings, notes, cells }: Check,
  milliseconds: number,
): string {
  const sorts = Object.entries(coordinates).map(([sort, count]) => `${count} ${sort}`);
  const lines = [
    ...notes.map((note) => `note: ${note}`),
    ...findings.map((finding) => `finding: ${finding}`),
    `coordinates: ${sorts.join(', ')}`,
    `truth table: ${cells.all} cells of ${cells.accesses} tables (an action on a group of fields of a kind of record); ` +
      `${cells.tables} tables differ, with ${cells.distinct} cells`,
    `in ${milliseconds.toFixed(0)} ms`,
    `covered ${covered} of ${all}, ${findings.length} findings`,
  ];
  return `${lines.join('\n')}\n`;
}
