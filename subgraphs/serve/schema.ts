import { buildSubgraphSchema } from '@apollo/subgraph';
import { type GraphQLSchema, parse } from 'graphql';
import { dateTime } from '../../schema/date-time.ts';
import type { Policy } from '../../schema/policy/policy.ts';
import { subgraphSdl } from '../../schema/sources.ts';
import type { CommunityPart } from './community.ts';
import { guardFields } from './guard.ts';
import { envelopeResolvers } from './resolvers.ts';
import { shieldDoors } from './shield.ts';

/** A community's executable schema: its file of the contract, its resolvers, guarded fields, shielded doors. */
export function buildCommunitySchema(community: CommunityPart, policy: Policy): GraphQLSchema {
  const typeDefs = parse(subgraphSdl(community.name));
  const resolvers = { ...envelopeResolvers, DateTime: dateTime, ...withoutReferences(community.resolvers) };
  const schema = buildSubgraphSchema([{ typeDefs, resolvers: resolvers as never }]);
  return shieldDoors(guardFields(schema, policy));
}

/** graphql-js calls a reference's resolver as (reference, context): ours take the context in third place. */
function withoutReferences(resolvers: CommunityPart['resolvers']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(resolvers).map(([type, { __resolveReference: refer, ...fields }]) => [
      type,
      refer === undefined
        ? fields
        : {
            ...fields,
            __resolveReference: (reference: never, context: never) => refer(reference, {} as never, context),
          },
    ]),
  );
}
