import {
  getNamedType,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  isInputObjectType,
  Kind,
  type ValueNode,
} from 'graphql';

type Values = Readonly<Record<string, unknown>>;

/**
 * Returns the first member of an input value that the kind's schema does not have, such as `AdvisoryFilter.serial`; null
 * if it has all. A reader who may not read a field must not filter by it either, as a literal or in a variable.
 */
export function hiddenMember(value: ValueNode, type: GraphQLInputType, variables: Values): string | null {
  const named = getNamedType(type);
  return isInputObjectType(named) ? inNode(value, named, variables) : null;
}

function inNode(value: ValueNode, type: GraphQLInputObjectType, variables: Values): string | null {
  if (value.kind === Kind.VARIABLE) return inValue(variables[value.name.value], type);
  if (value.kind === Kind.LIST) return firstOf(value.values, (one) => inNode(one, type, variables));
  if (value.kind !== Kind.OBJECT) return null;
  return firstOf(value.fields, (field) => {
    const member = type.getFields()[field.name.value];
    if (member === undefined) return `${type.name}.${field.name.value}`;
    return hiddenMember(field.value, member.type, variables);
  });
}

function inValue(value: unknown, type: GraphQLInputObjectType): string | null {
  if (Array.isArray(value)) return firstOf(value, (one) => inValue(one, type));
  if (typeof value !== 'object' || value === null) return null;
  return firstOf(Object.entries(value), ([name, inside]) => {
    const member = type.getFields()[name];
    if (member === undefined) return `${type.name}.${name}`;
    const named = getNamedType(member.type);
    return isInputObjectType(named) ? inValue(inside, named) : null;
  });
}

function firstOf<One>(all: readonly One[], find: (one: One) => string | null): string | null {
  for (const one of all) {
    const found = find(one);
    if (found !== null) return found;
  }
  return null;
}
