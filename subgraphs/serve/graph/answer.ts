import {
  getNamedType,
  type GraphQLField,
  type GraphQLSchema,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import { isSharedType } from '../../../schema/record/shared-types.ts';
import type { Context } from './context.ts';
import { referenceTo } from './resolvers.ts';
import type { Row } from '../read/row.ts';

type Read = (source: unknown) => unknown;

/**
 * Adds resolvers to fields that have none and whose content value is a key: an entity reference for a shared type, and
 * for a record of this community the record itself if the reader may see it.
 */
export function answerReferences(schema: GraphQLSchema, { coordinates }: Policy): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    const nature = coordinates.natureOf(type.name);
    if (nature !== 'record' && nature !== 'part') continue;
    for (const field of Object.values(type.getFields())) {
      const read: Read =
        nature === 'record'
          ? (source) => (source as Row).content[field.name]
          : (source) => (source as Readonly<Record<string, unknown>>)[field.name];
      answer(field, read, coordinates.natureOf(getNamedType(field.type).name));
    }
  }
  return schema;
}

function answer(field: GraphQLField<unknown, Context>, read: Read, named: string | undefined): void {
  if (field.resolve !== undefined || getNamedType(field.type).name === 'Envelope') return;
  const to = getNamedType(field.type).name;
  const isList = isListType(isNonNullType(field.type) ? field.type.ofType : field.type);
  if (isSharedType(to)) {
    field.resolve = isList
      ? (source) => listOf(read(source)).flatMap((key) => referenceTo(to, key) ?? [])
      : (source) => referenceTo(to, read(source));
  } else if (named === 'record' && !isList) {
    field.resolve = (source, _args, { loaders }) => {
      const id = read(source);
      return typeof id === 'string' ? loaders.one(to, id) : id;
    };
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
