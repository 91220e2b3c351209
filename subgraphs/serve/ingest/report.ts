import type { Prepared } from './prepare.ts';

/** The counts of an import. */
export type IngestReport = {
  readonly read: number;
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Records that were left out, because the store has a newer version. */
  readonly older: number;
  /** Stored records that the source does not have any more. */
  readonly withdrawn: number;
  readonly rejected: number;
  /** Fields that were left out because of a fault. Their records were imported. */
  readonly faults: number;
  /** Records of the file, such as events, of which an item was left out because of a fault. */
  readonly partial: number;
  readonly classified: number;
  /** Records that only their originator and custodian can read. */
  readonly closed: number;
  /** The number of parts of the files that have no place in the community, by type. */
  readonly skipped: Readonly<Record<string, number>>;
  /** The files that could not be read to the end, and other limits of the import, with the reason. */
  readonly broken: readonly string[];
  readonly notes: readonly string[];
};

/** An import that could not continue: the counts until then, and the reason (`cause`). */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly report: IngestReport;

  constructor(report: IngestReport, cause: unknown) {
    super('the import was interrupted', { cause });
    this.report = report;
  }
}

/** Returns whether a value of the record may stand in a report: the record is open to a community, and no part is hidden. */
export function isLoggable({
  envelope: { marking, audience, portions, embargoUntil, personalData },
}: Prepared): boolean {
  const isOpen = marking.tlp === 'CLEAR' || marking.tlp === 'GREEN';
  const isLimited =
    audience.reach === 'NAMED' ||
    marking.extraRestrictions.length > 0 ||
    marking.handlingCodes.length > 0 ||
    marking.distribution !== 'NONE' ||
    embargoUntil !== null ||
    personalData !== null;
  return isOpen && !isLimited && portions.length === 0;
}

/**
 * Returns whether only originator and custodian can read a record, because it names no other reader or has a restriction.
 */
export function isClosed({ mapped, envelope: { marking, audience } }: Prepared): boolean {
  if (mapped.withdrawn === true) return false;
  if (marking.extraRestrictions.length > 0 || marking.handlingCodes.includes('H3')) return true;
  const isOpen = (marking.tlp === 'CLEAR' || marking.tlp === 'GREEN') && audience.reach !== 'NAMED';
  const { organisations, sharingGroups, persons, agreements } = audience;
  return !isOpen && [organisations, sharingGroups, persons, agreements].every((names) => names.length === 0);
}
