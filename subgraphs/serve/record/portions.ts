import type { Portion } from '../../../schema/record/envelope.ts';
import type { Making, Migration } from './migration.ts';

/**
 * Adds portions for the fields that migrations make from a field with a portion. A portion then hides derived fields too,
 * even if it was set by a subgraph that does not know them.
 */
export function portionsToRead(
  portions: readonly Portion[],
  migrations: readonly Migration[],
): readonly Portion[] {
  return migrations.reduce((all, { adds }) => addDerived(all, adds), portions);
}

/**
 * Adds portions for the retired fields that are made from a field with a portion, then does the same as
 * `portionsToRead`. Without this, a subgraph of an older version would show the retired field.
 */
export function portionsToStore(
  portions: readonly Portion[],
  migrations: readonly Migration[],
): readonly Portion[] {
  const back = migrations.toReversed().reduce((all, { retires = {} }) => addDerived(all, retires), portions);
  return portionsToRead(back, migrations);
}

/** One path may have several portions: a reader must pass all of them. */
function addDerived(
  portions: readonly Portion[],
  makings: Readonly<Record<string, Making>>,
): readonly Portion[] {
  const copies = Object.entries(makings).flatMap(([path, { from }]) =>
    portions.filter((portion) => from.includes(portion.path)).map((portion) => ({ ...portion, path })),
  );
  if (copies.length === 0) return portions;
  const known = new Set(portions.map((portion) => JSON.stringify(portion)));
  return [...portions, ...copies.filter((portion) => !known.has(JSON.stringify(portion)))];
}
