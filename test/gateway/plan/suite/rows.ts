import { Kind, type SelectionSetNode } from 'graphql';
import { isDeepStrictEqual } from 'node:util';

/** A row of the data: an object with the name of its type and its fields. */
export type Row = { readonly __typename?: string; readonly [field: string]: unknown };

/** Finds the row of a representation by the first key whose fields it has; null if there is no such row. */
export function findRow(
  world: Readonly<Record<string, readonly Row[]>>,
  reference: Row,
  keys: readonly SelectionSetNode[],
): Row | null {
  const typeName = reference.__typename ?? '';
  const rows =
    world[typeName] ??
    Object.values(world)
      .flat()
      .filter((row) => row.__typename === typeName);
  const key = keys.find((fields) => hasFields(reference, fields));
  if (key === undefined)
    throw new Error(`expected the fields of a key of ${typeName}, got ${JSON.stringify(reference)}`);
  return rows.find((row) => isSame(row, reference, key)) ?? null;
}

/** Returns a row without the fields that the subgraph declares as external, unless it was built from a representation. */
export function withoutExternal(row: Row, external: readonly string[]): Row {
  if (row['isReference'] === true) return row;
  return Object.fromEntries(Object.entries(row).filter(([name]) => !external.includes(name)));
}

function hasFields(reference: unknown, fields: SelectionSetNode): boolean {
  return fields.selections.every(
    (field) =>
      field.kind === Kind.FIELD &&
      isRow(reference) &&
      reference[field.name.value] !== undefined &&
      (field.selectionSet === undefined || hasFields(reference[field.name.value], field.selectionSet)),
  );
}

function isSame(row: unknown, reference: unknown, fields: SelectionSetNode): boolean {
  return fields.selections.every((field) => {
    if (field.kind !== Kind.FIELD || !isRow(row) || !isRow(reference)) return false;
    const [own, given] = [row[field.name.value], reference[field.name.value]];
    return field.selectionSet === undefined
      ? isDeepStrictEqual(own, given)
      : isSame(own, given, field.selectionSet);
  });
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null;
}
