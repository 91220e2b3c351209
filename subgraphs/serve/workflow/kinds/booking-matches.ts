import { organisationsIn } from '../../../../schema/workflow/engine/condition.ts';
import type { Workflow } from '../../../../schema/workflow/language/load.ts';
import type { Content } from '../../record/content.ts';
import type { Row } from '../../read/row.ts';
import { modelOf } from '../../store/collections.ts';
import type { CommunityStore } from '../../store/store.ts';
import { type Candidate, findUnfit, reasonsOf } from './booking-fit.ts';
import { findFree, type Period } from './bookings.ts';
import { partOf } from '../named-parts.ts';
import type { StoredProgress } from '../progress-store.ts';

/** A person or unit that fits a mobilisation, with the reasons. */
export type Match = { readonly unit: string; readonly reasons: readonly string[] };

/** The mobilisation that a person or unit is to fit, as the reader sees it, and the period. */
export type Wanted = { readonly mobilisation: Content; readonly period: Period; readonly now: Date };

/**
 * Returns the persons and units of a team that can be offered, fit, and are free in the period. `parts` are those that the
 * reader may see. The checks of the records and of the time are those of an offer. The limits of bookings are not checked: an
 * offer is also refused for 100 bookings of one unit, 50 of the mobilisation and 100 units of the team.
 */
export async function findMatches(
  store: CommunityStore,
  of: Workflow,
  row: Row,
  parts: readonly StoredProgress[],
  wanted: Wanted,
): Promise<readonly Match[]> {
  const { type, envelope, content, decision } = row;
  const { hidden } = decision;
  const team = Object.fromEntries(Object.entries(content).filter(([name]) => !hidden.has(name)));
  const [provider] = organisationsIn(team['provider'] ?? null);
  if (provider === undefined) return [];
  const from = of.moves['offer']?.from ?? [];
  const candidates = parts.flatMap(({ part = null, progress }): Candidate[] => {
    const unit = partOf(of, team, { part });
    return unit === null || !from.includes(progress.state) ? [] : [{ unit, team, progress, ...wanted }];
  });
  const fitting = candidates.filter((candidate) => findUnfit(of, row, candidate) === null);
  const kind = { type, collection: modelOf(store, type).collection.name };
  const names = fitting.map(({ unit }) => unit.name);
  const at = { kind, exercise: envelope.exercise, provider };
  const free = await findFree(store, at, names, wanted.period, wanted.now);
  return fitting
    .filter(({ unit }) => free.has(unit.name))
    .map((candidate) => ({ unit: candidate.unit.name, reasons: reasonsOf(candidate) }));
}

/** Returns whether a person has a role with which offers are made. */
export function mayOffer({ moves }: Workflow, roles: readonly string[]): boolean {
  const by = moves['offer']?.by ?? 'system';
  return typeof by !== 'string' && by.some((who) => who.roles?.some((role) => roles.includes(role)) === true);
}
