import type { Reader } from '../reader.ts';
import { coordinates, type TypePolicy } from './coordinates.ts';
import { readsContent } from './keys.ts';

/** The version of the policy in force: it goes into each assertion, label and audit entry. */
export const policyVersion = 'joint-baseline-1';

/** By whom a coordinate may ever be used; undefined where the policy does not name it, which refuses it. */
export type Use = 'anyone' | 'content' | 'insider';

const uses: ReadonlyMap<string, Use> = new Map(
  Object.entries(coordinates).flatMap(([type, policy]) =>
    (['anyone', 'content', 'insider'] as const).flatMap((use) =>
      (policy[use] ?? []).map((field): [string, Use] => [`${type}.${fieldName(field)}`, use]),
    ),
  ),
);

/** Who may use `Type.field`; undefined means that no rule names it. */
export function useOf(type: string, field: string): Use | undefined {
  return uses.get(`${type}.${field}`);
}

/** What the policy says of a type; undefined means that no rule names it. */
export function policyOf(type: string): TypePolicy | undefined {
  return Object.hasOwn(coordinates, type) ? coordinates[type] : undefined;
}

/** Whether this kind of reader may ever use the coordinate, whatever the data. */
export function mayUse(reader: Pick<Reader, 'roles'>, type: string, field: string): boolean {
  const use = useOf(type, field);
  return use === 'anyone' || (use !== undefined && readsContent(reader));
}

/** The arguments that the policy names for a field written as `field(one,two)`. */
export function argumentsOf(field: string): readonly string[] {
  const open = field.indexOf('(');
  return open === -1 ? [] : field.slice(open + 1, -1).split(',');
}

/** The field's name without its arguments. */
export function fieldName(field: string): string {
  return field.split('(')[0] ?? field;
}
