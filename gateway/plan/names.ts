import { type FieldNode, type GraphQLSchema, isInterfaceType, isObjectType } from 'graphql';

/** The end of a client's name that a planner could take for another. */
const suffix = '__as';

/**
 * Gives the response keys under which the planners work. Both planners take a client's alias for the field of that name: a
 * key or a required field would be sent with the value of another field. A field with arguments is likewise taken for
 * the required field of its name. Such keys are renamed before planning, and back in the answer.
 */
export class PlanNames {
  readonly #fields: ReadonlySet<string>;
  readonly #required: ReadonlySet<string>;
  readonly #interfaceObjects: ReadonlySet<string>;

  /** `schema` is that of the whole supergraph, with what clients cannot see. */
  constructor(schema: GraphQLSchema) {
    const types = Object.values(schema.getTypeMap()).filter(
      (type) => isObjectType(type) || isInterfaceType(type),
    );
    this.#fields = new Set(types.flatMap((type) => Object.keys(type.getFields())));
    this.#required = new Set(types.flatMap(({ astNode }) => [...requiredIn(astNode)]));
    this.#interfaceObjects = new Set(
      types.filter(({ astNode }) => isInterfaceObject(astNode)).map(({ name }) => name),
    );
  }

  /** Whether a subgraph knows some interface, and not the types below it. */
  get hasInterfaceObjects(): boolean {
    return this.#interfaceObjects.size > 0;
  }

  isInterfaceObject(type: string): boolean {
    return this.#interfaceObjects.has(type);
  }

  /** Returns the key of a field in the planned operation and in the joined data. */
  keyOf({ name, alias, arguments: given }: FieldNode): string {
    if (name.value === '__typename') return '__typename';
    if (alias !== undefined && alias.value !== name.value) return this.#renamed(alias.value);
    const isRequired = (given ?? []).length > 0 && this.#required.has(name.value);
    return isRequired || isReserved(name.value) ? name.value + suffix : name.value;
  }

  /** Returns the name of a variable in the planned operation. */
  variableOf(name: string): string {
    return name === 'representations' || isReserved(name) ? name + suffix : name;
  }

  #renamed(alias: string): string {
    return this.#fields.has(alias) || isReserved(alias) ? alias + suffix : alias;
  }
}

/** Names that the planners make up begin with an underscore. */
function isReserved(name: string): boolean {
  return name.startsWith('_') || name.endsWith(suffix);
}

/** Returns the client's name of a key or a variable of the planned operation. */
export function clientName(name: string): string {
  return name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}

type TypeNode = GraphQLSchema['astNode'] | { readonly fields?: readonly unknown[] } | null | undefined;

/** Returns all names in the field sets of `@key`, `@requires` and `@provides` of a type of the supergraph. */
function* requiredIn(node: TypeNode): Iterable<string> {
  const type = (node ?? {}) as {
    readonly directives?: readonly Directive[];
    readonly fields?: readonly { readonly directives?: readonly Directive[] }[];
  };
  const directives = [
    ...(type.directives ?? []),
    ...(type.fields ?? []).flatMap((field) => field.directives ?? []),
  ];
  for (const directive of directives) {
    for (const argument of directive.arguments ?? []) {
      const isSet = ['key', 'requires', 'provides'].includes(argument.name.value);
      if (isSet && typeof argument.value.value === 'string') yield* argument.value.value.match(/\w+/g) ?? [];
    }
  }
}

function isInterfaceObject(node: TypeNode): boolean {
  return ((node as { readonly directives?: readonly Directive[] } | null | undefined)?.directives ?? []).some(
    (directive) =>
      (directive.arguments ?? []).some(
        ({ name, value }) => name.value === 'isInterfaceObject' && value.value === true,
      ),
  );
}

type Directive = {
  readonly arguments?: readonly {
    readonly name: { readonly value: string };
    readonly value: { readonly value?: unknown };
  }[];
};
