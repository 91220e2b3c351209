import { GraphQLError, GraphQLScalarType, type GraphQLSchema, isScalarType, Kind } from 'graphql';

/** The scalar `DateTime`: RFC 3339 with an offset, output in UTC. Rejects days that do not exist. */
export const dateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  serialize: (value) => {
    if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
    throw new GraphQLError('DateTime: expected a valid Date');
  },
  parseValue: (value) => parseInstant(value),
  parseLiteral: (node) => parseInstant(node.kind === Kind.STRING ? node.value : null),
});

/**
 * Adds the input parsers of `DateTime` to a schema that was built from SDL, so that validation rejects a malformed value.
 * Output values come from a subgraph as text and are not changed.
 */
export function checkDateTimes(schema: GraphQLSchema): GraphQLSchema {
  const scalar = schema.getType(dateTime.name);
  if (isScalarType(scalar)) {
    scalar.parseValue = (value) => dateTime.parseValue(value).toISOString();
    scalar.parseLiteral = (node, variables) => dateTime.parseLiteral(node, variables).toISOString();
  }
  return schema;
}

function parseInstant(value: unknown): Date {
  const shape = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(\.\d{1,3})?(Z|[+-]\d{2}:\d{2})$/;
  const day = typeof value === 'string' ? shape.exec(value)?.[1] : undefined;
  const date = new Date(day === undefined ? Number.NaN : (value as string));
  if (day === undefined || !isDay(day) || Number.isNaN(date.getTime())) {
    throw new GraphQLError('DateTime: expected date, time and zone (RFC 3339), such as 2026-01-31T00:00:00Z');
  }
  return date;
}

function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}
