import {
  defaultFieldResolver,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLSchema,
  isObjectType,
} from 'graphql';
import { isPublic } from '../../../schema/policy/language/coordinates.ts';
import { findUnnamed } from '../../../schema/policy/check/coverage.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { Context } from './context.ts';
import { mayUseInputs, takesInputs } from './inputs.ts';
import type { Row } from '../read/row.ts';

type FieldResolver = GraphQLFieldResolver<unknown, Context>;

/**
 * Wraps every field that the policy guards: records by the decision made once on the object, contributions by the
 * kind of reader. Synchronous, so that a list of a thousand costs what it cost before. Throws at start where the
 * schema has a coordinate that no rule names.
 */
export function guardFields(schema: GraphQLSchema, policy: Policy): GraphQLSchema {
  const unnamed = findUnnamed(schema, policy);
  if (unnamed.length > 0) throw new Error(`the policy does not cover the schema:\n  ${unnamed.join('\n  ')}`);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) guardField(type, field, policy);
  }
  return schema;
}

function guardField(type: GraphQLObjectType, field: GraphQLField<unknown, Context>, policy: Policy): void {
  const place = policy.coordinates.placeOf(type.name, field.name);
  if (place === undefined) return;
  const inner = field.resolve;
  if (place.nature === 'record')
    field.resolve = guardRecord(field.name, place.group, inner ?? readContent(field.name));
  if (place.nature === 'record' && place.kind !== type.name)
    field.resolve = guardContribution(type.name, field.name, field.resolve ?? defaultFieldResolver);
  if (place.nature === 'envelope')
    field.resolve = guardEnvelope(type.name, field.name, place.group, inner ?? readEnvelope(field.name));
  if (place.nature === 'shared' && !isPublic(place))
    field.resolve = guardContribution(type.name, field.name, inner ?? defaultFieldResolver);
  if (place.nature !== 'door' && takesInputs(field.args))
    field.resolve = guardInputs(field.args, field.resolve ?? defaultFieldResolver);
}

/** A field of a record: null where its portion or group is hidden, and where what came is no decided row at all. */
function guardRecord(name: string, group: string, inner: FieldResolver): FieldResolver {
  return (source, args, context, info) => {
    if (!isRow(source) || !reads(source, group) || source.decision.hidden.has(name)) return null;
    return name === 'id' ? source.id : inner(source, args, context, info);
  };
}

/** A field of the envelope: what only some may read is null to others, without an error. */
function guardEnvelope(type: string, name: string, group: string, inner: FieldResolver): FieldResolver {
  const path = `${type}.${name}`;
  return (source, args, context, info) => {
    if (!isRow(source) || !reads(source, group) || source.decision.hidden.has(path)) return null;
    return inner(source, args, context, info);
  };
}

/** A row is there only for those who read its content; the other groups were decided with it. */
function reads({ decision }: Row, group: string): boolean {
  return group === 'content' || decision.groups.has(group);
}

/** What a community contributes to a shared type: nothing to kinds of reader that may never read it. */
function guardContribution(type: string, name: string, inner: FieldResolver): FieldResolver {
  return (source, args, context, info) =>
    context.readerAccess.mayUse(type, name) ? inner(source, args, context, info) : null;
}

/** Arguments behind the doors: null for kinds of reader that may not find records by what they ask for. */
function guardInputs(taken: readonly GraphQLArgument[], inner: FieldResolver): FieldResolver {
  return (source, args, context, info) =>
    mayUseInputs(taken, args, context.readerAccess) ? inner(source, args, context, info) : null;
}

function readContent(name: string): FieldResolver {
  return (source) => (source as Row).content[name];
}

function readEnvelope(name: string): FieldResolver {
  return (source) => (source as Row).envelope[name as keyof Row['envelope']];
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && 'decision' in value && 'envelope' in value;
}
