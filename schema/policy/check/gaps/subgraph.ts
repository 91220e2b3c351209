import {
  buildASTSchema,
  type ConstDirectiveNode,
  type DefinitionNode,
  type DocumentNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  isObjectType,
  Kind,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
  parse,
} from 'graphql';

/** The SDL of one subgraph, parsed, and the schema that it defines. */
export type Subgraph = {
  readonly name: string;
  readonly document: DocumentNode;
  readonly schema: GraphQLSchema;
};

/** A key of an entity: its field set, and whether this subgraph resolves references by it. */
export type EntityKey = { readonly type: string; readonly fields: string; readonly resolvable: boolean };

/** Parses a subgraph's SDL. Throws a GraphQLError if it is not SDL. */
export function readSubgraph(name: string, sdl: string): Subgraph {
  const document = parse(sdl);
  const definitions = withBases(document.definitions).filter(({ kind }) => kind !== Kind.SCHEMA_EXTENSION);
  return {
    name,
    document,
    schema: buildASTSchema({ kind: Kind.DOCUMENT, definitions }, { assumeValidSDL: true }),
  };
}

/** Returns every object type except those of federation and introspection. */
export function objectTypes(schema: GraphQLSchema): readonly GraphQLObjectType[] {
  return Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .filter(({ name }) => !isMachinery(name));
}

/** Returns true for the types and fields of federation and introspection, which the policy does not name. */
export function isMachinery(name: string): boolean {
  return name.startsWith('__') || ['_Service', '_Entity', '_entities', '_service'].includes(name);
}

/** Returns the definition and the extensions of every object type. */
export function objectNodes({
  document,
}: Subgraph): readonly (ObjectTypeDefinitionNode | ObjectTypeExtensionNode)[] {
  return document.definitions.flatMap((one) =>
    one.kind === Kind.OBJECT_TYPE_DEFINITION || one.kind === Kind.OBJECT_TYPE_EXTENSION ? [one] : [],
  );
}

/** Returns the keys of every entity of a subgraph. */
export function keysOf(subgraph: Subgraph): readonly EntityKey[] {
  return objectNodes(subgraph).flatMap(({ name, directives = [] }) =>
    directives
      .filter((directive) => directive.name.value === 'key')
      .map((key) => ({
        type: name.value,
        fields: textOf(key, 'fields') ?? '',
        resolvable: !key.arguments?.some(
          (argument) =>
            argument.name.value === 'resolvable' &&
            argument.value.kind === Kind.BOOLEAN &&
            !argument.value.value,
        ),
      })),
  );
}

/** Returns a string argument of a directive, or undefined. */
export function textOf(directive: ConstDirectiveNode, name: string): string | undefined {
  const value = directive.arguments?.find((argument) => argument.name.value === name)?.value;
  return value?.kind === Kind.STRING ? value.value : undefined;
}

/** Federation accepts an extension of a type without a definition as its definition. graphql-js drops it silently. */
function withBases(definitions: readonly DefinitionNode[]): readonly DefinitionNode[] {
  const based = new Set(definitions.filter(({ kind }) => kind.endsWith('TypeDefinition')).map(nameOf));
  return definitions.map((one) => {
    if (!one.kind.endsWith('TypeExtension') || based.has(nameOf(one))) return one;
    based.add(nameOf(one));
    return { ...one, kind: one.kind.replace('Extension', 'Definition') } as DefinitionNode;
  });
}

function nameOf(one: DefinitionNode): string | undefined {
  return 'name' in one ? one.name?.value : undefined;
}
