import { extendSchema, type GraphQLSchema, parse } from 'graphql';
import { nodeLookupsOf } from './node-lookups.ts';

/** The name of the interface of all objects that can be read by their ids. */
export const nodeInterface = 'Node';

/** The maximum number of ids of `nodes`. */
export const maxNodeIds = 50;

/**
 * Adds the interface `Node` and the root fields `node` and `nodes` to a schema, for the types that it can look up by id.
 * The gateway replaces these fields by the look-ups before it decides and plans, so no subgraph, no planner and no rule of
 * the policy meets an abstract type. Returns the schema as it is if nothing can be looked up, or if it has the interface.
 */
export function withNode(schema: GraphQLSchema): GraphQLSchema {
  const types = [...nodeLookupsOf(schema).keys()];
  const query = schema.getQueryType()?.name;
  if (types.length === 0 || query === undefined || schema.getType(nodeInterface)) return schema;
  const implementing = types.map((type) => `extend type ${type} implements ${nodeInterface}`);
  const added = parse(`${definitions}\n${implementing.join('\n')}\n${rootFields(query)}`, {
    noLocation: true,
  });
  return extendSchema(schema, added, { assumeValid: true, assumeValidSDL: true });
}

/** Returns a message for each name in the graph of the communities that the hub adds. */
export function findTakenNames(schema: GraphQLSchema): readonly string[] {
  const query = schema.getQueryType();
  const fields = ['node', 'nodes'].filter((name) => query?.getFields()[name] !== undefined);
  const taken = [
    ...(schema.getType(nodeInterface) ? [nodeInterface] : []),
    ...fields.map((name) => `${query?.name}.${name}`),
  ];
  return taken.map((name) => `${name}: the hub adds it to the published schema; give yours another name`);
}

const definitions = `"An object that can be read again by its id: a record or a shared entity."
interface ${nodeInterface} {
  "The id, which begins with the name of the type."
  id: ID!
}`;

function rootFields(query: string): string {
  return `extend type ${query} {
  "Returns a record or a shared entity by its id, as the root field of its type does. Null if the id is malformed or of an unknown type, if the record does not exist, or if the reader may not see it."
  node("The id, such as \`Vulnerability:CVE-2025-53770\`." id: ID!): ${nodeInterface}
  "Returns several records and shared entities in the order of \`ids\`, with null in place of each that \`node\` returns null for. Each id counts as one root field of the operation."
  nodes("The ids, ${maxNodeIds} at most." ids: [ID!]!): [${nodeInterface}]!
}`;
}
