import { buildSubgraphSchema } from '@apollo/subgraph';
import { GraphQLError, GraphQLScalarType, type GraphQLSchema, Kind, parse } from 'graphql';
import { subgraphSdl } from '../../schema/sources.ts';
import type { CommunityPart } from './community.ts';
import { guardFields } from './guard.ts';
import { envelopeResolvers } from './resolvers.ts';
import { shieldDoors } from './shield.ts';

/** A community's executable schema: its file of the contract, its resolvers, guarded fields, shielded doors. */
export function buildCommunitySchema(community: CommunityPart): GraphQLSchema {
  const typeDefs = parse(subgraphSdl(community.name));
  const resolvers = { ...envelopeResolvers, DateTime: dateTime, ...withoutReferences(community.resolvers) };
  const schema = buildSubgraphSchema([{ typeDefs, resolvers: resolvers as never }]);
  return shieldDoors(guardFields(schema));
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

/** RFC 3339 in UTC; refuses days that do not exist and years beyond four digits. */
export const dateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  serialize: (value) => {
    if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
    throw new GraphQLError('DateTime: expected a date');
  },
  parseValue: (value) => parseInstant(value),
  parseLiteral: (node) => parseInstant(node.kind === Kind.STRING ? node.value : null),
});

function parseInstant(value: unknown): Date {
  const shape = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(\.\d{1,3})?(Z|[+-]\d{2}:\d{2})$/;
  const day = typeof value === 'string' ? shape.exec(value)?.[1] : undefined;
  const date = new Date(day === undefined ? Number.NaN : (value as string));
  const exists = day !== undefined && isDay(day);
  if (!exists || Number.isNaN(date.getTime())) throw new GraphQLError('DateTime: expected RFC 3339');
  return date;
}

function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}
