import {
  type ConstDirectiveNode,
  type DocumentNode,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  type SelectionSetNode,
} from 'graphql';

/** The federation directives of a subgraph that its resolvers depend on. */
export type Declared = {
  /** The keys of each entity that the subgraph resolves. */
  readonly keys: ReadonlyMap<string, readonly SelectionSetNode[]>;
  /** The external fields of each type, without those of its keys. */
  readonly external: ReadonlyMap<string, readonly string[]>;
  /** The coordinates of the fields with `@requires`. */
  readonly requires: ReadonlySet<string>;
};

/** Reads the federation directives of a subgraph's document. */
export function readDeclared(document: DocumentNode): Declared {
  const keys = new Map<string, SelectionSetNode[]>();
  const external = new Map<string, string[]>();
  const requires = new Set<string>();
  for (const type of document.definitions) {
    if (!('fields' in type) || !('directives' in type)) continue;
    const { name, directives = [], fields = [] } = type as ObjectTypeDefinitionNode;
    const own = named(directives, 'key').filter((key) => argument(key, 'resolvable') !== false);
    if (own.length > 0) keys.set(name.value, own.map(fieldsOf));
    const inKeys = named(directives, 'key').flatMap((key) =>
      fieldsOf(key).selections.flatMap((field) => (field.kind === Kind.FIELD ? field.name.value : [])),
    );
    for (const field of fields) {
      if (named(field.directives, 'requires').length > 0) requires.add(`${name.value}.${field.name.value}`);
      if (named(field.directives, 'external').length > 0 && !inKeys.includes(field.name.value))
        external.set(name.value, [...(external.get(name.value) ?? []), field.name.value]);
    }
  }
  return { keys, external, requires };
}

function named(directives: readonly ConstDirectiveNode[] = [], name = ''): readonly ConstDirectiveNode[] {
  return directives.filter((directive) => directive.name.value === name);
}

function argument(directive: ConstDirectiveNode, name: string): unknown {
  const value = directive.arguments?.find((given) => given.name.value === name)?.value;
  return value !== undefined && 'value' in value ? value.value : undefined;
}

function fieldsOf(key: ConstDirectiveNode): SelectionSetNode {
  const [operation] = parse(`{ ${String(argument(key, 'fields'))} }`, { noLocation: true }).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('expected the fields of a key');
  return operation.selectionSet;
}
