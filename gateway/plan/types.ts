import { type GraphQLSchema, isAbstractType } from 'graphql';

/** Answers which types satisfy a type condition, also for types that the published graph hides. */
export class Types {
  readonly #schema: GraphQLSchema;
  readonly #known = new Map<string, ReadonlySet<string>>();

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  /**
   * Returns whether an object satisfies a condition. A subgraph with an interface object names the interface as the type
   * of its objects.
   */
  is(type: string, condition: string): boolean {
    return type === condition || this.#below(condition).has(type);
  }

  /** Returns whether the supergraph has a type of this name. A subgraph can send any name. */
  has(name: string): boolean {
    return this.#schema.getType(name) !== undefined;
  }

  /** Returns whether a name is that of an interface. */
  isAbstract(name: unknown): boolean {
    return typeof name === 'string' && isAbstractType(this.#schema.getType(name));
  }

  #below(condition: string): ReadonlySet<string> {
    const known = this.#known.get(condition);
    if (known !== undefined) return known;
    const type = this.#schema.getType(condition);
    const { objects, interfaces } = isAbstractType(type)
      ? this.#schema.getImplementations(type as never)
      : { objects: [], interfaces: [] };
    const possible = isAbstractType(type) ? this.#schema.getPossibleTypes(type) : [];
    const names = new Set([...objects, ...interfaces, ...possible].map(({ name }) => name));
    this.#known.set(condition, names);
    return names;
  }
}
