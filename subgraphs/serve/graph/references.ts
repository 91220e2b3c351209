import { keysOf, readSubgraph } from '../../../schema/policy/check/gaps/subgraph.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import { isDecided, type Resolver, type Resolvers, referenceTo } from './resolvers.ts';

/**
 * Resolvers of a community with one for each reference. A reference is whatever its sender wrote, and no rule stands
 * before it: a record is looked up and decided like any read, and of what is shared only the key is taken. Throws at
 * start where a record's reference is not decided.
 */
export function withReferences(name: string, sdl: string, resolvers: Resolvers, policy: Policy): Resolvers {
  const entities = [...new Set(keysOf(readSubgraph(name, sdl)).map(({ type }) => type))];
  const faults = findOpenReferences(entities, resolvers, policy);
  if (faults.length > 0) throw new Error(`${name} cannot start:\n  ${faults.join('\n  ')}`);
  const shared = entities.filter((type) => policy.coordinates.natureOf(type) === 'shared');
  return {
    ...resolvers,
    ...Object.fromEntries(
      shared.map((type) => [type, { ...resolvers[type], __resolveReference: takeKey(type) }]),
    ),
  };
}

/** Entities whose reference would be answered without a decision, one a line. */
export function findOpenReferences(
  entities: readonly string[],
  resolvers: Resolvers,
  { coordinates }: Policy,
): readonly string[] {
  return entities.flatMap((type) => {
    const refer = Object.hasOwn(resolvers, type) ? resolvers[type]?.['__resolveReference'] : undefined;
    if (coordinates.natureOf(type) === 'shared')
      return refer === undefined ? [] : [`${type}: what is shared has no reference of its own, only its key`];
    if (refer !== undefined && isDecided(refer)) return [];
    return [`${type}: a reference to it would not be decided: make its resolvers with recordOf`];
  });
}

function takeKey(type: string): Resolver {
  return (reference: { readonly id?: unknown }) => referenceTo(type, reference.id);
}
