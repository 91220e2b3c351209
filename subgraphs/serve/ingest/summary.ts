import type { IngestReport } from './report.ts';

/** Formats the summary of an import: the counts, then a line for everything that was not imported as it is. */
export function formatSummary(
  name: string,
  report: IngestReport,
  ms: number,
  rejectsPath: string,
): readonly string[] {
  const { read, added, changed, unchanged, older, withdrawn, rejected, classified } = report;
  const rate = Math.round((read / Math.max(ms, 1)) * 1000);
  const skipped = Object.entries(report.skipped).map(([type, count]) => `${type} ${count}`);
  return [
    `${name}: ${read} read; ${added} new, ${changed} changed, ${unchanged} unchanged records; ` +
      `${rejected} rejected, ${classified} classified; ${(ms / 1000).toFixed(1)} s (${rate} records/s)`,
    ...line(older, 'older than the stored version, left out'),
    ...line(withdrawn, 'withdrawn, because the source does not have them any more'),
    ...line(report.closed, 'readable only by their originator and custodian: no audience, or a restriction'),
    ...(skipped.length === 0 ? [] : [`not imported, because they have no place here: ${skipped.join(', ')}`]),
    ...line(report.faults, 'fields or items left out because of a fault'),
    ...line(report.partial, 'imported in part: an item was left out'),
    ...report.notes,
    ...(rejected + classified + report.faults > 0
      ? [`rejected records and faulty fields, with position and reason: ${rejectsPath}`]
      : []),
  ];
}

function line(count: number, text: string): readonly string[] {
  return count === 0 ? [] : [`${count} ${text}`];
}
