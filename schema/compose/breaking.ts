import {
  type BreakingChange,
  buildSchema,
  findBreakingChanges,
  type GraphQLSchema,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isEnumType,
} from 'graphql';

/**
 * Returns a message for each breaking change between the published and the next schema that was not announced. A change
 * is announced by `@deprecated(reason: "... until 2027-01-31")` in the published schema if that day has passed.
 */
export function findUnannouncedBreaks(published: string, next: string, now: Date): readonly string[] {
  if (published.trim() === '') return [];
  const before = buildSchema(published);
  return findBreakingChanges(before, buildSchema(next))
    .filter((change) => !wasAnnounced(before, change, now))
    .map(
      (change) =>
        `breaking change before its deprecation has ended: ${change.description} Add @deprecated(reason: "... until YYYY-MM-DD") and wait for that day.`,
    );
}

function wasAnnounced(before: GraphQLSchema, change: BreakingChange, now: Date): boolean {
  const reason = deprecationOf(before, change.description);
  const until = reason?.match(/until (\d{4}-\d{2}-\d{2})/)?.[1];
  return until !== undefined && Date.parse(`${until}T23:59:59Z`) < now.getTime();
}

/** Finds the deprecation of a change. graphql-js names the coordinate in the description, as `Type.member` or separately. */
function deprecationOf(schema: GraphQLSchema, description: string): string | undefined {
  const names = description.match(/\b[_A-Za-z]\w*(?:\.\w+)?/g) ?? [];
  return names
    .map((name) =>
      memberReason(schema, name.split('.')[0] ?? '', name.split('.')[1] ?? enumValue(description)),
    )
    .find((reason) => reason !== undefined);
}

function memberReason(schema: GraphQLSchema, typeName: string, member: string): string | undefined {
  const type = schema.getType(typeName);
  if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) {
    return type.getFields()[member]?.deprecationReason ?? undefined;
  }
  return isEnumType(type) ? (type.getValue(member)?.deprecationReason ?? undefined) : undefined;
}

function enumValue(description: string): string {
  return description.split(' ')[0] ?? '';
}
