import { isInputObjectType } from 'graphql';
import type { Policy } from '../../decide/policy.ts';
import { keysOf, objectNodes, objectTypes, type Subgraph } from './subgraph.ts';

/**
 * Fields of a kind of record that another subgraph than its community's would answer for, one a line. A field that two
 * answer for is guarded by each as it sees fit: open in one is open. What all share has only its key everywhere.
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
      return [`${at}: ${owner} alone answers for a field of ${kind}, and ${subgraph.name} would too`];
    }),
  );
}

/** What a subgraph declares and does not answer for: keys of what is shared, and external fields. */
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
