import { slugOf } from '../../../../schema/workflow/graph/names.ts';

/** An assessment of the level of a case: its level as a declaration or the graph names it, and its Member State if it has one. */
type Assessment = { readonly value?: unknown; readonly memberState?: unknown };

/**
 * Returns the Member States whose authorities call a case an incident, each once. Empty if they are fewer than two, or if any
 * current assessment says more.
 */
export function statesOfUnclassified(current: readonly Assessment[]): readonly string[] {
  const isUnclassified = current.every(
    ({ value }) => typeof value === 'string' && slugOf(value) === 'incident',
  );
  const named = current.flatMap(({ memberState }) => (typeof memberState === 'string' ? [memberState] : []));
  const states = [...new Set(named)];
  return isUnclassified && states.length >= 2 ? states : [];
}
