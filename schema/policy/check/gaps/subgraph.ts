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

/** One subgraph's file of the contract as the checks see it: its text, and the schema that it says. */
export type Subgraph = {
  readonly name: string;
  readonly document: DocumentNode;
  readonly schema: GraphQLSchema;
};

/** The keys that entities are referred to by: a field set each, and whether this subgraph answers for it. */
export type EntityKey = { readonly type: string; readonly fields: string; readonly resolvable: boolean };

/** Reads a subgraph's file. Throws where it is no SDL. */
export function readSubgraph(name: string, sdl: string): Subgraph {
  const document = parse(sdl);
  const definitions = withBases(document.definitions).filter(({ kind }) => kind !== Kind.SCHEMA_EXTENSION);
  return {
    name,
    document,
    schema: buildASTSchema({ kind: Kind.DOCUMENT, definitions }, { assumeValidSDL: true }),
  };
}

/** Every object type, without those that federation and introspection add. */
export function objectTypes(schema: GraphQLSchema): readonly GraphQLObjectType[] {
  return Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .filter(({ name }) => !isMachinery(name));
}

/** Types and fields of the federation's and introspection's own machinery, which no policy names. */
export function isMachinery(name: string): boolean {
  return name.startsWith('__') || ['_Service', '_Entity', '_entities', '_service'].includes(name);
}

/** Every part of an object type as it is written: its definition and its extensions. */
export function objectNodes({
  document,
}: Subgraph): readonly (ObjectTypeDefinitionNode | ObjectTypeExtensionNode)[] {
  return document.definitions.flatMap((one) =>
    one.kind === Kind.OBJECT_TYPE_DEFINITION || one.kind === Kind.OBJECT_TYPE_EXTENSION ? [one] : [],
  );
}

/** The keys of every entity of a subgraph. */
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

/** A directive's argument as text; undefined where there is none. */
export function textOf(directive: ConstDirectiveNode, name: string): string | undefined {
  const value = directive.arguments?.find((argument) => argument.name.value === name)?.value;
  return value?.kind === Kind.STRING ? value.value : undefined;
}

/** Federation takes an extension of what nobody defined as its definition; graphql-js would drop it without a word. */
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
