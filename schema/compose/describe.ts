import {
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
} from 'graphql';

/**
 * Returns a message for each type, field, argument, input field and enum value without a description, and for each
 * custom scalar without `@specifiedBy`. Built-in types are left out.
 */
export function findUndescribed(schema: GraphQLSchema): readonly string[] {
  return Object.values(schema.getTypeMap())
    .filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))
    .flatMap((type) => [...undescribedOf(type), ...unspecifiedOf(type)]);
}

type Described = { readonly coordinate: string; readonly description?: string | null | undefined };

function undescribedOf(type: GraphQLNamedType): readonly string[] {
  return [{ coordinate: type.name, description: type.description }, ...membersOf(type)]
    .filter(({ description }) => (description ?? '').trim() === '')
    .map(({ coordinate }) => `${coordinate}: no description`);
}

function unspecifiedOf(type: GraphQLNamedType): readonly string[] {
  return isScalarType(type) && !type.specifiedByURL ? [`${type.name}: no @specifiedBy`] : [];
}

function membersOf(type: GraphQLNamedType): readonly Described[] {
  if (isEnumType(type)) return type.getValues().map((value) => memberOf(type.name, value));
  if (isInputObjectType(type))
    return Object.values(type.getFields()).map((field) => memberOf(type.name, field));
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  return Object.values(type.getFields()).flatMap((field) => [
    memberOf(type.name, field),
    ...field.args.map(({ name, description }) => ({
      coordinate: `${type.name}.${field.name}(${name}:)`,
      description,
    })),
  ]);
}

function memberOf(
  type: string,
  { name, description }: { readonly name: string; readonly description?: string | null | undefined },
): Described {
  return { coordinate: `${type}.${name}`, description };
}
