import {
  buildASTSchema,
  type DefinitionNode,
  getNamedType,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type InputValueDefinitionNode,
  isAbstractType,
  isInputObjectType,
  isNamedType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  Kind,
  parse,
  printSchema,
  type TypeNode,
} from 'graphql';

/** Returns whether a kind of reader may ever use a field of a type, or a member of an input type. */
export type MayUse = (type: string, field: string) => boolean;

/**
 * Returns the schema for a kind of reader: without the coordinates that it may never use, and without types that only
 * those reach. Introspection and suggestions use it, so a hidden coordinate looks as if it did not exist. A kind that
 * may use no mutation gets no mutation type. A kind that may use nothing gets a query type without fields. Clients generate
 * types from the published schema, not from this one.
 */
export function schemaOfKind(schema: GraphQLSchema, mayUse: MayUse): GraphQLSchema {
  const shown = new Shown(schema, mayUse);
  const { definitions } = parse(printSchema(schema), { noLocation: true });
  return buildASTSchema(
    { kind: Kind.DOCUMENT, definitions: definitions.flatMap((one) => prune(one, shown)) },
    { assumeValid: true, assumeValidSDL: true },
  );
}

type Fielded = GraphQLObjectType | GraphQLInputObjectType;
type Field = GraphQLField<unknown, unknown> | GraphQLInputField;

/** The fields that a kind may use, of each type that is reachable from the roots. */
class Shown {
  readonly #mayUse: MayUse;
  /** Types without any field that the kind may use. Fields that return them are hidden too. */
  readonly #empty = new Set<string>();
  readonly #reached = new Map<string, ReadonlySet<string>>();

  constructor(schema: GraphQLSchema, mayUse: MayUse) {
    this.#mayUse = mayUse;
    const all = Object.values(schema.getTypeMap());
    // The policy has no rules on abstract types, so no reader may use one.
    for (const type of all) if (isAbstractType(type)) this.#empty.add(type.name);
    for (let before = -1; before !== this.#empty.size;) {
      before = this.#empty.size;
      for (const type of all) if (isFielded(type) && !this.#isUsable(type)) this.#empty.add(type.name);
    }
    this.#reach(schema.getQueryType());
    // An object type without fields is invalid (GraphQL specification, section 3.6.1), and clients reject the schema.
    for (const root of [schema.getMutationType(), schema.getSubscriptionType()])
      if (root && !this.#empty.has(root.name)) this.#reach(root);
  }

  has(type: string): boolean {
    return this.#reached.has(type);
  }

  hasField(type: string, field: string): boolean {
    return this.#reached.get(type)?.has(field) === true;
  }

  /** An input type is unusable if the kind may not use one of its required members. */
  #isUsable(type: Fielded): boolean {
    const fields = this.#fieldsOf(type);
    if (!isInputObjectType(type)) return fields.length > 0;
    const required = Object.values(type.getFields()).filter((field) => isRequiredInputField(field));
    return fields.length > 0 && required.every((field) => fields.includes(field));
  }

  #reach(type: unknown): void {
    if (!isNamedType(type) || this.#reached.has(type.name)) return;
    if (!isFielded(type)) {
      this.#reached.set(type.name, new Set());
      return;
    }
    const fields = this.#fieldsOf(type);
    this.#reached.set(type.name, new Set(fields.map(({ name }) => name)));
    for (const field of fields)
      for (const used of typesOf(field)) if (!this.#empty.has(used.name)) this.#reach(used);
  }

  /** Returns the usable fields: permitted, with a usable return type and usable types of required arguments. */
  #fieldsOf(type: Fielded): readonly Field[] {
    return Object.values<Field>(type.getFields()).filter(
      (field) =>
        this.#mayUse(type.name, field.name) &&
        !this.#empty.has(namedOf(field).name) &&
        ('args' in field ? field.args : []).every(
          (argument) => !isRequiredArgument(argument) || !this.#empty.has(namedOf(argument).name),
        ),
    );
  }
}

function isFielded(type: unknown): type is Fielded {
  return (isObjectType(type) || isInputObjectType(type)) && !type.name.startsWith('__');
}

function namedOf({ type }: { readonly type: GraphQLOutputType | GraphQLInputType }): GraphQLNamedType {
  return getNamedType(type as GraphQLOutputType) as GraphQLNamedType;
}

function typesOf(field: Field): readonly GraphQLNamedType[] {
  return [namedOf(field), ...('args' in field ? field.args.map((argument) => namedOf(argument)) : [])];
}

function prune(one: DefinitionNode, shown: Shown): readonly DefinitionNode[] {
  if (!('name' in one) || one.name === undefined || one.kind === Kind.DIRECTIVE_DEFINITION) return [one];
  const type = one.name.value;
  if (!shown.has(type)) return [];
  if (one.kind === Kind.OBJECT_TYPE_DEFINITION) {
    const fields = one.fields?.filter(({ name }) => shown.hasField(type, name.value)) ?? [];
    return [
      {
        ...one,
        interfaces: [],
        fields: fields.map((field) => ({ ...field, arguments: onlyShown(field.arguments, shown) })),
      },
    ];
  }
  if (one.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) {
    return [{ ...one, fields: one.fields?.filter(({ name }) => shown.hasField(type, name.value)) ?? [] }];
  }
  return [one];
}

function onlyShown(
  values: readonly InputValueDefinitionNode[] | undefined,
  shown: Shown,
): readonly InputValueDefinitionNode[] {
  return (values ?? []).filter(({ type }) => shown.has(nameIn(type)));
}

function nameIn(node: TypeNode): string {
  return node.kind === Kind.NAMED_TYPE ? node.name.value : nameIn(node.type);
}
