import type { HeldOffice } from '../../schema/protocol/reader.ts';
import { loadOffices } from '../../schema/workflow/language/load.ts';

/** The office of a person of an organisation, valid from `from` until `until`. Its name is one of `offices.yaml`. */
export type OfficeEntry = {
  readonly _id: string;
  readonly office: string;
  /** The subject of the person's tokens. */
  readonly subject: string;
  /** The organisation that the person acts for in the office. */
  readonly organisation: string;
  readonly from: Date;
  readonly until: Date;
};

/** The declared offices, with the roles of which a person must have one. */
const declared = new Map(Object.entries(loadOffices()));

/** The names of the declared offices. An entry with another name gives no office. */
export const officeNames: readonly string[] = [...declared.keys()];

/**
 * Returns the offices of a member among entries that are in force, each once with its last end. An entry counts only for
 * its person and its organisation, and only if the person has one of the roles that the office requires.
 */
export function officesOf(
  {
    _id,
    organisation,
    roles,
  }: { readonly _id: string; readonly organisation: string; readonly roles: readonly string[] },
  entries: readonly OfficeEntry[],
): readonly HeldOffice[] {
  const ends = new Map<string, Date>();
  for (const entry of entries) {
    const isOwn = entry.subject === _id && entry.organisation === organisation;
    if (!isOwn || !isSuitable(entry.office, roles)) continue;
    const other = ends.get(entry.office);
    if (other === undefined || other < entry.until) ends.set(entry.office, entry.until);
  }
  return [...ends].map(([office, until]) => ({ office, until: until.toISOString() }));
}

/** Returns whether a person with these roles may have an office. */
function isSuitable(office: string, roles: readonly string[]): boolean {
  const required = declared.get(office)?.roles;
  if (required === undefined) return false;
  return required === 'any' || required.some((role) => roles.includes(role));
}
