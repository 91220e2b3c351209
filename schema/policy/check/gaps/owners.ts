import { isInputObjectType } from 'graphql';
import type { Policy } from '../../decide/policy.ts';
import { keysOf, objectNodes, objectTypes, type Subgraph } from './subgraph.ts';

/**
 * Returns a message for each field of a kind of record that a subgraph resolves although the kind belongs to another
 * community. If two subgraphs resolve a field, each guards it separately, and the laxer guard wins. Only the keys of
 * shared types are resolved everywhere.
 */
export function findForeignFields(subgraph: Subgraph, policy: Policy): readonly string[] {
  const { coordinates, source } = policy;
  const inputs = Object.values(subgraph.schema.getTypeMap()).filter(isInputObjectType);
  const elsewhere = heldElsewhere(subgraph, policy);
  return [...objectTypes(subgraph.schema), ...inputs].flatMap((type) =>
    Object.keys(type.getFields()).flatMap((field) => {
      const kind = coordinates.placeOf(type.name, field)?.kind ?? null;
      const owner = kind === null ? undefined : source.domain.kinds[kind]?.community;
      const at = `${type.name}.${field}`;
      if (owner === undefined || owner === subgraph.name || elsewhere.has(at)) return [];
      return [`${at}: only ${owner} may resolve a field of ${kind}, got ${subgraph.name}`];
    }),
  );
}

/** Returns the coordinates that a subgraph declares but need not resolve: keys of shared types and external fields. */
function heldElsewhere(subgraph: Subgraph, { coordinates }: Policy): ReadonlySet<string> {
  const keys = keysOf(subgraph)
    .filter(({ type }) => coordinates.natureOf(type) === 'shared')
    .flatMap(({ type, fields }) => fields.split(/[\s,{}]+/).map((field) => `${type}.${field}`));
  const external = objectNodes(subgraph).flatMap(({ name, fields = [] }) =>
    fields
      .filter(({ directives = [] }) => directives.some((one) => one.name.value === 'external'))
      .map((field) => `${name.value}.${field.name.value}`),
  );
  return new Set([...keys, ...external]);
}
