import {
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLSchema,
  isObjectType,
} from 'graphql';
import { findUnnamed } from '../../schema/policy/coverage.ts';
import { policyOf, useOf } from '../../schema/policy/uses.ts';
import { readsContent } from '../../schema/policy/keys.ts';
import type { Context } from './context.ts';
import type { Row } from './row.ts';

type FieldResolver = GraphQLFieldResolver<unknown, Context>;

/**
 * Wraps every field that the policy guards: records by the decision made once on the object, contributions by the
 * kind of reader. Synchronous, so that a list of a thousand costs what it cost before. Throws at start where the
 * schema has a coordinate that no rule names.
 */
export function guardFields(schema: GraphQLSchema): GraphQLSchema {
  const unnamed = findUnnamed(schema);
  if (unnamed.length > 0) throw new Error(`the policy does not cover the schema:\n  ${unnamed.join('\n  ')}`);
  for (const type of Object.values(schema.getTypeMap())) {
    if (isObjectType(type)) for (const field of Object.values(type.getFields())) guardField(type, field);
  }
  return schema;
}

function guardField(type: GraphQLObjectType, field: GraphQLField<unknown, Context>): void {
  const nature = policyOf(type.name)?.nature;
  const inner = field.resolve;
  if (nature === 'record') field.resolve = guardRecord(field.name, inner ?? readContent(field.name));
  if (nature === 'envelope')
    field.resolve = guardEnvelope(type.name, field.name, inner ?? readEnvelope(field.name));
  if (nature === 'shared')
    field.resolve = guardContribution(type.name, field.name, inner ?? defaultFieldResolver);
}

/** A field of a record: null where its portion is hidden, and where what came is no decided row at all. */
function guardRecord(name: string, inner: FieldResolver): FieldResolver {
  return (source, args, context, info) => {
    if (!isRow(source) || source.decision.hidden.has(name)) return null;
    return name === 'id' ? source.id : inner(source, args, context, info);
  };
}

/** A field of the envelope: what only insiders may read is null to others, without an error. */
function guardEnvelope(type: string, name: string, inner: FieldResolver): FieldResolver {
  const insiders = useOf(type, name) === 'insider';
  return (source, args, context, info) => {
    if (!isRow(source) || (insiders && !source.decision.insider)) return null;
    return inner(source, args, context, info);
  };
}

/** What a community contributes to a shared type: nothing to kinds of reader that read no content. */
function guardContribution(type: string, name: string, inner: FieldResolver): FieldResolver {
  if (useOf(type, name) === 'anyone') return inner;
  return (source, args, context, info) =>
    readsContent(context.reader) ? inner(source, args, context, info) : null;
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
