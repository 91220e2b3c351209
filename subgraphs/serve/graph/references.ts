import { keysOf, readSubgraph } from '../../../schema/policy/check/gaps/subgraph.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import { isDecided, type Resolver, type Resolvers, referenceTo } from './resolvers.ts';

/**
 * Adds a reference resolver for each shared type. No field rule applies to an entity reference, and its sender controls
 * its content. A record is therefore looked up and decided like any read, and only the key of a shared entity is used.
 * Throws at start if the reference to a record is not decided.
 */
export function withReferences(name: string, sdl: string, resolvers: Resolvers, policy: Policy): Resolvers {
  const entities = [...new Set(keysOf(readSubgraph(name, sdl)).map(({ type }) => type))];
  const faults = findOpenReferences(entities, resolvers, policy);
  if (faults.length > 0) throw new Error(`${name} cannot start:\n  ${faults.join('\n  ')}`);
  const shared = entities.filter((type) => policy.coordinates.natureOf(type) === 'shared');
  return {
    ...resolvers,
    ...Object.fromEntries(
      shared.map((type) => [type, { ...resolvers[type], __resolveReference: keyOnly(type) }]),
    ),
  };
}

/** Finds entities whose reference would be resolved without a decision. One message for each. */
export function findOpenReferences(
  entities: readonly string[],
  resolvers: Resolvers,
  { coordinates }: Policy,
): readonly string[] {
  return entities.flatMap((type) => {
    const refer = Object.hasOwn(resolvers, type) ? resolvers[type]?.['__resolveReference'] : undefined;
    if (coordinates.natureOf(type) === 'shared')
      return refer === undefined ? [] : [`${type}: a shared type must not have its own __resolveReference`];
    if (refer !== undefined && isDecided(refer)) return [];
    return [`${type}: its __resolveReference is not decided by the policy: make the resolvers with recordOf`];
  });
}

function keyOnly(type: string): Resolver {
  return (reference: { readonly id?: unknown }) => referenceTo(type, reference.id);
}
