/** Values by name. */
export type Values = Readonly<Record<string, unknown>>;

/** A state that was reached, when, and the facts that were known when it was left. */
export type Place = { readonly state: string; readonly since: Date; readonly facts: Values };

/** Every state that was reached, oldest first, and the fields of the record. Empty before the creating move. */
export type World = { readonly history: readonly Place[]; readonly fields: Values };

/** Returns the last state of a history. */
export function lastOf({ history }: Pick<World, 'history'>): Place {
  const last = history.at(-1);
  if (last === undefined) throw new Error('expected a history with a state');
  return last;
}
