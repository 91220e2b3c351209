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
 * Wraps every field that the policy guards: fields of records by the decision that was made on the row, fields of shared
 * types by the kind of reader. The wrappers are synchronous, so that long lists stay cheap. Throws at start if no rule
 * names a coordinate of the schema.
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

/** A field of a record: null if its portion or group is hidden, or if the source is not a decided row. */
function guardRecord(name: string, group: string, inner: FieldResolver): FieldResolver {
  return (source, args, context, info) => {
    if (!isRow(source) || !reads(source, group) || source.decision.hidden.has(name)) return null;
    return name === 'id' ? source.id : inner(source, args, context, info);
  };
}

/** A field of the envelope: null, without an error, if the reader may not read it. */
function guardEnvelope(type: string, name: string, group: string, inner: FieldResolver): FieldResolver {
  const path = `${type}.${name}`;
  return (source, args, context, info) => {
    if (!isRow(source) || !reads(source, group) || source.decision.hidden.has(path)) return null;
    return inner(source, args, context, info);
  };
}

/** A row exists only for readers of its content. The decision lists the other groups that they may read. */
function reads({ decision }: Row, group: string): boolean {
  return group === 'content' || decision.groups.has(group);
}

/** A field that a community contributes to a shared type: null if this kind of reader may never read it. */
function guardContribution(type: string, name: string, inner: FieldResolver): FieldResolver {
  return (source, args, context, info) =>
    context.readerAccess.mayUse(type, name) ? inner(source, args, context, info) : null;
}

/** A field below the root with input arguments: null if this kind of reader may not search by them. */
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
