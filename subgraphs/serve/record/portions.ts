import type { Portion } from '../../../schema/record/envelope.ts';
import type { Making, Migration } from './migration.ts';

/**
 * The portions of a record with those of every field that a migration made from a marked one: whatever hides a field
 * hides what was made of it, also where a subgraph that knows nothing of the new field marked the old one.
 */
export function portionsToRead(
  portions: readonly Portion[],
  migrations: readonly Migration[],
): readonly Portion[] {
  return migrations.reduce((all, { adds }) => spread(all, adds), portions);
}

/**
 * The portions that are stored for those that somebody says: the same, and before it those of every retired field that
 * is made from a marked one, since a subgraph of an older version shows that one.
 */
export function portionsToKeep(
  portions: readonly Portion[],
  migrations: readonly Migration[],
): readonly Portion[] {
  const back = migrations.toReversed().reduce((all, { retires = {} }) => spread(all, retires), portions);
  return portionsToRead(back, migrations);
}

/** Two portions of one path stand beside each other: a field is shown to those whom both admit. */
function spread(portions: readonly Portion[], makings: Readonly<Record<string, Making>>): readonly Portion[] {
  const copies = Object.entries(makings).flatMap(([path, { from }]) =>
    portions.filter((portion) => from.includes(portion.path)).map((portion) => ({ ...portion, path })),
  );
  if (copies.length === 0) return portions;
  const known = new Set(portions.map((portion) => JSON.stringify(portion)));
  return [...portions, ...copies.filter((portion) => !known.has(JSON.stringify(portion)))];
}
