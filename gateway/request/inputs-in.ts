import {
  type ArgumentNode,
  type DocumentNode,
  getNamedType,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputObjectType,
  TypeInfo,
  valueFromAST,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/** The values of an input object, and the name of its type. */
export type GivenInput = {
  readonly type: string;
  readonly values: Readonly<Record<string, unknown>>;
};

/** Returns all input objects in the arguments of an operation, with those in their fields, in the order of the document. */
export function inputsIn(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
  schema: GraphQLSchema,
): readonly GivenInput[] {
  const found: GivenInput[] = [];
  const types = new TypeInfo(schema);
  const visitor = {
    Argument: ({ value }: ArgumentNode) => {
      const type = types.getInputType();
      if (type) collect(valueFromAST(value, type, variables), type, found);
      return false;
    },
  };
  visit(document, visitWithTypeInfo(types, visitor));
  return found;
}

function collect(value: unknown, type: GraphQLInputType, found: GivenInput[]): void {
  const named = getNamedType(type);
  if (!isInputObjectType(named) || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const one of value) collect(one, type, found);
    return;
  }
  const values = value as Readonly<Record<string, unknown>>;
  found.push({ type: named.name, values });
  for (const [name, field] of Object.entries(named.getFields())) collect(values[name], field.type, found);
}
