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
 * Breaking changes from the published schema to the next that no deprecation announced. An announcement is a
 * `@deprecated(reason: "... until 2027-01-31")` in the published schema whose day has passed at `now`.
 */
export function findUnannouncedBreaks(published: string, next: string, now: Date): readonly string[] {
  if (published.trim() === '') return [];
  const before = buildSchema(published);
  return findBreakingChanges(before, buildSchema(next))
    .filter((change) => !wasAnnounced(before, change, now))
    .map((change) => `breaking change without a deprecation that has run out: ${change.description}`);
}

function wasAnnounced(before: GraphQLSchema, change: BreakingChange, now: Date): boolean {
  const reason = deprecationOf(before, change.description);
  const until = reason?.match(/until (\d{4}-\d{2}-\d{2})/)?.[1];
  return until !== undefined && Date.parse(`${until}T23:59:59Z`) < now.getTime();
}

/** graphql-js names what a change is about in its description, as `Type.member` or as a list of both. */
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
