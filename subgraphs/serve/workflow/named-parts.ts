import { initialState } from '../../../schema/workflow/language/check-states.ts';
import type { Workflow } from '../../../schema/workflow/language/load.ts';
import type { Content } from '../record/content.ts';
import type { ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import type { Row } from '../read/row.ts';
import { isOfRecord } from './parties.ts';
import { maxThreads, progressId, type StoredProgress } from './progress-store.ts';
import { actorOn } from './relations.ts';

/** A part that the content of a record names, such as a member of a team, with the item that names it. */
export type NamedPart = { readonly name: string; readonly item: Content; readonly field: string };

/** Returns the parts that a record names, in the order of its lists. `content` has no field that the reader may not see. */
export function partsNamedIn(
  { parts = {} }: Pick<Workflow, 'parts'>,
  content: Content,
): readonly NamedPart[] {
  return Object.entries(parts).flatMap(([field, by]) => {
    const items: readonly unknown[] = Array.isArray(content[field]) ? content[field] : [];
    return items.flatMap((item) => {
      if (typeof item !== 'object' || item === null) return [];
      const name: unknown = Reflect.get(item, by);
      return typeof name === 'string' && name !== '' ? [{ name, item: item as Content, field }] : [];
    });
  });
}

/** Returns whether all lists that name parts are among the fields that a reader may see. */
export function seesAllParts({ parts = {} }: Pick<Workflow, 'parts'>, hidden: ReadonlySet<string>): boolean {
  return Object.keys(parts).every((field) => !hidden.has(field));
}

/** Returns where a part stands on which no move was made: in the initial state, since the record exists. */
export function unmovedPart(
  of: Workflow,
  { record, since }: { readonly record: string; readonly since: Date },
  part: string,
): StoredProgress {
  const progress = { state: initialState(of), since, facts: {}, former: null };
  const _id = progressId(record, { organisation: null, part });
  return { _id, record, workflow: of.name, organisation: null, part, version: 0, progress };
}

/** Returns whether a move was made on a part. */
export function isStored({ version }: StoredProgress): boolean {
  return version > 0;
}

/** Returns the part of the content that a progress belongs to. Null if the record no longer names it. */
export function partOf(
  of: Pick<Workflow, 'parts'>,
  content: Content,
  { part = null }: Pick<StoredProgress, 'part'>,
): NamedPart | null {
  return partsNamedIn(of, content).find(({ name }) => name === part) ?? null;
}

/**
 * Returns the parts of a record that a reader may see. If the content names them, also those on which no move was made; one
 * that it no longer names is shown only to the relations that see its details, and no part of a list that is hidden.
 */
export function partsShown(
  of: Workflow,
  { id, content, envelope, decision: { hidden } }: Pick<Row, 'id' | 'content' | 'envelope' | 'decision'>,
  readerAccess: ReaderAccess,
  stored: readonly StoredProgress[],
): readonly StoredProgress[] {
  const moved = stored.filter((one) => !isOfRecord(one));
  if (of.parts === undefined) return moved;
  const seen = Object.fromEntries(Object.entries(content).filter(([name]) => !hidden.has(name)));
  const names = new Set(partsNamedIn(of, seen).map(({ name }) => name));
  const known = new Map(moved.map((one) => [one.part, one]));
  const since = { record: id, since: envelope.receivedAt };
  const named = [...names]
    .slice(0, maxThreads)
    .map((name) => known.get(name) ?? unmovedPart(of, since, name));
  const isRemoved = ({ part = null, progress }: StoredProgress): boolean => {
    if (names.has(part ?? '') || !seesAllParts(of, hidden)) return false;
    const { relations } = actorOn(of, readerAccess, { ...content, ...progress.facts }, null);
    return detailsFor(of, relations) !== null;
  };
  return [...named, ...moved.filter(isRemoved)];
}

/** Returns from which move on these relations see a part: `all`, or the name of a move. Null if they see its state only. */
export function detailsFor(
  { details }: Pick<Workflow, 'details'>,
  relations: ReadonlySet<string>,
): string | null {
  if (details === undefined) return 'all';
  const seen = Object.entries(details).flatMap(([name, from]) => (relations.has(name) ? [from] : []));
  return seen.includes('all') ? 'all' : (seen[0] ?? null);
}

/** Returns all moves, or those from the last one of this name on. */
export function movesSince<Move extends { readonly move?: unknown }>(
  from: string,
  moves: readonly Move[],
): readonly Move[] {
  if (from === 'all') return moves;
  const last = moves.findLastIndex(({ move }) => move === from);
  return last < 0 ? [] : moves.slice(last);
}
